"""Snapshots of all keys of a subject, read directly from the books of its partitions."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Protocol

from infrastructure.processing.placement import partition_of

# Beyond that, the states are cloned anew as they are read.
_CLONES_MAX = 65_536


class Readable(Protocol):
    """What readers need of a `Book`."""

    def __len__(self) -> int: ...

    def __contains__(self, key: object, /) -> bool: ...

    def keys(self) -> Iterable[str]: ...

    def snapshot(self, key: str, /) -> Any: ...

    def update_count(self, key: str, /) -> int: ...

    def newest_us(self, key: str, /) -> int: ...


class Snapshots:
    """Serves clones of the workers' state: the same one until the state changes, so that others can tell."""

    def __init__(self, books: Sequence[Readable]) -> None:
        self._books = books
        self._sorted: list[str] = []
        # Keys of each book that are in _sorted; books append, until one forgets.
        self._known = [0] * len(books)
        # By key: its book, the clone, and the number of observations that are in it.
        self._clones: dict[str, tuple[Readable, Any, int]] = {}

    def snapshot(self, key: str) -> Any:
        """Return a clone; None if the key is unknown."""
        known = self._clones.get(key)
        if known is not None and known[0].update_count(key) == known[2]:
            return known[1]
        book = self._book_of(key)
        clone = book.snapshot(key)
        if clone is not None:
            if len(self._clones) >= _CLONES_MAX:
                self._clones.clear()
            self._clones[key] = (book, clone, book.update_count(key))
        return clone

    def __contains__(self, key: str) -> bool:
        return key in self._clones or key in self._book_of(key)

    def newest_us(self, key: str) -> int:
        """Return the time of a known key's newest observation."""
        return self._book_of(key).newest_us(key)

    def page(
        self, keys: Sequence[str], after: str | None, limit: int, descending: bool = False
    ) -> tuple[list[Any], str | None]:
        """Return up to `limit` snapshots of sorted keys after `after`, and where the next page starts."""
        if descending:
            stop = len(keys) if after is None else bisect_left(keys, after)
            start = max(stop - limit, 0)
            chosen, more = keys[start:stop][::-1], start > 0
        else:
            start = 0 if after is None else bisect_right(keys, after)
            chosen, more = keys[start : start + limit], start + limit < len(keys)
        found = [snapshot for key in chosen if (snapshot := self.snapshot(key)) is not None]
        return found, chosen[-1] if more else None

    def keys(self) -> list[str]:
        """Return all keys, sorted. Callers must not modify the list."""
        added = False
        for i, book in enumerate(self._books):
            if len(book) > self._known[i]:
                self._sorted.extend(islice(book.keys(), self._known[i], None))
                self._known[i] = len(book)
                added = True
        if added:
            # Cheap: only the end is unsorted.
            self._sorted.sort()
        return self._sorted

    def forget(self) -> None:
        """A key was removed from its book."""
        self._clones.clear()
        self._sorted = []
        self._known = [0] * len(self._books)

    def _book_of(self, key: str) -> Readable:
        return self._books[partition_of(key, len(self._books))]
