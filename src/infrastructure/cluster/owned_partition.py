"""One partition that this member owns: its state, and the producer that nobody else can use at the same time.

Used by the worker's thread; only `_commit` runs in another one. Invariant: everything that is published about the log
up to an offset is written in one transaction with that offset, or is not visible at all.
"""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Executor, Future
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from application.ports.clock import Clock
from infrastructure.cluster.clients import Clients
from infrastructure.cluster.partition_state import Entry, LogRecord, PartitionState, RecordsMissing, latest
from infrastructure.cluster.records import KIND, POSITION, REQUEST, Position, pack
from infrastructure.cluster.topics import Topics
from infrastructure.settings import Settings
from infrastructure.subject import Subject

_SECONDS = 30.0
_COMMIT_SECONDS = 3.0
# A partition in which nothing happens says so once in this time.
_IDLE_SECONDS = 1.0
_AT_ONCE = 5000
_POLL_SECONDS = 0.02


class OwnedPartition:
    """state: as of the last record applied. flushed: records before this one are published and visible.

    end_offset: of the log, as far as it is known. stopping: set when this member stops.
    """

    def __init__(
        self,
        subject: Subject,
        index: int,
        topics: Topics,
        clients: Clients,
        settings: Settings,
        clock: Clock,
        executor: Executor,
        stopping: threading.Event,
    ) -> None:
        self.subject = subject
        self.index = index
        self.topic = topics.log(subject.name)
        self.end_offset = 0
        self.flushed = 0
        self.owned_since_us = clock.now_us()
        self.state = self._new_state(settings)
        self._topics = topics
        self._clients = clients
        self._settings = settings
        self._clock = clock
        self._executor = executor
        self._stopping = stopping
        self._producer: Producer | None = None
        self._committing: Future[None] | None = None
        self._flushing = 0
        self._checkpointed = -1
        self._next_flush = 0.0
        self._next_idle = 0.0
        self._next_checkpoint = 0.0

    def acquire(self) -> None:
        """Shut out whoever owned the partition before, and restore the newest checkpoint.

        Raises:
            KafkaException: the brokers do not answer.
            RecordsMissing: the log begins later than the checkpoint ends.
        """
        # Anything that the previous owner has not committed is aborted now, and it cannot begin anything else.
        producer = self._clients.owner_producer(self._topics.transactional_id(self.subject.name, self.index))
        producer.init_transactions(_SECONDS)
        state = self._new_state(self._settings)
        reader = self._clients.reader()
        try:
            state.restore(latest(read_to_end(reader, self._topics.checkpoints(self.subject.name), self.index)))
            first, end = reader.get_watermark_offsets(TopicPartition(self.topic, self.index), timeout=_SECONDS)
        finally:
            reader.close()
        if state.published == 0 and first > 0:
            # The first owner ever, of a log that is older.
            state.offset = state.published = first
        if state.offset < first:
            raise RecordsMissing(f"the checkpoint ends before record {state.offset}, and the log begins with {first}")
        self.state, self._producer, self._committing = state, producer, None
        self.end_offset, self.flushed = end, state.published
        self._checkpointed = state.offset
        self._next_flush = 0.0
        self._next_checkpoint = self._clock.monotonic() + self._settings.storage.checkpoint_interval_seconds

    def apply(self, messages: Sequence[Message]) -> None:
        """Apply records of the log. Raises RecordsMissing."""
        self.state.apply([_record(message) for message in messages])
        self.end_offset = max(self.end_offset, self.state.offset)

    def flush(self, now: float) -> None:
        """Publish what has changed, if it is time.

        Raises:
            KafkaException: it cannot be published; `acquire` starts over from the last checkpoint.
        """
        if self._committing is not None:
            if not self._committing.done():
                return
            self._settle()
        if now < self._next_flush or self.state.offset < self.state.published:
            return
        checkpoints = now >= self._next_checkpoint and self.state.offset != self._checkpointed
        if self.state.has_changes or self.state.offset != self.flushed or checkpoints or now >= self._next_idle:
            self._begin(now, checkpoints)

    def release(self) -> None:
        """Publish everything, with a checkpoint, so that the next owner need not read the log again.

        Raises:
            KafkaException
        """
        if self._producer is None:
            return
        if self._committing is not None:
            self._committing.result()
            self._settle()
        if self.state.offset >= self.state.published and self.state.offset != self._checkpointed:
            self._begin(self._clock.monotonic(), checkpoints=True)
            assert self._committing is not None, "it has just begun"
            self._committing.result()
            self._settle()
        self._producer = None

    def _begin(self, now: float, checkpoints: bool) -> None:
        producer = self._producer
        assert producer is not None, "it is acquired"
        subject = self.subject.name
        producer.begin_transaction()
        states, events = self.state.publication()
        states.append((POSITION, pack(self.position())))
        stored = self.state.checkpoint() if checkpoints else []
        stored.append((POSITION, b"%d" % self.state.offset))
        for topic, entries in (
            (self._topics.events(subject), events),
            (self._topics.state(subject), states),
            (self._topics.checkpoints(subject), stored),
        ):
            for key, value in entries:
                producer.produce(topic, value, key, self.index)
        self._flushing = self.state.offset
        self._next_flush = now + self._settings.cluster.flush_seconds
        self._next_idle = now + _IDLE_SECONDS
        if checkpoints:
            self._checkpointed = self.state.offset
            self._next_checkpoint = now + self._settings.storage.checkpoint_interval_seconds
        self._committing = self._executor.submit(_commit, producer, self._stopping)

    def _settle(self) -> None:
        committing, self._committing = self._committing, None
        assert committing is not None, "there is a transaction"
        committing.result()
        self.flushed = self._flushing

    def position(self) -> Position:
        """Return how far it is. For any thread."""
        state = self.state
        as_of_us = self._clock.now_us() if state.offset >= self.end_offset else state.now_us
        return Position(
            state.offset,
            self.end_offset,
            as_of_us,
            self._settings.member,
            self.owned_since_us,
            len(state.book),
            state.accounts,
        )

    def _new_state(self, settings: Settings) -> PartitionState:
        return PartitionState(
            self.subject,
            self.index,
            # Over all partitions: no partition knows the keys of the others.
            -(-settings.processing.max_symbols // settings.processing.partitions),
            settings.storage.ids_max,
            settings.storage.ids_window_seconds,
        )


def _commit(producer: Producer, stopping: threading.Event) -> None:
    """Commit, for as long as the brokers need to come back, unless this member stops. Raises KafkaException."""
    while True:
        try:
            producer.commit_transaction(_COMMIT_SECONDS)
            return
        except KafkaException as failure:
            error: KafkaError = failure.args[0]
            if not error.retriable() or stopping.is_set():
                raise


def read_to_end(reader: Consumer, topic: str, partition: int) -> list[Entry]:
    """Read a partition to its end. Raises KafkaException."""
    reader.assign([TopicPartition(topic, partition, OFFSET_BEGINNING)])
    entries: list[Entry] = []
    heard = time.monotonic()
    while time.monotonic() - heard < _SECONDS:
        # `consume` waits for its time even where the end has been reached.
        messages = reader.consume(_AT_ONCE, _POLL_SECONDS)
        if messages:
            heard = time.monotonic()
        for message in messages:
            error = message.error()
            if error is None:
                key = message.key()
                assert key is not None, "every record of it has a key"
                entries.append((key, message.value()))
            elif error.code() == KafkaError._PARTITION_EOF:
                return entries
            elif not error.retriable():
                raise KafkaException(error)
    raise KafkaException(KafkaError(KafkaError._TIMED_OUT))


def _record(message: Message) -> LogRecord:
    headers: dict[str, Any] = dict(message.headers() or ())
    offset, value = message.offset(), message.value()
    assert offset is not None
    assert value is not None, "a record of the log holds something"
    return LogRecord(offset, message.timestamp()[1] * 1000, value, headers.get(KIND), headers.get(REQUEST))
