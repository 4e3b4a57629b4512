"""The read model of a gateway: what the owners of the partitions have published about one subject.

One event loop: the follower hands over what it has read, in order, and readers read between two such turns.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from infrastructure.cluster.records import FORGOTTEN, KEY, POSITION, POSITIONS, STATES, Position, PublicState
from infrastructure.processing.change_tracker import ChangeTracker
from infrastructure.processing.partition import EventSink
from infrastructure.processing.snapshots import Snapshots
from infrastructure.public_format import PublicFormat
from infrastructure.subject import Subject

# Changes of alerts that are remembered for whoever waits for them.
_DONE_MAX = 1000

# Key and value of a record.
Read = tuple[bytes, bytes | None]


class ReplicaBook:
    """The public states of one partition's keys: what readers need of a book."""

    def __init__(self, public: PublicFormat) -> None:
        self._public = public
        self._states: dict[str, PublicState] = {}

    def put(self, key: str, payload: bytes) -> list[Any]:
        """Return the notices about what has changed."""
        state = self._states[key] = STATES.decode(payload)
        notices, state.notices = state.notices, []
        return [self._public.decode_event(kind, notice) for kind, notice in notices]

    def forget(self, key: str) -> bool:
        """Remove a key. Return whether it was known."""
        return self._states.pop(key, None) is not None

    def __len__(self) -> int:
        return len(self._states)

    def __contains__(self, key: object) -> bool:
        return key in self._states

    def keys(self) -> Iterable[str]:
        return self._states.keys()

    def snapshot(self, key: str) -> Any:
        state = self._states.get(key)
        return None if state is None else self._public.decode_snapshot(state.snapshot)

    def take_done(self, key: str) -> list[int]:
        """Return the records with changes of alerts that its last state names."""
        state = self._states[key]
        done, state.done = state.done, []
        return done

    def alerting(self, key: str) -> list[str]:
        """Return the ids of the rules whose alerts about a key are open."""
        state = self._states.get(key)
        return [] if state is None else state.alerting

    def update_count(self, key: str) -> int:
        return self._states[key].updates

    def newest_us(self, key: str) -> int:
        return self._states[key].newest_us


class ReadModel:
    """positions: how far each partition is published; None before its first owner has said so.

    sink: takes the events. on_forget: called with keys of which everything earlier is forgotten.
    """

    def __init__(self, subject: Subject, partitions: int) -> None:
        self.subject = subject
        self.books = [ReplicaBook(subject.public) for _ in range(partitions)]
        self.positions: list[Position | None] = [None] * partitions
        self.tracker = ChangeTracker()
        self.snapshots = Snapshots(self.books)
        self.sink: EventSink | None = None
        self.on_forget: list[Callable[[str], None]] = []
        self._done: dict[tuple[int, int], None] = {}
        # Who waits until a partition is published up to some position.
        self._waiting: dict[int, list[tuple[Callable[[Position], bool], asyncio.Future[None]]]] = {}

    def read_states(self, partition: int, entries: Sequence[Read]) -> None:
        book = self.books[partition]
        changed: list[str] = []
        notices: list[Any] = []
        for name, value in entries:
            if name == POSITION:
                if value is not None:
                    self._move(partition, POSITIONS.decode(value))
                continue
            key = name[len(KEY) :].decode()
            changed.append(key)
            if value is not None:
                notices += book.put(key, value)
                self._note_done(partition, book.take_done(key))
            elif book.forget(key):
                self.snapshots.forget()
        self.tracker.mark(changed, notices)

    async def read_events(self, entries: Sequence[Read]) -> None:
        events: list[Any] = []
        for name, value in entries:
            if name.startswith(FORGOTTEN):
                await self._publish(events)
                events = []
                for forget in self.on_forget:
                    forget(name[len(FORGOTTEN) :].decode())
            elif value is not None:
                events.append(self.subject.public.decode_event(name.decode(), value))
        await self._publish(events)

    def read_observed(self, segment: bytes) -> None:
        """Take observations for those who watch them."""
        if self.tracker.sees:
            self.tracker.see(self.subject.log.decode(segment))

    async def until(self, partition: int, is_reached: Callable[[Position], bool]) -> None:
        """Wait until a partition is published up to some position."""
        position = self.positions[partition]
        if position is None or not is_reached(position):
            waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.setdefault(partition, []).append((is_reached, waiting))
            await waiting

    def was_done(self, partition: int, offset: int) -> bool:
        """Whether the change of an alert in a record of the log was possible; ask once that is published."""
        return (partition, offset) in self._done

    def _note_done(self, partition: int, offsets: Sequence[int]) -> None:
        self._done.update(((partition, offset), None) for offset in offsets)
        while len(self._done) > _DONE_MAX:
            del self._done[next(iter(self._done))]

    def age_us(self, now_us: int) -> int:
        """Return by how much the oldest partition is behind; 0 before anything was published."""
        return max((now_us - each.as_of_us for each in self.positions if each is not None), default=0)

    def _move(self, partition: int, position: Position) -> None:
        self.positions[partition] = position
        for is_reached, waiting in self._waiting.pop(partition, ()):
            if not is_reached(position):
                self._waiting.setdefault(partition, []).append((is_reached, waiting))
            elif not waiting.done():
                waiting.set_result(None)

    async def _publish(self, events: Sequence[Any]) -> None:
        if events:
            self.tracker.mark((), events)
            if self.sink is not None:
                await self.sink.publish(events)
