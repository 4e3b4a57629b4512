"""Who watches which symbol."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from typing import Generic, TypeVar

W = TypeVar("W")


class WatchIndex(Generic[W]):
    """Watchers by pattern: a symbol, or the start of symbols with a `*` behind it.

    To find the watchers of a symbol costs a look-up, and one comparison for each different prefix.
    """

    def __init__(self) -> None:
        self._exact: defaultdict[str, set[W]] = defaultdict(set)
        self._prefixes: defaultdict[str, set[W]] = defaultdict(set)

    def add(self, pattern: str, watcher: W) -> None:
        table, key = self._place(pattern)
        table[key].add(watcher)

    def remove(self, pattern: str, watcher: W) -> None:
        table, key = self._place(pattern)
        table[key].discard(watcher)
        if not table[key]:
            del table[key]

    def watchers(self, symbol: str) -> set[W]:
        """Not to be changed."""
        exact = self._exact.get(symbol, set())
        more = [watchers for prefix, watchers in self._prefixes.items() if symbol.startswith(prefix)]
        return exact.union(*more) if more else exact

    def by_symbol(self, symbols: Set[str]) -> Iterator[tuple[str, set[W]]]:
        """Which of the symbols are watched by their names, and by whom."""
        for symbol in symbols & self._exact.keys():
            yield symbol, self._exact[symbol]

    def by_prefix(self, symbols: Iterable[str]) -> Iterator[tuple[Iterable[str], set[W]]]:
        """Lots of the symbols that are watched by what they start with, and by whom."""
        for prefix, watchers in self._prefixes.items():
            yield [symbol for symbol in symbols if symbol.startswith(prefix)] if prefix else symbols, watchers

    def _place(self, pattern: str) -> tuple[defaultdict[str, set[W]], str]:
        return (self._prefixes, pattern[:-1]) if pattern.endswith("*") else (self._exact, pattern)
