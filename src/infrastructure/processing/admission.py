"""Admission control: who may bring ticks now, and who is held until the workers have caught up.

A request that brings ticks is worked on at once while there is time for it in this turn of the event loop and the
workers keep up. Otherwise it is held, undecoded: its connection is read no further, so that TCP holds the sender. Those
held are admitted by fair queueing (Demers, Keshav, Shenker 1989): next is whoever would be done first if all were
served at once, a byte of each in turn. So a small request of a quiet sender goes before those of senders that flood.

One event loop. Invariant: whoever is held is in `_by_finish`, and counted in `held` and `held_bytes`.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable
from enum import Enum
from functools import partial

from application.errors import Overloaded
from application.ports.clock import Clock
from infrastructure.processing.backlog import Backlog
from infrastructure.processing.channel import FullMode
from infrastructure.processing.latency import Latency

# Decoding and queueing take at most about this long in one turn of the event loop; then the workers, the readers and
# the watchers have theirs.
_TURN_SECONDS = 0.004
# What a request costs besides its bytes, in bytes.
_REQUEST_BYTES = 256
# How often is looked for those that have been held for too long.
_LOOK_SECONDS = 0.05
# Those that are done may stay among those held until there are this many, and as many as are held.
_DONE_MAX = 64


class Verdict(Enum):
    """What becomes of a request that was held.

    ADMITTED: it is worked on. OVERDUE: it is worked on, but is held no longer: the queues' full mode decides.
    REFUSED: it is not even decoded.
    """

    ADMITTED = "admitted"
    OVERDUE = "overdue"
    REFUSED = "refused"


# Continues a request that was held; whether its work is done, and not left for a task to do.
Resume = Callable[[Verdict], bool]


class Share:
    """What one sender has had of the intake: the virtual time at which its last request would be done."""

    __slots__ = ("finish",)

    def __init__(self) -> None:
        self.finish = 0.0


class _Held:
    __slots__ = ("bytes", "done", "resume", "since", "size")

    def __init__(self, size: int, held_bytes: int, since: float, resume: Resume) -> None:
        self.size = size
        self.bytes = held_bytes
        self.since = since
        self.resume = resume
        self.done = False


class Admission:
    """Shares the event loop between intake and everybody else.

    mode: what happens to requests that were held for too long: `REJECT` refuses them undecoded, the dropping modes
        let them in, `WAIT` holds them on.
    max_hold_seconds: how long that is. With 0 nobody is held because queues are crowded, only for want of time.
    max_held_bytes: bodies held at once; beyond that requests are refused, whatever the mode.
    subjects: how many share the turn, each with an admission of its own.

    seconds: spent on intake so far. held: senders held now. hold: how long they were. refused: requests refused
    undecoded.
    """

    def __init__(
        self,
        backlog: Backlog,
        mode: FullMode,
        clock: Clock,
        max_hold_seconds: float,
        max_held_bytes: int,
        subjects: int = 1,
    ) -> None:
        self.seconds = 0.0
        self.held = 0
        self.held_bytes = 0
        self.hold = Latency()
        self.refused = 0
        self._turn_seconds = _TURN_SECONDS / subjects
        self._backlog = backlog
        self._mode = mode
        self._clock = clock
        self._max_hold_seconds = max_hold_seconds
        self._max_held_bytes = max_held_bytes
        self._heeds_backlog = max_hold_seconds > 0
        # By finish in virtual time, and, whoever is not held for ever, by arrival. Who is done leaves either when it is
        # looked at next. Virtual time is bytes: it moves on by what is admitted, divided by how many are held.
        self._by_finish: list[tuple[float, int, _Held]] = []
        self._by_age: deque[_Held] = deque()
        self._number = 0
        self._virtual = 0.0
        self._used = 0.0
        self._turn_is_due = False
        self._overdue_before = float("-inf")
        self._closed = False
        backlog.on_relief = self._on_relief

    @property
    def is_open(self) -> bool:
        """Whether a request may be worked on at once: nobody is held, there is time, and the workers keep up."""
        return not (self.held or self._used >= self._turn_seconds or (self._backlog.is_crowded and self._heeds_backlog))

    def spend(self, seconds: float) -> None:
        """Count time that intake took of this turn."""
        self.seconds += seconds
        self._used += seconds
        if not self._turn_is_due:
            self._schedule()

    def enqueue(self, share: Share, size: int, resume: Resume, patient: bool = False, bytes_behind: int = 0) -> None:
        """Have `resume` called when it is this sender's turn.

        size: bytes of the body. patient: for as long as it takes. bytes_behind: what of its next requests is here.

        Raises:
            Overloaded: too much is held already. Nothing will be called.
        """
        if self._closed or self.held_bytes + size + bytes_behind > self._max_held_bytes:
            self.refused += 1
            raise Overloaded
        share.finish = max(self._virtual, share.finish) + size + _REQUEST_BYTES
        held = _Held(size, size + bytes_behind, self._clock.monotonic(), resume)
        self._number += 1
        heapq.heappush(self._by_finish, (share.finish, self._number, held))
        if not patient and self._mode is not FullMode.WAIT:
            self._by_age.append(held)
        self.held += 1
        self.held_bytes += held.bytes
        if not self._turn_is_due and not self._is_barred():
            self._schedule()

    async def enter(self, share: Share, size: int, patient: bool = False) -> bool:
        """Wait for this sender's turn; whether it may be held further, for want of room in a queue.

        Raises:
            Overloaded: it is not admitted.
        """
        if self.is_open:
            return True
        verdict: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self.enqueue(share, size, partial(_settle, verdict), patient)
        found = await verdict
        if found is Verdict.REFUSED:
            raise Overloaded
        return found is Verdict.ADMITTED

    async def run(self) -> None:
        """See to those held for too long, until cancelled."""
        while True:
            await self._clock.sleep(_LOOK_SECONDS)
            self._look_for_overdue()

    def close(self) -> None:
        """Refuse everybody who is held, and hold nobody any more."""
        self._closed = True
        for _, _, held in self._by_finish:
            if not held.done:
                self._refuse(held)
        self._by_finish.clear()
        self._by_age.clear()

    def _look_for_overdue(self) -> None:
        self._overdue_before = self._clock.monotonic() - self._max_hold_seconds
        while (oldest := self._oldest()) is not None and self._mode is FullMode.REJECT:
            if oldest.since > self._overdue_before:
                return
            self._refuse(oldest)
        if len(self._by_finish) > 2 * self.held + _DONE_MAX:
            self._by_finish = [entry for entry in self._by_finish if not entry[2].done]
            heapq.heapify(self._by_finish)
        if self.held and not self._turn_is_due:
            self._schedule()

    def _on_relief(self) -> None:
        if self.held and not self._turn_is_due:
            self._schedule()

    def _schedule(self) -> None:
        self._turn_is_due = True
        asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        """Begin a turn of the event loop: those held go first, as far as time and room allow."""
        self._turn_is_due = False
        self._used = 0.0
        while self._used < self._turn_seconds:
            if not self._is_barred():
                held, verdict = self._first(), Verdict.ADMITTED
            else:
                held, verdict = self._overdue(), Verdict.OVERDUE
            if held is None:
                return
            if not self._release(held)(verdict):
                # A task does the work, which takes its share of this turn.
                break
        if self.held and not self._turn_is_due:
            self._schedule()

    def _is_barred(self) -> bool:
        return self._heeds_backlog and self._backlog.is_crowded

    def _first(self) -> _Held | None:
        while self._by_finish:
            held = heapq.heappop(self._by_finish)[2]
            if not held.done:
                return held
        return None

    def _oldest(self) -> _Held | None:
        while self._by_age and self._by_age[0].done:
            self._by_age.popleft()
        return self._by_age[0] if self._by_age else None

    def _overdue(self) -> _Held | None:
        oldest = self._oldest()
        return oldest if oldest is not None and oldest.since <= self._overdue_before else None

    def _release(self, held: _Held) -> Resume:
        """Hold it no more; what continues it, with which its body goes."""
        resume, held.resume = held.resume, _nothing
        held.done = True
        self._virtual += (held.size + _REQUEST_BYTES) / self.held
        self.held -= 1
        self.held_bytes -= held.bytes
        self.hold.observe(self._clock.monotonic() - held.since)
        return resume

    def _refuse(self, held: _Held) -> None:
        self.refused += 1
        self._release(held)(Verdict.REFUSED)


def _settle(verdict: "asyncio.Future[Verdict]", found: Verdict) -> bool:
    if not verdict.done():
        verdict.set_result(found)
    return False


def _nothing(_: Verdict) -> bool:
    return True
