"""The responses to requests with an Idempotency-Key."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Protocol

from application.errors import KeyInUse, KeyReused
from application.ports.clock import Clock
from application.ports.journal import Journal, StoredAnswer

_US = 1_000_000


class RememberingJournal(Journal, Protocol):
    def remember(self, answer: StoredAnswer) -> None:
        """Store a response with the next batch."""
        ...


class JournalledAnswers:
    """Remembers the newest `answers_max` responses, none longer than `window_seconds`; the journal stores them too."""

    def __init__(self, journal: RememberingJournal, clock: Clock, answers_max: int, window_seconds: float) -> None:
        self._journal = journal
        self._clock = clock
        self._answers_max = answers_max
        self._window_us = int(window_seconds * _US)
        self._answers: OrderedDict[str, StoredAnswer] = OrderedDict()
        self._under_way: set[str] = set()

    def recover(self, answers: Iterable[StoredAnswer]) -> None:
        """Load the responses of an earlier run, given oldest first."""
        for answer in answers:
            self._answers[answer.key] = answer
        self._expire()

    async def begin(self, key: str, digest: bytes, durable: bool) -> StoredAnswer | None:
        self._expire()
        if key in self._under_way:
            raise KeyInUse
        answer = self._answers.get(key)
        if answer is None:
            self._under_way.add(key)
        elif answer.digest != digest:
            raise KeyReused
        elif durable:
            await self._journal.committed()
        return answer

    async def finish(self, key: str, digest: bytes, status: int, body: bytes, durable: bool) -> None:
        answer = StoredAnswer(key, digest, status, body, self._clock.now_us())
        self._answers[key] = answer
        self._under_way.discard(key)
        self._journal.remember(answer)
        if durable:
            await self._journal.committed()

    def abandon(self, key: str) -> None:
        self._under_way.discard(key)

    def _expire(self) -> None:
        oldest_us = self._clock.now_us() - self._window_us
        answers = self._answers
        while answers and (len(answers) > self._answers_max or next(iter(answers.values())).written_us < oldest_us):
            answers.popitem(last=False)
