"""The worker of one subject: a thread that reads the partitions it is assigned, applies them, and publishes the result.

Single writer: only this thread touches the books of the partitions, and Kafka assigns a partition to one member. A
member that has lost a partition without noticing applies to no avail: the transactions of the next owner shut it out.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import structlog
from confluent_kafka import OFFSET_END, Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from application.ports.clock import Clock
from infrastructure.cluster.clients import Clients
from infrastructure.cluster.group_watch import GroupWatch
from infrastructure.cluster.history_writer import HistoryMoved, HistoryWriter
from infrastructure.cluster.owned_partition import OwnedPartition
from infrastructure.cluster.partition_state import RecordsMissing
from infrastructure.cluster.records import KIND
from infrastructure.cluster.shared_rules import SharedRules
from infrastructure.cluster.topics import Topics
from infrastructure.settings import Settings
from infrastructure.storage.store import StoreFailed
from infrastructure.subject import Subject

# Records of one turn. A record holds up to a thousand observations.
_RECORDS = 64
_POLL_SECONDS = 0.02
_COMMIT_SECONDS = 1.0
_THREADS = 16
_PAUSE_SECONDS = 1.0

_log = structlog.stdlib.get_logger(__name__)

_Place = tuple[str, int]


class Worker:
    """failure: why it does not work; None while it does. rebalanced_us: when partitions last came or went.

    restarts: partitions that were restored anew, because what they had to publish was refused. history: None if none
    is kept. rules: those of the cluster.
    """

    def __init__(
        self,
        subject: Subject,
        topics: Topics,
        clients: Clients,
        settings: Settings,
        clock: Clock,
        history: HistoryWriter | None,
        rules: SharedRules,
    ) -> None:
        self.failure: str | None = "it has not started"
        self.rebalanced_us = 0
        self.restarts = 0
        self.seconds = 0.0
        self.history = history
        self._rules = rules
        # Writes to the log what rules want; not before they want something.
        self._asking: Producer | None = None
        self._subject = subject
        self._topics = topics
        self._clients = clients
        self._settings = settings
        self._clock = clock
        self._owned: Mapping[_Place, OwnedPartition] = {}
        # Partitions that are to be acquired anew, and when.
        self._broken: dict[_Place, float] = {}
        self._stopping = threading.Event()
        self._executor = ThreadPoolExecutor(_THREADS, "commit")
        self._thread = threading.Thread(target=self._run, name=f"worker of {subject.name}", daemon=True)
        self._next_commit = 0.0
        self._watch = GroupWatch(
            clients,
            topics.workers(subject.name),
            topics.log(subject.name),
            settings.processing.partitions,
            settings.member,
            topics.observed,
        )
        self._looking: Future[None] | None = None
        self._next_look = 0.0

    @property
    def owned(self) -> Sequence[OwnedPartition]:
        """The partitions of this member. A snapshot, for any thread."""
        return list(self._owned.values())

    def start(self) -> None:
        self._thread.start()

    def leave(self) -> None:
        """Publish everything with a checkpoint, and leave the group."""
        self._stopping.set()

    def join(self, seconds: float) -> None:
        """Wait until it has left. Blocks."""
        if self._thread.is_alive():
            self._thread.join(seconds)
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        while not self._stopping.is_set():
            consumer = self._clients.worker_consumer(self._topics.workers(self._subject.name))
            try:
                self._work(consumer)
            except KafkaException as failure:
                error: KafkaError = failure.args[0]
                self.failure = error.str()
                if _shuts_out(error):
                    self.failure = "another member has its name"
                    _log.critical("the worker is shut out", reason=self.failure, error=error.str())
                    return
            except Exception as failure:
                self.failure = type(failure).__name__
                _log.error("the worker died and is started again", exc_info=failure)
            finally:
                self._owned = {}
                self._broken = {}
                consumer.close()
            self._stopping.wait(_PAUSE_SECONDS)

    def _work(self, consumer: Consumer) -> None:
        consumer.subscribe(
            [self._topics.log(self._subject.name)],
            on_assign=self._on_assign,
            on_revoke=self._on_revoke,
            on_lost=self._on_lost,
        )
        while not self._stopping.is_set():
            messages = consumer.consume(_RECORDS, _POLL_SECONDS)
            start = self._clock.monotonic()
            self.failure = None
            self._apply(messages)
            self._flush(consumer)
            for place in [place for place, due in self._broken.items() if due <= start]:
                self._acquire_again(consumer, place)
            self._ask(start)
            self._look(start)
            self.seconds += self._clock.monotonic() - start
        self._release(list(self._owned))

    def _apply(self, messages: Sequence[Message]) -> None:
        lines: dict[_Place, list[Message]] = {}
        for message in messages:
            error = message.error()
            if error is not None:
                self._on_error(message, error)
                continue
            topic, partition = message.topic(), message.partition()
            assert topic is not None
            assert partition is not None
            lines.setdefault((topic, partition), []).append(message)
        for place, line in lines.items():
            if place in self._owned and place not in self._broken:
                self._guarded(place, lambda line=line, owned=self._owned[place]: owned.apply(line))  # type: ignore[misc]  # bound at once

    def _flush(self, consumer: Consumer) -> None:
        now = self._clock.monotonic()
        for place, owned in self._owned.items():
            if place not in self._broken:
                topic, partition = place
                _, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), cached=True)
                owned.end_offset = max(owned.end_offset, end)
                self._guarded(place, lambda owned=owned: owned.flush(now))  # type: ignore[misc]  # bound at once
                if owned.is_crowded != owned.is_paused:
                    owned.is_paused = owned.is_crowded
                    # What waits in the log is not lost.
                    change = consumer.pause if owned.is_paused else consumer.resume
                    change([TopicPartition(topic, partition)])
        if now >= self._next_commit and self._owned:
            # For tools that show the lag of a group. Nothing here reads it.
            self._next_commit = now + _COMMIT_SECONDS
            done = [TopicPartition(*place, owned.flushed) for place, owned in self._owned.items()]
            consumer.commit(offsets=done, asynchronous=True)

    def _ask(self, now: float) -> None:
        """Write to the log what rules want of it."""
        if self._asking is not None:
            self._asking.poll(0)
        for place, owned in self._owned.items():
            wanted = None if place in self._broken else owned.wanted(self._rules, now)
            if wanted is not None:
                self._write(place, owned, *wanted)

    def _write(self, place: _Place, owned: OwnedPartition, kind: bytes, value: bytes) -> None:
        topic, partition = place
        if self._asking is None:
            self._asking = self._clients.log_producer()

        def asked(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                _log.error("rules cannot write to the log", topic=topic, partition=partition, reason=error.str())
                # Another client may.
                self._asking = None
            owned.asked(None if error is not None else message.offset())

        owned.asking()
        try:
            self._asking.produce(topic, value, b"%d" % partition, partition, on_delivery=asked, headers={KIND: kind})
        except (BufferError, KafkaException) as failure:
            owned.asked(None)
            self._asking = None
            _log.error("rules cannot write to the log", topic=topic, partition=partition, reason=str(failure))

    def _look(self, now: float) -> None:
        """Look after the group, in a thread of its own."""
        if now >= self._next_look and (self._looking is None or self._looking.done()):
            if self._looking is not None and (failure := self._looking.exception()) is not None:
                _log.warning("the group of the workers cannot be looked at", reason=str(failure))
            self._next_look = now + self._settings.cluster.session_timeout_ms / 1000
            self._looking = self._executor.submit(self._watch.look, self._stopping)

    def _guarded(self, place: _Place, work: Callable[[], None]) -> None:
        """Work on a partition. If it fails, the partition starts over from its checkpoint."""
        try:
            work()
        except RecordsMissing as failure:
            _log.critical("records of the log are missing", topic=place[0], partition=place[1], reason=str(failure))
            self._broken[place] = self._clock.monotonic() + self._settings.cluster.session_timeout_ms / 1000
        except (HistoryMoved, StoreFailed) as failure:
            self._broken[place] = self._clock.monotonic() + _PAUSE_SECONDS
            reason = str(failure) or "another member has added to its history"
            _log.warning("a partition starts over", topic=place[0], partition=place[1], reason=reason)
        except KafkaException as failure:
            error: KafkaError = failure.args[0]
            # Whoever else took it over is known once the group has been heard of again.
            pause = self._settings.cluster.session_timeout_ms / 1000 if _shuts_out(error) else _PAUSE_SECONDS
            self._broken[place] = self._clock.monotonic() + pause
            _log.warning("a partition starts over", topic=place[0], partition=place[1], reason=error.str())

    def _acquire_again(self, consumer: Consumer, place: _Place) -> None:
        del self._broken[place]
        owned = self._owned.get(place)
        if owned is None:
            return
        self.restarts += 1
        self._guarded(place, owned.acquire)
        if place not in self._broken:
            self._guarded(place, lambda: consumer.seek(TopicPartition(*place, owned.state.offset)))

    # Called by `consume`, in the same thread.

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        start = time.monotonic()
        self.rebalanced_us = self._clock.now_us()
        places = [(each.topic, each.partition) for each in partitions]
        new = {place: self._owned_partition(place) for place in places}
        acquiring = {place: self._executor.submit(owned.acquire) for place, owned in new.items()}
        self._owned = {**self._owned, **new}
        offsets = []
        for place, owned in new.items():
            self._guarded(place, acquiring[place].result)
            # One that is broken reads nothing until it is acquired.
            offsets.append(TopicPartition(*place, OFFSET_END if place in self._broken else owned.state.offset))
        consumer.incremental_assign(offsets)
        _log.info("partitions assigned", partitions=_told(places), seconds=round(time.monotonic() - start, 3))

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.rebalanced_us = self._clock.now_us()
        places = [(each.topic, each.partition) for each in partitions]
        self._release(places)
        consumer.incremental_unassign(partitions)
        _log.info("partitions revoked", partitions=_told(places))

    def _on_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Others may own them already: nothing can be published any more."""
        self.rebalanced_us = self._clock.now_us()
        places = [(each.topic, each.partition) for each in partitions]
        self._drop(places)
        consumer.incremental_unassign(partitions)
        _log.warning("partitions lost", partitions=_told(places))

    def _release(self, places: Sequence[_Place]) -> None:
        for place in places:
            owned = self._owned.get(place)
            if owned is not None and place not in self._broken:
                self._guarded(place, owned.release)
        self._drop(places)

    def _drop(self, places: Sequence[_Place]) -> None:
        self._owned = {place: owned for place, owned in self._owned.items() if place not in places}
        for place in places:
            self._broken.pop(place, None)

    def _owned_partition(self, place: _Place) -> OwnedPartition:
        return OwnedPartition(
            self._subject,
            place[1],
            self._topics,
            self._clients,
            self._settings,
            self._clock,
            self._executor,
            self._stopping,
            self.history,
        )

    def _on_error(self, message: Message, error: KafkaError) -> None:
        if _shuts_out(error):
            raise KafkaException(error)
        topic, partition = message.topic(), message.partition()
        if error.code() == KafkaError._AUTO_OFFSET_RESET and topic is not None and partition is not None:
            _log.critical("records of the log are missing", topic=topic, partition=partition, reason=error.str())
            self._broken[topic, partition] = self._clock.monotonic() + _PAUSE_SECONDS
        else:
            _log.warning("the brokers report an error", reason=error.str())


def _shuts_out(error: KafkaError) -> bool:
    """Whether a client can do nothing any more, because another one has taken its place."""
    return error.fatal() or error.code() in (KafkaError._FATAL, KafkaError._FENCED, KafkaError.FENCED_INSTANCE_ID)


def _told(places: Sequence[_Place]) -> str:
    return ", ".join(f"{topic}[{partition}]" for topic, partition in sorted(places))
