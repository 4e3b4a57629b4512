"""Decides which states are written when, so that a restart has little of the log to replay."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from application.ports.clock import Clock
from domain.book import Book
from infrastructure.storage.records import State

# Limits of one step, which runs on the event loop.
_STATES_AT_ONCE = 100
_LOOKED_AT_AT_ONCE = 5_000


class Checkpoints:
    """Cycles through the keys of all subjects, a few at a time, and collects the states that have changed.

    At the end of a round, every stored state covers at least the log as of the start of the round: a fuzzy checkpoint,
    as in databases. A new round begins `interval_seconds` after the last one.
    """

    def __init__(self, books: Mapping[str, Sequence[Book]], clock: Clock, interval_seconds: float) -> None:
        self._books = books
        self._clock = clock
        self._interval_seconds = interval_seconds
        self._next_round = clock.monotonic() + interval_seconds
        self._round: Iterator[tuple[str, Book, str]] | None = None
        self._round_seq = 0
        self._written: dict[tuple[str, str], int] = {}

    @property
    def keys(self) -> int:
        return sum(len(book) for books in self._books.values() for book in books)

    def take(self, seq: int) -> tuple[list[State], int | None]:
        """Return changed states as of block `seq`, and the block that all states now cover if a round has ended."""
        if self._round is None:
            if self._clock.monotonic() < self._next_round:
                return [], None
            self._begin(seq)
        assert self._round is not None
        states: list[State] = []
        looked_at = 0
        for subject, book, key in islice(self._round, _LOOKED_AT_AT_ONCE):
            looked_at += 1
            self._take(subject, book, key, states)
            if len(states) == _STATES_AT_ONCE:
                return states, None
        if looked_at == _LOOKED_AT_AT_ONCE:
            return states, None
        self._round = None
        self._next_round = self._clock.monotonic() + self._interval_seconds
        return states, self._round_seq

    def take_all(self) -> list[State]:
        """Return every state that has changed."""
        states: list[State] = []
        for subject, book, key in self._all():
            self._take(subject, book, key, states)
        return states

    def forget(self, subject: str, key: str) -> None:
        """A key is no longer in its book."""
        self._written.pop((subject, key), None)

    def _begin(self, seq: int) -> None:
        self._round = iter(self._all())
        self._round_seq = seq

    def _all(self) -> list[tuple[str, Book, str]]:
        return [(name, book, key) for name, books in self._books.items() for book in books for key in book.keys()]

    def _take(self, subject: str, book: Book, key: str, states: list[State]) -> None:
        if key not in book:
            # Forgotten since this round began.
            return
        count = book.update_count(key)
        if self._written.get((subject, key)) != count:
            self._written[subject, key] = count
            states.append(State(subject, key, book.checkpoint(key)))
