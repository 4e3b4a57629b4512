"""The processing of every subject: admission, then partitions with their workers, then snapshots."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from application.ports.clock import Clock
from application.ports.idempotency import IdempotencyStore
from application.ports.journal import Journal
from application.ports.processor import Processor
from domain.book import Book
from domain.rules.rule import Rule
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
from infrastructure.processing.snapshots import Readable, Snapshots
from infrastructure.processing.throughput import Throughput
from infrastructure.rules.alert_feed import AlertFeed, AlertSink
from infrastructure.settings import Settings
from infrastructure.storage.sql_store import SqlStore
from infrastructure.subject import Subject

if TYPE_CHECKING:
    from infrastructure.cluster.member import Member


@dataclass(frozen=True, slots=True)
class Core:
    """What the service provides to its subjects.

    books: by subject, one per partition. readable: the same for readers; in a cluster what the owners have published.
    journal: also supplies a recorder per subject. store: of the history; None if none is kept. cluster: this process as
    a member of one. alerts: where the alerts among events go. alerting: the rules whose alerts about a key of a subject
    are open.
    """

    settings: Settings
    clock: Clock
    journal: Any
    stored_answers: IdempotencyStore
    store: SqlStore | None
    books: Mapping[str, Sequence[Book]]
    seen_ids: Mapping[str, SeenIds]
    alerts: AlertFeed
    readable: Mapping[str, Sequence[Readable]]
    alerting: Callable[[str, str], Sequence[Rule]]
    cluster: "Member | None" = None

    @property
    def durability(self) -> Journal:
        journal: Journal = self.journal
        return journal

    @property
    def no_history(self) -> str:
        """Why no history is kept, where none is."""
        return "storage.enabled is false" if self.cluster is None else "storage.url is not set"

    @property
    def is_durable(self) -> bool:
        """Whether every answer waits until observations are on disk."""
        return self.settings.storage.durability == "sync"


class RunningProcessor(Processor, Protocol):
    """A processor from its start to its end."""

    @property
    def is_running(self) -> bool:
        """Whether observations are accepted, and can be processed."""
        ...

    def start(self) -> None: ...

    async def stop(self) -> int:
        """Accept nothing more, and drain until a deadline. Return how many observations are left."""
        ...


@dataclass(frozen=True, slots=True)
class Processing:
    """The parts that process the observations of one subject and expose the states of its keys.

    partitions: of this process; none in a cluster. knows: whether a key is not new. has_room: whether an
    observation of a key can be enqueued at once.
    """

    subject: Subject
    backlog: Backlog
    admission: Admission
    partitions: Sequence[Partition]
    processor: RunningProcessor
    snapshots: Snapshots
    feed: PartitionFeed
    knows: Callable[[str], bool]
    has_room: Callable[[str], bool]


class NoSink:
    """For a subject whose events go to subscribers only."""

    async def publish(self, events: Sequence[Any]) -> None:
        pass


def processing_of(subject: Subject, core: Core, sink: EventSink) -> Processing:
    """Build the processing of a subject. sink: receives its events."""
    if core.cluster is not None:
        return _clustered(subject, core, core.cluster, sink)
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
    keys_max = settings.max_symbols if subject.keys_max is None else subject.keys_max
    placement = Placement(partitions, subject.key, keys_max, core.settings.limits.key_symbols)
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
        subject,
        backlog,
        admission,
        partitions,
        processor,
        snapshots,
        PartitionFeed(tracker, snapshots),
        placement.knows,
        placement.has_room,
    )


def _clustered(subject: Subject, core: Core, member: "Member", sink: EventSink) -> Processing:
    """Build the processing of a subject whose partitions have owners, here or elsewhere."""
    # A local import: only members of a cluster need its libraries.
    from infrastructure.cluster.cluster_processor import ClusterProcessor  # noqa: PLC0415

    settings, clock = core.settings.processing, core.clock
    model = member.models[subject.name]
    model.sink = AlertSink(sink, core.alerts)
    model.on_forget = member.journal.memories(subject.name)
    processor = ClusterProcessor(
        subject,
        model,
        partial(member.positions, subject.name),
        member.log,
        clock,
        settings.drain_deadline_seconds,
        core.settings.limits.key_symbols,
    )
    member.journal.forget_by(subject.name, processor.forget)
    member.journal.on_forget(subject.name, processor.forgotten)
    backlog = Backlog(1)
    member.log.backlogs.append(backlog)
    admission = Admission(
        backlog,
        settings.full_mode,
        clock,
        settings.max_hold_seconds,
        core.settings.limits.max_held_bytes,
        len(member.models),
    )
    feed = PartitionFeed(model.tracker, model.snapshots)
    return Processing(
        subject, backlog, admission, [], processor, model.snapshots, feed, processor.knows, _is_in_the_log
    )


def _is_in_the_log(_key: str) -> bool:
    """Partitions of a cluster have no queues here."""
    return True
