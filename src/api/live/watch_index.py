"""Finds the watchers of a symbol."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Set
from typing import Generic, TypeVar

W = TypeVar("W")
ALL = "*"


class WatchIndex(Generic[W]):
    """Watchers by pattern: a symbol, or a prefix followed by `*`.

    Finding the watchers of a symbol takes one look-up for each length of prefix in use, at most 32, however many
    prefixes there are.
    """

    def __init__(self) -> None:
        self.of_all: set[W] = set()
        self._by_pattern: defaultdict[str, set[W]] = defaultdict(set)
        # Number of prefixes by length, without length 0.
        self._lengths: Counter[int] = Counter()

    @property
    def patterns(self) -> Collection[str]:
        """A view of the patterns, without `*`, that changes with them."""
        return self._by_pattern.keys()

    def add(self, pattern: str, watcher: W) -> None:
        if pattern == ALL:
            self.of_all.add(watcher)
            return
        if pattern not in self._by_pattern and pattern.endswith("*"):
            self._lengths[len(pattern) - 1] += 1
        self._by_pattern[pattern].add(watcher)

    def remove(self, pattern: str, watcher: W) -> None:
        """Undo an `add`."""
        if pattern == ALL:
            self.of_all.discard(watcher)
            return
        watchers = self._by_pattern[pattern]
        watchers.discard(watcher)
        if not watchers:
            del self._by_pattern[pattern]
            if pattern.endswith("*"):
                length = len(pattern) - 1
                self._lengths[length] -= 1
                if not self._lengths[length]:
                    del self._lengths[length]

    def watchers(self, symbol: str) -> set[W]:
        """The watchers of a symbol. Read-only."""
        found = [self._by_pattern[pattern] for pattern in self._patterns(symbol) if pattern in self._by_pattern]
        if not found:
            return self.of_all
        return found[0].union(self.of_all, *found[1:]) if self.of_all or len(found) > 1 else found[0]

    def of_some(self, symbols: Set[str]) -> Iterator[tuple[str, set[W]]]:
        """The watched ones of `symbols` with their watchers, without `of_all`. A symbol may occur several times."""
        if self._lengths:
            for symbol in symbols:
                for pattern in self._patterns(symbol):
                    if pattern in self._by_pattern:
                        yield symbol, self._by_pattern[pattern]
        else:
            for symbol in symbols & self._by_pattern.keys():
                yield symbol, self._by_pattern[symbol]

    def _patterns(self, symbol: str) -> Iterator[str]:
        yield symbol
        for length in self._lengths:
            if length <= len(symbol):
                yield symbol[:length] + "*"
