"""The encoded states of one subject, shared by everything that sends them."""

import random
from collections.abc import Callable
from typing import Any

from api.http.answer import Answer
from api.views.view import View, encode

# Beyond that, all are encoded anew as they are read.
_STATES_MAX = 65_536


class EncodedStates:
    """Encodes a state at most once after each change, whoever reads it first.

    view: converts a snapshot for clients. updates: number of observations of a snapshot. Snapshots of an unchanged
    state must be the same object, as those of `Snapshots` are.
    """

    def __init__(self, view: Callable[[Any], View], updates: Callable[[Any], int]) -> None:
        self._view = view
        self._updates = updates
        # With the snapshot that each was made of.
        self._answers: dict[str, tuple[Any, Answer]] = {}
        # Keeps the tags of this process, and those from before a key was forgotten, apart from others.
        self._generation = random.getrandbits(40)

    def answer(self, key: str, snapshot: Any) -> Answer:
        """The answer to a request for one state."""
        known = self._answers.get(key)
        if known is not None and known[0] is snapshot:
            return known[1]
        tag = f'W/"{self._generation:x}-{self._updates(snapshot):x}"'
        headers = (("ETag", tag), ("Cache-Control", "no-cache"))
        answer = Answer(200, "application/json", encode(self._view(snapshot)), headers)
        if len(self._answers) >= _STATES_MAX:
            self._answers.clear()
        self._answers[key] = (snapshot, answer)
        return answer

    def encoded(self, key: str, snapshot: Any) -> bytes:
        """The state as JSON."""
        return self.answer(key, snapshot).body

    def forget(self, key: str) -> None:
        """The state was removed. If the key comes back, it counts from 1 again."""
        self._answers.pop(key, None)
        self._generation += 1
