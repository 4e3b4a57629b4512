"""Admission control: which senders may submit now, and which are held until the workers have caught up.

A request with ticks is processed at once while this turn of the event loop has time left and the workers keep up.
Otherwise it is held, undecoded, and its connection is not read, so that TCP applies back-pressure to the sender. Held
requests are admitted by fair queueing (Demers, Keshav, Shenker 1989): next is the one that would finish first if all
were served at once, a byte of each in turn. So a small request of a quiet sender overtakes those of senders that flood.

One event loop. Invariant: every held request is in `_by_finish`, and counted in `held` and `held_bytes`. Who is held,
who is next and when a turn ends depend on one another, so they are in one file.
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

# Decoding and enqueueing take at most about this long per turn of the event loop; then workers, readers and subscribers
# get theirs.
_TURN_SECONDS = 0.004
# Fixed cost of a request, in bytes.
_REQUEST_BYTES = 256
# Interval between checks for requests held too long.
_LOOK_SECONDS = 0.05
# Finished requests stay in `_by_finish` until they outnumber the held ones by more than this.
_DONE_MAX = 64


class Verdict(Enum):
    """The outcome of holding a request.

    ADMITTED: it is processed.
    OVERDUE: it is processed, but held no longer: the queues' full mode decides.
    REFUSED: it is not even decoded.
    """

    ADMITTED = "admitted"
    OVERDUE = "overdue"
    REFUSED = "refused"


# Resumes a held request. Returns whether its work is done, rather than left to a task.
Resume = Callable[[Verdict], bool]


class Share:
    """A sender's share of the intake: the virtual time at which its last request would finish, of each admission."""

    __slots__ = ("finish",)

    def __init__(self) -> None:
        self.finish: dict[Admission, float] = {}


class _Held:
    __slots__ = ("bytes", "done", "resume", "since", "size")

    def __init__(self, size: int, held_bytes: int, since: float, resume: Resume) -> None:
        self.size = size
        self.bytes = held_bytes
        self.since = since
        self.resume = resume
        self.done = False


class Admission:
    """Shares the event loop between intake and all other work.

    mode: what happens to requests held too long: `REJECT` refuses them undecoded, the dropping modes admit them, `WAIT`
        keeps holding them.
    max_hold_seconds: how long that is. With 0, nobody is held because of crowded queues, only for lack of time, and
        that for as long as it takes.
    max_held_bytes: bodies held at once; beyond that, requests are refused whatever the mode.
    subjects: how many share the turn, each with its own admission.

    seconds: spent on intake so far.
    held: senders held now. hold: how long they were held.
    refused: requests refused undecoded.
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
        self._waits_for_backlog = max_hold_seconds > 0
        # Held requests by virtual finish time and, unless held indefinitely, by arrival. Finished ones are removed
        # lazily. Virtual time is in bytes: it advances by what is admitted, divided by how many are held.
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
        """Whether a request may be processed at once: nobody is held, there is time, and the workers keep up."""
        return not (
            self.held or self._used >= self._turn_seconds or (self._backlog.is_crowded and self._waits_for_backlog)
        )

    def spend(self, seconds: float) -> None:
        """Count time that intake used in this turn."""
        self.seconds += seconds
        self._used += seconds
        # Short requests over many turns count as one turn: a callback in each would cost more than it saves.
        if self._used >= self._turn_seconds / 2 and not self._turn_is_due:
            self._schedule()

    def enqueue(self, share: Share, size: int, resume: Resume, patient: bool = False, held_bytes: int = 0) -> None:
        """Call `resume` when it is this sender's turn.

        size: bytes of the body. patient: wait as long as it takes. held_bytes: kept for it, if more than its body: what
        was received with it.

        Raises:
            Overloaded: too much is held already, or the service is stopping. `resume` is not called.
        """
        held_bytes = max(held_bytes, size)
        if self._closed or self.held_bytes + held_bytes > self._max_held_bytes:
            self.refused += 1
            raise Overloaded
        finish = max(self._virtual, share.finish.get(self, 0.0)) + size + _REQUEST_BYTES
        share.finish[self] = finish
        held = _Held(size, held_bytes, self._clock.monotonic(), resume)
        self._number += 1
        heapq.heappush(self._by_finish, (finish, self._number, held))
        if not patient and self._mode is not FullMode.WAIT and self._waits_for_backlog:
            self._by_age.append(held)
        self.held += 1
        self.held_bytes += held.bytes
        if not self._turn_is_due and not self._must_wait():
            self._schedule()

    async def enter(self, share: Share, size: int, patient: bool = False) -> bool:
        """Wait for this sender's turn. Return whether it may be held further, for lack of room in a queue.

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
        """Handle requests held too long, until cancelled."""
        while True:
            await self._clock.sleep(_LOOK_SECONDS)
            self._release_overdue()

    def close(self) -> None:
        """Refuse all held requests, and stop holding any."""
        self._closed = True
        for _, _, held in self._by_finish:
            if not held.done:
                self._refuse(held)
        self._by_finish.clear()
        self._by_age.clear()

    def _release_overdue(self) -> None:
        self._overdue_before = self._clock.monotonic() - self._max_hold_seconds
        while (overdue := self._overdue()) is not None and self._mode is FullMode.REJECT:
            self._refuse(overdue)
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
        """Begin a turn of the event loop: held requests go first, as far as time and room allow.

        An overdue one goes first, although others would finish before it. Only one a turn unless queues are crowded:
        if all are overdue for want of time, quiet senders still overtake those that flood.
        """
        self._turn_is_due = False
        self._used = 0.0
        prefers_overdue = True
        while self._used < self._turn_seconds:
            must_wait = self._must_wait()
            held, verdict = None, Verdict.OVERDUE
            if must_wait or prefers_overdue:
                held = self._overdue()
            if held is None and not must_wait:
                held, verdict = self._first(), Verdict.ADMITTED
            if held is None:
                return
            prefers_overdue = False
            if not self._release(held)(verdict):
                # A task does the work, and uses up this turn.
                break
        if self.held and not self._turn_is_due:
            self._schedule()

    def _must_wait(self) -> bool:
        return self._waits_for_backlog and self._backlog.is_crowded

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
        """Stop holding a request and return its `resume`, giving up the reference to its body."""
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
