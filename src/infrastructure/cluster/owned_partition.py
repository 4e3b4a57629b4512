"""One partition that this member owns: its state, and the producer that nobody else can use at the same time.

Used by the worker's thread; only `_commit` runs in another one, and changes nothing. Invariant: everything that is
published about the log up to an offset is written in one transaction with that offset, or is not visible at all. A
checkpoint is never ahead of the history.
"""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Executor, Future
from typing import Any, NamedTuple

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from application.ports.clock import Clock
from infrastructure.cluster.clients import Clients
from infrastructure.cluster.history_writer import HistoryWriter
from infrastructure.cluster.partition_state import Entry, LogRecord, PartitionState, RecordsMissing, latest
from infrastructure.cluster.pending_history import PendingHistory
from infrastructure.cluster.records import KIND, MOMENT, POSITION, REQUEST, RULES_CHANGED, Position, pack
from infrastructure.cluster.shared_rules import SharedRules
from infrastructure.cluster.topics import Topics
from infrastructure.settings import Settings
from infrastructure.storage.records import HistoryPart
from infrastructure.storage.store import StoreFailed
from infrastructure.subject import Subject

_SECONDS = 30.0
_COMMIT_SECONDS = 3.0
# A partition in which nothing happens says so once in this time.
_IDLE_SECONDS = 3.0
# How often it is looked whether a rule waits for a moment.
_LOOK_SECONDS = 1.0
# After which an alert is in the history.
_ALERT_SECONDS = 0.5
_AT_ONCE = 5000
_POLL_SECONDS = 0.02

_log = structlog.stdlib.get_logger(__name__)


class _Flush(NamedTuple):
    """What is written at once: entries by topic, those of a checkpoint if there is one, and what the history gets."""

    offset: int
    published: Sequence[tuple[str, Sequence[Entry]]]
    checkpoint: Sequence[Entry] | None
    parts: Sequence[HistoryPart]


class OwnedPartition:
    """state: as of the last record applied. flushed: records before this one are published and visible.

    end_offset: of the log, as far as it is known. stopping: set when this member stops. is_paused: whether its records
    wait in the log (`is_crowded`). history: None if none is kept.
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
        history: HistoryWriter | None = None,
    ) -> None:
        self.subject = subject
        self.index = index
        self.topic = topics.log(subject.name)
        self.end_offset = 0
        self.flushed = 0
        self.owned_since_us = clock.now_us()
        self.is_paused = False
        self._history = history
        # Of the whole spool, the part of one partition.
        self._pending_max = settings.cluster.spool_max_ticks // settings.processing.partitions
        # What a checkpoint that could not be written would have held.
        self._carried: dict[bytes, bytes | None] = {}
        self.state = self._new_state(settings)
        self._topics = topics
        self._clients = clients
        self._settings = settings
        self._clock = clock
        self._executor = executor
        self._stopping = stopping
        self._producer: Producer | None = None
        # The result is whether its checkpoint is written.
        self._committing: Future[bool] | None = None
        self._flushing: _Flush | None = None
        self._checkpointed = -1
        self._next_flush = 0.0
        self._next_idle = 0.0
        self._next_checkpoint = 0.0
        # Whether something is on its way to the log for rules, and where the last such thing is in it.
        self._is_asking = False
        self._asked = -1
        self._next_look = 0.0

    def acquire(self) -> None:
        """Shut out whoever owned the partition before, and restore the newest checkpoint.

        Raises:
            KafkaException: the brokers do not answer.
            RecordsMissing: the log begins later than the checkpoint ends, or ends earlier than the history.
            StoreFailed: the history does not say where it is.
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
        if state.history is not None:
            assert self._history is not None, "it is kept"
            state.history.upto = self._history.upto(self.subject, self.index)
            if state.history.upto > end:
                raise RecordsMissing(f"the history has record {state.history.upto - 1}, and the log ends before {end}")
        if state.published == 0 and first > 0:
            # The first owner ever, of a log that is older.
            state.offset = state.published = first
        if state.offset < first:
            raise RecordsMissing(f"the checkpoint ends before record {state.offset}, and the log begins with {first}")
        self.state, self._producer, self._committing = state, producer, None
        self._carried = {}
        self._asked = -1
        self.end_offset, self.flushed = end, state.published
        self._checkpointed = state.offset
        self._next_flush = 0.0
        self._next_checkpoint = self._clock.monotonic() + self._settings.storage.checkpoint_interval_seconds

    def apply(self, messages: Sequence[Message]) -> None:
        """Apply records of the log. Raises RecordsMissing."""
        self.state.apply([_record(message) for message in messages])
        self.end_offset = max(self.end_offset, self.state.offset)

    def wanted(self, rules: SharedRules, now: float) -> tuple[bytes, bytes] | None:
        """Return what has to join the log for rules, as kind and value: newer ones, or that one waits for a moment.

        Nothing, while something is on its way.
        """
        own = self.state.rules
        if own is None or self._is_asking or self.state.offset <= self._asked:
            return None
        if rules.version > own.version:
            return RULES_CHANGED, pack(rules.after(own.version))
        if now < self._next_look:
            return None
        # Looking costs as much as there are rules and keys.
        self._next_look = now + _LOOK_SECONDS
        return (MOMENT, b"") if own.book.next_moment_us() <= self._clock.now_us() else None

    def asking(self) -> None:
        """What is wanted is on its way to the log."""
        self._is_asking = True

    def asked(self, offset: int | None) -> None:
        """It has joined the log there; None if it has not."""
        self._is_asking = False
        self._asked = -1 if offset is None else offset

    def flush(self, now: float) -> None:
        """Publish what has changed, if it is time.

        Raises:
            KafkaException: it cannot be published; `acquire` starts over from the last checkpoint.
            HistoryMoved: the same.
        """
        if self._committing is not None:
            if not self._committing.done():
                return
            self._settle()
        if self.state.has_forgotten:
            # It goes from the history too.
            self._next_checkpoint = min(self._next_checkpoint, now)
        elif self.state.has_alerts and self.state.history is not None:
            # They are delivered from the history.
            self._next_checkpoint = min(self._next_checkpoint, now + _ALERT_SECONDS)
        if now < self._next_flush or self.state.offset < self.state.published:
            return
        checkpoints = now >= self._next_checkpoint and self.state.offset != self._checkpointed
        if self.state.has_changes or self.state.offset != self.flushed or checkpoints or now >= self._next_idle:
            self._begin(now, checkpoints)

    @property
    def is_crowded(self) -> bool:
        """Whether too much waits for the history."""
        return self.state.history is not None and self.state.history.count > self._pending_max

    def release(self) -> None:
        """Publish everything, with a checkpoint, so that the next owner need not read the log again.

        Raises:
            KafkaException, HistoryMoved
        """
        if self._producer is None:
            return
        if self._committing is not None:
            self._settle()
        if self.state.offset >= self.state.published and self.state.offset != self._checkpointed:
            self._begin(self._clock.monotonic(), checkpoints=True)
            self._settle()
        self._producer = None

    def _begin(self, now: float, checkpoints: bool) -> None:
        producer = self._producer
        assert producer is not None, "it is acquired"
        subject = self.subject.name
        states, events = self.state.publication()
        states.append((POSITION, pack(self.position())))
        if checkpoints:
            self._carried.update(self.state.checkpoint())
        self._flushing = _Flush(
            self.state.offset,
            [
                (self._topics.events(subject), events),
                (self._topics.state(subject), states),
                (self._topics.observed, self.state.observed()),
                (self._topics.checkpoints(subject), [(POSITION, b"%d" % self.state.offset)]),
            ],
            list(self._carried.items()) if checkpoints else None,
            [] if self.state.history is None or not checkpoints else self.state.history.parts(),
        )
        self._next_flush = now + self._settings.cluster.flush_seconds
        self._next_idle = now + _IDLE_SECONDS
        if checkpoints:
            self._checkpointed = self.state.offset
            self._next_checkpoint = now + self._settings.storage.checkpoint_interval_seconds
        self._committing = self._executor.submit(self._commit, producer, self._flushing)

    def _commit(self, producer: Producer, flush: "_Flush") -> bool:
        """Publish, in a thread of its own. Return whether a checkpoint is written."""
        checkpoints = flush.checkpoint is not None and self._add_to_history(flush)
        producer.begin_transaction()
        written = [*flush.published, (self._topics.checkpoints(self.subject.name), flush.checkpoint or [])]
        for topic, entries in written if checkpoints else flush.published:
            for key, value in entries:
                producer.produce(topic, value, key, self.index)
        _commit(producer, self._stopping)
        return checkpoints

    def _add_to_history(self, flush: "_Flush") -> bool:
        """Add what waits, so that no checkpoint is ever ahead of the history. Return whether that worked."""
        history, writer = self.state.history, self._history
        if history is None or writer is None:
            return True
        try:
            writer.add(self.subject, self.index, history.upto, max(flush.offset, history.upto), flush.parts)
        except StoreFailed as failure:
            _log.warning("nothing was added to the history", partition=self.index, reason=str(failure))
            return False
        return True

    def _settle(self) -> None:
        """Wait for the transaction."""
        committing, flush, self._committing = self._committing, self._flushing, None
        assert committing is not None, "there is a transaction"
        assert flush is not None, "it publishes something"
        is_written = committing.result()
        self.flushed = flush.offset
        if flush.checkpoint is None:
            return
        if not is_written:
            # It is repeated together with the next one.
            self._checkpointed = -1
            return
        self._carried = {}
        if self.state.history is not None:
            self.state.history.added(len(flush.parts), max(flush.offset, self.state.history.upto))

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
            0 if state.rules is None else state.rules.version,
        )

    def _new_state(self, settings: Settings) -> PartitionState:
        of_subject = self.subject.keys_max
        keys_max = settings.processing.max_symbols if of_subject is None else of_subject
        return PartitionState(
            self.subject,
            self.index,
            # Over all partitions: no partition knows the keys of the others.
            -(-keys_max // settings.processing.partitions),
            settings.storage.ids_max,
            settings.storage.ids_window_seconds,
            None if self._history is None else PendingHistory(self.subject),
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
