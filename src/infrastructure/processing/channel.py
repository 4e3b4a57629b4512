"""The bounded queue in front of one worker.

One event loop, many writers, one reader. Invariant: `head` <= `tail`, and `tail - head` ticks are queued.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from enum import Enum

from domain.columns import Columns
from infrastructure.processing.backlog import Backlog

# A queue this long is crowded, and senders that can be held are held: ticks that wait long fall out of the CPU caches,
# and the remaining room is for senders that cannot be held.
CROWDED_TICKS = 1024


class FullMode(Enum):
    """What happens to a tick when the queue is full.

    DROP_OLDEST: it is accepted, and the oldest in the queue is dropped.
    DROP_NEWEST: it is dropped itself.
    REJECT: it is refused.
    WAIT: its sender waits until there is room.
    """

    DROP_OLDEST = "drop_oldest"
    DROP_NEWEST = "drop_newest"
    REJECT = "reject"
    WAIT = "wait"


class Channel:
    """Ticks in order of arrival, at most `capacity` of them.

    tail: ticks ever enqueued. head: ticks that have left, taken or dropped.
    dropped: ticks accepted and then dropped, for lack of room.
    on_drop: called with dropped ticks that have ids.
    backlog: notified when the queue becomes crowded, and when it no longer is.
    turn: held by the writer that waits for room, so that writers are served in order.
    """

    def __init__(
        self,
        capacity: int,
        mode: FullMode,
        on_drop: Callable[[Columns], None] | None = None,
        backlog: Backlog | None = None,
    ) -> None:
        self.capacity = capacity
        self.mode = mode
        self.tail = 0
        self.head = 0
        self.dropped = 0
        self.turn = asyncio.Lock()
        self._backlog = backlog or Backlog(1)
        self._crowded_at = min(CROWDED_TICKS, capacity)
        self._is_crowded = False
        self._closed = False
        # Ticks from `_first` on are queued; those before have left, and are trimmed in bulk.
        self._queue: Columns | None = None
        self._first = 0
        # Arrivals: (tail after the ticks, moment), until all have left. `_settled`: the position settled so far.
        self._arrivals: deque[tuple[int, float]] = deque()
        self._settled = 0
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self._on_drop = on_drop
        # Waiters for ticks to leave: (tail before them, tail after them, whether all were taken).
        self._watches: list[tuple[int, int, asyncio.Future[bool]]] = []

    def __len__(self) -> int:
        return self.tail - self.head

    def has_room(self, ticks: int) -> bool:
        """Whether so many ticks fit, and no writer is waiting."""
        return ticks + self.tail - self.head <= self.capacity and not self.turn.locked()

    def offer(self, ticks: Columns, moment: float, waits: bool = False) -> int:
        """Enqueue ticks as far as the mode allows. Return how many of them, from the first, are accepted.

        The channel takes ownership: it may append others to them. The dropping modes accept all and drop the excess at
        once; under WAIT, and in any mode if the sender `waits`, the rest must wait.
        """
        mode = FullMode.WAIT if waits else self.mode
        count = len(ticks)
        over = min(count + self.tail - self.head - self.capacity, count)
        if over <= 0 or mode is FullMode.DROP_OLDEST:
            self._put(ticks, moment)
            if over > 0:
                self._drop_oldest(over)
            return count
        self._put(ticks.part(0, count - over), moment)
        if mode is FullMode.DROP_NEWEST:
            self.dropped += over
            self._tell_dropped(ticks.part(count - over, count))
            return count
        return count - over

    async def take(self, limit: int) -> Columns | None:
        """Return up to `limit` observations, as soon as there are any; None once the channel is closed and empty."""
        assert self._reader is None, "a channel has one reader"
        if self.tail == self.head and not self._closed:
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        # Nothing else runs before the reader's next await, so a half-taken batch is never visible.
        count = min(self.tail - self.head, limit)
        if count == 0 or self._queue is None:
            return None
        first = self._first
        taken = self._queue if first == 0 and count == len(self._queue) else self._queue.part(first, first + count)
        self._leave(count)
        _wake(self._writer)
        if self._watches:
            self._settle_watches()
        return taken

    def watch(self, tail_before: int) -> asyncio.Future[bool]:
        """Return a future: whether all ticks enqueued since `tail_before` were taken, once they left. Call at once."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        if self.head > tail_before:
            future.set_result(False)
        elif self.head == self.tail:
            future.set_result(True)
        else:
            self._watches.append((tail_before, self.tail, future))
        return future

    async def wait_for_room(self, deadline: asyncio.Future[None] | None = None) -> bool:
        """Wait until there may be room or the channel is closed; False if the deadline ends first. Requires `turn`."""
        while len(self) >= self.capacity and not self._closed:
            if deadline is not None and deadline.done():
                return False
            self._writer = asyncio.get_running_loop().create_future()
            try:
                if deadline is None:
                    await self._writer
                else:
                    await asyncio.wait((self._writer, deadline), return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._writer = None
        return True

    def settle(self) -> Iterator[tuple[float, int]]:
        """Yield (moment of arrival, ticks) for what has left since the last call."""
        arrivals = self._arrivals
        while arrivals and self._settled < self.head:
            last, moment = arrivals[0]
            upto = min(last, self.head)
            yield moment, upto - self._settled
            self._settled = upto
            if upto == last:
                arrivals.popleft()

    def close(self) -> None:
        """Close: the reader drains the queue and then gets None, and writers stop waiting."""
        self._closed = True
        _wake(self._reader)
        _wake(self._writer)

    def _put(self, ticks: Columns, moment: float) -> None:
        count = len(ticks)
        if count:
            if self._queue is None or self.tail == self.head:
                self._queue = ticks
                self._first = 0
            else:
                self._queue.extend(ticks)
            self.tail += count
            self._arrivals.append((self.tail, moment))
            if not self._is_crowded and self.tail - self.head >= self._crowded_at:
                self._is_crowded = True
                self._backlog.crowd()
            _wake(self._reader)

    def _drop_oldest(self, count: int) -> None:
        assert self._queue is not None, "there is something to drop"
        self._tell_dropped(self._queue.part(self._first, self._first + count))
        for first, last, future in self._watches:
            if first < self.head + count and self.head < last and not future.done():
                future.set_result(False)
        self._leave(count)
        self.dropped += count
        self._settle_watches()
        for _ in self.settle():
            pass

    def _tell_dropped(self, ticks: Columns) -> None:
        if ticks.ids is not None and self._on_drop is not None:
            self._on_drop(ticks)

    def _settle_watches(self) -> None:
        waiting = []
        for watch in self._watches:
            if watch[1] > self.head:
                waiting.append(watch)
            elif not watch[2].done():
                watch[2].set_result(True)
        self._watches = waiting

    def _leave(self, count: int) -> None:
        assert self._queue is not None, "there is something to leave"
        self.head += count
        self._first += count
        # Trimming once those that left outnumber the rest keeps the cost amortised O(1).
        if 2 * self._first >= len(self._queue):
            self._queue = self._queue.part(self._first, len(self._queue))
            self._first = 0
        if self._is_crowded and self.tail - self.head < self._crowded_at:
            self._is_crowded = False
            self._backlog.relieve()


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
