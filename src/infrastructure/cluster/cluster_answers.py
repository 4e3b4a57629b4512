"""Answers to requests with an Idempotency-Key, the same on every gateway.

A request claims its key in a topic that all gateways read: the first claim there wins, on all of them alike. Where a
gateway is gone before it has answered, its claim expires, and a retry is processed again; the owners of the partitions
know the records of the request, and count nothing twice.
"""

import asyncio
import secrets
import zlib
from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from application.errors import KeyInUse, KeyReused, StorageFailed
from application.ports.clock import Clock
from application.ports.journal import StoredAnswer
from infrastructure.cluster.follower import FollowedRecord
from infrastructure.cluster.log_producer import LogProducer, current_request
from infrastructure.cluster.records import pack

# An unanswered claim is taken over after this time. Processing a request takes less; and no harm is done if not.
_CLAIM_US = 5_000_000
_US = 1_000_000


class _Entry(msgspec.Struct):
    """A claim, the answer to it, or with neither digest nor answer, the end of a claim."""

    claimant: str
    digest: bytes = b""
    status: int = 0
    body: bytes = b""


_ENTRIES = msgspec.msgpack.Decoder(_Entry)


class _Known:
    __slots__ = ("answer", "claimant", "claimed_us", "digest")

    def __init__(self, claimant: str, digest: bytes, claimed_us: int) -> None:
        self.claimant = claimant
        self.digest = digest
        self.claimed_us = claimed_us
        self.answer: StoredAnswer | None = None


class ClusterAnswers:
    """The `IdempotencyStore` of a gateway.

    topic: where claims and answers are. answers_max, window_seconds: how many are remembered, and how long.
    confirm_seconds: how long a request waits for its claim.
    """

    def __init__(
        self,
        topic: str,
        partitions: int,
        log: LogProducer,
        clock: Clock,
        answers_max: int,
        window_seconds: float,
        confirm_seconds: float,
    ) -> None:
        self._topic = topic
        self._partitions = partitions
        self._log = log
        self._clock = clock
        self._answers_max = answers_max
        self._window_us = int(window_seconds * _US)
        self._confirm_seconds = confirm_seconds
        self._known: OrderedDict[str, _Known] = OrderedDict()
        # Claims of this gateway that it has not read yet, by claimant.
        self._claims: dict[str, asyncio.Future[None]] = {}
        # Claims that it has won, by key.
        self._won: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def begin(self, key: str, digest: bytes, durable: bool) -> StoredAnswer | None:
        known = self._known.get(key)
        if known is None or self._is_over(known, self._clock.now_us()):
            known = await self._claim(key, digest)
        if known.digest != digest:
            raise KeyReused
        if known.answer is not None:
            return known.answer
        if key not in self._won or self._won[key] != known.claimant:
            raise KeyInUse
        current_request.set(key)
        return None

    async def finish(self, key: str, digest: bytes, status: int, body: bytes, durable: bool) -> None:
        claimant = self._won.pop(key)
        current_request.set(None)
        entry = _Entry(claimant, digest, status, body)
        await self._send(key, entry)
        # As it will be read.
        self._take(key, entry, self._clock.now_us())

    def abandon(self, key: str) -> None:
        claimant = self._won.pop(key, None)
        current_request.set(None)
        if claimant is not None:
            sending = asyncio.ensure_future(self._send(key, _Entry(claimant)))
            self._tasks.add(sending)
            sending.add_done_callback(self._tasks.discard)

    async def read(self, _partition: int, records: Sequence[FollowedRecord]) -> None:
        """Take records of the topic, in order."""
        for name, value, written_us, _ in records:
            assert value is not None, "nothing in this topic is deleted"
            self._take(name.decode(), _ENTRIES.decode(value), written_us)

    def _take(self, key: str, entry: _Entry, written_us: int) -> None:
        known = self._known.get(key)
        if entry.status:
            if known is not None and known.digest == entry.digest and known.answer is None:
                known.answer = StoredAnswer(key, entry.digest, entry.status, entry.body, written_us)
        elif entry.digest:
            if known is None or self._is_over(known, written_us):
                self._known[key] = _Known(entry.claimant, entry.digest, written_us)
                self._known.move_to_end(key)
            if (claim := self._claims.pop(entry.claimant, None)) is not None and not claim.done():
                claim.set_result(None)
        elif known is not None and known.claimant == entry.claimant and known.answer is None:
            del self._known[key]
        while len(self._known) > self._answers_max:
            self._known.popitem(last=False)

    def _is_over(self, known: _Known, now_us: int) -> bool:
        """Whether a later claim wins."""
        if known.answer is None:
            return known.claimed_us + _CLAIM_US < now_us
        return known.answer.written_us + self._window_us < now_us

    async def _claim(self, key: str, digest: bytes) -> _Known:
        """Claim a key, and return what holds once the claim is read."""
        claimant = secrets.token_hex(8)
        claim = self._claims[claimant] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._confirm_seconds):
                await self._send(key, _Entry(claimant, digest))
                await claim
        except TimeoutError:
            raise StorageFailed("the brokers do not answer", taken=False) from None
        finally:
            self._claims.pop(claimant, None)
        known = self._known.get(key)
        if known is None:
            raise KeyInUse
        if known.claimant == claimant:
            self._won[key] = claimant
        return known

    async def _send(self, key: str, entry: _Entry) -> None:
        partition = zlib.crc32(key.encode()) % self._partitions
        await self._log.send(self._topic, partition, key.encode(), pack(entry))
