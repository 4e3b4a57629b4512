"""Forgets keys in memory: at one moment, everywhere."""

from collections.abc import Callable, Sequence

from infrastructure.subject import Subject

Forget = Callable[[str], None]


class Memories:
    """Who has to forget a key of which subject, and the keys that are to be forgotten next."""

    def __init__(self, subjects: Sequence[Subject]) -> None:
        self._memories: dict[str, list[Forget]] = {subject.name: [] for subject in subjects}
        self._next: list[tuple[str, str]] = []

    def on_forget(self, subject: str, forget: Forget) -> None:
        self._memories[subject].append(forget)

    def add(self, subject: str, key: str) -> None:
        self._next.append((subject, key))

    def forget(self) -> list[tuple[str, str]]:
        """Forget the keys added since the last call, and return them with their subjects."""
        keys, self._next = self._next, []
        for subject, key in keys:
            for forget in self._memories[subject]:
                forget(key)
        return keys
