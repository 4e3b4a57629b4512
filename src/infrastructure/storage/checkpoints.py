"""Which states are written when, so that a restart has little of the log to go through."""

from collections.abc import Iterator, Sequence
from itertools import islice

from application.ports.clock import Clock
from domain.symbol_book import SymbolBook
from domain.symbol_memento import SymbolMemento

# What is done in one go, on the event loop.
_STATES_AT_ONCE = 100
_LOOKED_AT_AT_ONCE = 5_000


class Checkpoints:
    """Goes round all symbols, a few at a time, and takes the states that have changed.

    When a round is over, every state that is written holds at least the log as it was when the round began: a fuzzy
    checkpoint, as databases do it. A new round begins `interval_seconds` after the last one.
    """

    def __init__(self, books: Sequence[SymbolBook], clock: Clock, interval_seconds: float) -> None:
        self._books = books
        self._clock = clock
        self._interval_seconds = interval_seconds
        self._next_round = clock.monotonic() + interval_seconds
        self._round: Iterator[tuple[SymbolBook, str]] | None = None
        self._round_seq = 0
        self._written: dict[str, int] = {}

    @property
    def symbols(self) -> int:
        return sum(map(len, self._books))

    def take(self, seq: int) -> tuple[list[SymbolMemento], int | None]:
        """States as they are now, behind block `seq`; and the block that all states hold now, if a round is over."""
        if self._round is None:
            if self._clock.monotonic() < self._next_round:
                return [], None
            self._begin(seq)
        assert self._round is not None
        states: list[SymbolMemento] = []
        looked_at = 0
        for book, symbol in islice(self._round, _LOOKED_AT_AT_ONCE):
            looked_at += 1
            self._take(book, symbol, states)
            if len(states) == _STATES_AT_ONCE:
                return states, None
        if looked_at == _LOOKED_AT_AT_ONCE:
            return states, None
        self._round = None
        self._next_round = self._clock.monotonic() + self._interval_seconds
        return states, self._round_seq

    def take_all(self) -> list[SymbolMemento]:
        """Every state that has changed."""
        states: list[SymbolMemento] = []
        for book in self._books:
            for symbol in book.symbols():
                self._take(book, symbol, states)
        return states

    def _begin(self, seq: int) -> None:
        self._round = iter([(book, symbol) for book in self._books for symbol in book.symbols()])
        self._round_seq = seq

    def _take(self, book: SymbolBook, symbol: str, states: list[SymbolMemento]) -> None:
        count = book.update_count(symbol)
        if self._written.get(symbol) != count:
            self._written[symbol] = count
            states.append(book.memento(symbol))
