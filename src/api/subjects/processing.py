"""The processing of every subject: admission, then partitions with their workers, then snapshots."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from application.ports.clock import Clock
from application.ports.idempotency import IdempotencyStore
from application.ports.journal import Journal
from domain.book import Book
from infrastructure.processing.admission import Admission
from infrastructure.processing.backlog import Backlog
from infrastructure.processing.change_tracker import ChangeTracker
from infrastructure.processing.channel import Channel
from infrastructure.processing.partition import EventSink, Partition, Recorder
from infrastructure.processing.partition_feed import PartitionFeed
from infrastructure.processing.partitioned_processor import PartitionedProcessor
from infrastructure.processing.placement import Placement, partition_of
from infrastructure.processing.queueing import Queueing
from infrastructure.processing.seen_ids import SeenIds
from infrastructure.processing.snapshots import Snapshots
from infrastructure.processing.throughput import Throughput
from infrastructure.rules.alert_feed import AlertFeed, AlertSink
from infrastructure.settings import Settings
from infrastructure.storage.sql_store import SqlStore
from infrastructure.subject import Subject


@dataclass(frozen=True, slots=True)
class Core:
    """What the service provides to its subjects.

    books: by subject, one per partition. journal: also supplies a recorder per subject. store: None if storage is off.
    alerts: where the alerts among events go.
    """

    settings: Settings
    clock: Clock
    journal: Any
    stored_answers: IdempotencyStore
    store: SqlStore | None
    books: Mapping[str, Sequence[Book]]
    seen_ids: Mapping[str, SeenIds]
    alerts: AlertFeed

    @property
    def durability(self) -> Journal:
        journal: Journal = self.journal
        return journal

    @property
    def is_durable(self) -> bool:
        """Whether every answer waits until observations are on disk."""
        return self.settings.storage.durability == "sync"


@dataclass(frozen=True, slots=True)
class Processing:
    """The parts that process the observations of one subject and expose the states of its keys."""

    subject: Subject
    admission: Admission
    partitions: Sequence[Partition]
    processor: PartitionedProcessor
    snapshots: Snapshots
    feed: PartitionFeed
    placement: Placement


class NoSink:
    """For a subject whose events go to subscribers only."""

    async def publish(self, events: Sequence[Any]) -> None:
        pass


def processing_of(subject: Subject, core: Core, sink: EventSink) -> Processing:
    """Build the processing of a subject. sink: receives its events."""
    settings, clock = core.settings.processing, core.clock
    books, seen_ids = core.books[subject.name], core.seen_ids[subject.name]
    backlog = Backlog(len(books))
    tracker = ChangeTracker()
    throughput = Throughput(clock.monotonic())
    events = AlertSink(sink, core.alerts)
    recorder: Recorder = core.journal.recorder(subject.name)
    # The workers of all subjects share the event loop.
    workers = sum(map(len, core.books.values()))
    partitions = [
        Partition(
            index,
            Channel(settings.channel_capacity, settings.full_mode, seen_ids.forget, backlog),
            book,
            events,
            recorder,
            tracker,
            clock,
            throughput,
            workers,
        )
        for index, book in enumerate(books)
    ]
    placement = Placement(partitions, subject.key, settings.max_symbols, core.settings.limits.key_symbols)
    processor = PartitionedProcessor(
        partitions,
        placement,
        Queueing(seen_ids, clock, settings.max_hold_seconds),
        throughput,
        seen_ids,
        clock,
        settings.drain_deadline_seconds,
    )
    admission = Admission(
        backlog,
        settings.full_mode,
        clock,
        settings.max_hold_seconds,
        core.settings.limits.max_held_bytes,
        len(core.books),
    )
    snapshots = Snapshots(books)

    def forget(key: str) -> None:
        books[partition_of(key, len(books))].forget(key)
        placement.forget(key)
        snapshots.forget()
        tracker.mark((key,), ())

    core.journal.on_forget(subject.name, forget)
    return Processing(
        subject, admission, partitions, processor, snapshots, PartitionFeed(tracker, snapshots), placement
    )
