"""Writes to the log: observations of one partition that came in one turn of the event loop are one record.

Used on the event loop; a thread serves the confirmations of the brokers, and hands them back to the loop.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Collection
from contextvars import ContextVar
from functools import partial

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from application.errors import StorageFailed
from application.ports.clock import Clock
from domain.columns import Columns, numbered
from infrastructure.cluster.clients import Clients
from infrastructure.cluster.records import FORGET, KIND, REQUEST
from infrastructure.cluster.topics import Topics
from infrastructure.processing.backlog import Backlog
from infrastructure.processing.latency import Latency
from infrastructure.subject import Subject

# Observations in a record at most: with the longest ids it is still smaller than the brokers' limit of 1 MB.
_RECORD_MAX = 1000
_POLL_SECONDS = 0.1

# The Idempotency-Key of the request that is being processed, once this member may process it.
current_request: ContextVar[str | None] = ContextVar("current_request", default=None)

_log = structlog.stdlib.get_logger(__name__)

# Offset of a record once the brokers have it.
Confirmation = asyncio.Future[int]


class _Gathered:
    """Observations of a partition that are to be one record."""

    __slots__ = ("columns", "confirmation", "request")

    def __init__(self, columns: Columns, confirmation: Confirmation, request: str | None) -> None:
        self.columns = columns
        self.confirmation = confirmation
        self.request = request


class LogProducer:
    """spool_max: observations that may wait for the brokers. confirm_seconds: how long a sender waits for them.

    unconfirmed: observations that do. failure: why nothing can be written any more; None if it can.
    ends: by subject and partition, the end of the log as far as this member has written it.
    latency: from written to confirmed. backlogs: crowded while more than half of the spool is in use.
    """

    def __init__(self, topics: Topics, clients: Clients, clock: Clock, spool_max: int, confirm_seconds: float) -> None:
        self.unconfirmed = 0
        self.confirmed = 0
        self.failure: str | None = None
        self.ends: dict[tuple[str, int], int] = {}
        self.latency = Latency()
        self.spool_max = spool_max
        self.backlogs: list[Backlog] = []
        self.confirm_seconds = confirm_seconds
        self._topics = topics
        self._clients = clients
        self._clock = clock
        self._is_crowded = False
        self._producer: Producer | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._gathered: dict[tuple[str, int], _Gathered] = {}
        self._subjects: dict[str, Subject] = {}
        self._flush_is_due = False
        self._outstanding: set[Confirmation] = set()
        # Confirmed by the brokers, and not handed to the loop yet.
        self._served: deque[tuple[Callable[[KafkaError | None, int], None], KafkaError | None, int]] = deque()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="confirmations", daemon=True)

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._producer = self._clients.log_producer()
        self._thread.start()

    async def drain(self, seconds: float) -> int:
        """Wait for the brokers until a deadline. Return how many observations they have not confirmed."""
        self._flush()
        if self._outstanding:
            await asyncio.wait(self._outstanding, timeout=seconds)
        return self.unconfirmed

    async def stop(self) -> None:
        """Stop serving confirmations."""
        self._stopping.set()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)

    def has_room(self, observations: int) -> bool:
        return self.unconfirmed + observations <= self.spool_max

    def add(self, subject: Subject, partition: int, columns: Columns) -> list[Confirmation]:
        """Write observations of a partition. Return what tells that the brokers have them.

        Takes ownership. There must be room.
        """
        self._count(len(columns))
        request = current_request.get()
        found: list[Confirmation] = []
        place = (subject.name, partition)
        self._subjects[subject.name] = subject
        for start in range(0, len(columns), _RECORD_MAX):
            part = columns if len(columns) <= _RECORD_MAX else columns.part(start, start + _RECORD_MAX)
            if request is not None:
                # A record of its own: the same request is the same records again.
                found.append(self._write(subject, partition, part, f"{request} {start}"))
                continue
            gathered = self._gathered.get(place)
            if gathered is not None and len(gathered.columns) + len(part) > _RECORD_MAX:
                self._flush_one(place)
                gathered = None
            if gathered is None:
                gathered = self._gathered[place] = _Gathered(part, self._confirmation(), None)
            else:
                gathered.columns.extend(part)
            found.append(gathered.confirmation)
        if self._gathered and not self._flush_is_due:
            self._flush_is_due = True
            asyncio.get_running_loop().call_soon(self._flush)
        return found

    async def forget(self, subject: Subject, partition: int, key: str) -> int:
        """Write that a key is to be forgotten. Return the offset of the record."""
        return await self.ask(subject, partition, FORGET, key.encode())

    async def ask(self, subject: Subject, partition: int, kind: bytes, value: bytes) -> int:
        """Write a record that holds no observations, behind those that were added before. Return its offset."""
        self._flush()
        confirmation = self._confirmation()
        self._produce(self._topics.log(subject.name), partition, value, {KIND: kind}, confirmation, 0)
        return await confirmation

    async def send(self, topic: str, partition: int, key: bytes, value: bytes) -> int:
        """Write a record of another topic, and wait until the brokers have it. Return its offset."""
        confirmation = self._confirmation()
        self._produce(topic, partition, value, {}, confirmation, 0, key)
        return await confirmation

    async def all_confirmed(self) -> None:
        """Wait until the brokers have everything that was added before. Raises StorageFailed."""
        self._flush()
        await confirmed(list(self._outstanding), self.confirm_seconds)

    def _flush(self) -> None:
        self._flush_is_due = False
        for place in list(self._gathered):
            self._flush_one(place)

    def _flush_one(self, place: tuple[str, int]) -> None:
        gathered = self._gathered.pop(place)
        name, partition = place
        self._write(self._subjects[name], partition, gathered.columns, None, gathered.confirmation)

    def _write(
        self,
        subject: Subject,
        partition: int,
        columns: Columns,
        request: str | None,
        confirmation: Confirmation | None = None,
    ) -> Confirmation:
        confirmation = confirmation or self._confirmation()
        keys, places = numbered(columns.keys)
        value = subject.log.encode(keys, places, columns)
        headers = {} if request is None else {REQUEST: request.encode()}
        place = (subject.name, partition)
        confirmation.add_done_callback(partial(self._reach, place))
        self._produce(self._topics.log(subject.name), partition, value, headers, confirmation, len(columns))
        return confirmation

    def _reach(self, place: tuple[str, int], confirmation: Confirmation) -> None:
        if not confirmation.cancelled() and confirmation.exception() is None:
            self.ends[place] = max(self.ends.get(place, 0), confirmation.result() + 1)

    def _produce(
        self,
        topic: str,
        partition: int,
        value: bytes,
        headers: dict[str, bytes],
        confirmation: Confirmation,
        count: int,
        key: bytes | None = None,
    ) -> None:
        assert self._producer is not None, "it has started"
        start = self._clock.monotonic()

        def settle(error: KafkaError | None, offset: int) -> None:
            self._count(-count)
            if error is None:
                self.confirmed += count
                self.latency.observe(self._clock.monotonic() - start)
            else:
                self._fail(error.str())
            if confirmation.done():
                return
            if error is None:
                confirmation.set_result(offset)
            else:
                confirmation.set_exception(StorageFailed(error.str(), taken=False))

        def deliver(error: KafkaError | None, message: Message) -> None:
            self._hand(settle, error, message.offset() or 0)

        try:
            self._producer.produce(
                topic, value, key or b"%d" % partition, partition, on_delivery=deliver, headers=dict(headers)
            )
        except (BufferError, KafkaException) as failure:
            error = failure.args[0] if isinstance(failure, KafkaException) else KafkaError(KafkaError._QUEUE_FULL)
            settle(error, 0)

    def _hand(self, settle: Callable[[KafkaError | None, int], None], error: KafkaError | None, offset: int) -> None:
        """Called in the thread that serves confirmations."""
        assert self._loop is not None
        self._served.append((settle, error, offset))
        if len(self._served) == 1:
            self._loop.call_soon_threadsafe(self._settle)

    def _settle(self) -> None:
        while self._served:
            settle, error, offset = self._served.popleft()
            settle(error, offset)

    def _serve(self) -> None:
        assert self._producer is not None
        while not self._stopping.is_set():
            self._producer.poll(_POLL_SECONDS)

    def _confirmation(self) -> Confirmation:
        confirmation: Confirmation = asyncio.get_running_loop().create_future()
        self._outstanding.add(confirmation)
        confirmation.add_done_callback(self._outstanding.discard)
        # Nobody may wait for it.
        confirmation.add_done_callback(lambda done: done.cancelled() or done.exception())
        return confirmation

    def _count(self, observations: int) -> None:
        self.unconfirmed += observations
        crowded = self.unconfirmed > self.spool_max // 2
        if crowded != self._is_crowded:
            self._is_crowded = crowded
            for backlog in self.backlogs:
                if crowded:
                    backlog.crowd()
                else:
                    backlog.relieve()

    def _fail(self, reason: str) -> None:
        if self.failure is None:
            _log.critical("the log cannot be written any more; restart this member", reason=reason)
        self.failure = reason


async def confirmed(confirmations: Collection[Confirmation], seconds: float) -> None:
    """Wait until the brokers have some records.

    Raises:
        StorageFailed: they refuse one, or have not confirmed all of them in time.
    """
    if not confirmations:
        return
    _, pending = await asyncio.wait(confirmations, timeout=seconds)
    if pending:
        raise StorageFailed("the brokers have not confirmed them yet", taken=True)
    for each in confirmations:
        each.result()
