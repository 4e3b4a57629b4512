"""The bounded queue in front of one worker.

One event loop, many writers, one reader. Invariant: `head` <= `tail`, and `tail - head` ticks are queued.
"""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from enum import Enum

from domain.price_update import PriceUpdate


class FullMode(Enum):
    """What happens to a tick for which there is no room.

    DROP_OLDEST: it is taken, and the one waiting longest is dropped. DROP_NEWEST: it is dropped itself.
    REJECT: it is not taken. WAIT: whoever sent it waits until there is room.
    """

    DROP_OLDEST = "drop_oldest"
    DROP_NEWEST = "drop_newest"
    REJECT = "reject"
    WAIT = "wait"


class Channel:
    """Ticks in order of arrival, at most `capacity` of them.

    tail: ticks ever put in line. head: ticks that have left it, taken or dropped.
    dropped: ticks accepted and then not kept, for want of room.
    turn: held by the writer that waits for room, so that writers get it in the order they came.
    """

    def __init__(self, capacity: int, mode: FullMode) -> None:
        self.capacity = capacity
        self.mode = mode
        self.tail = 0
        self.head = 0
        self.dropped = 0
        self.turn = asyncio.Lock()
        self._closed = False
        self._ticks: deque[PriceUpdate] = deque()
        # When ticks arrived: (tail after them, moment), until they have all left; _settled is where accounts stand.
        self._arrivals: deque[tuple[int, float]] = deque()
        self._settled = 0
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return len(self._ticks)

    def offer(self, updates: Sequence[PriceUpdate], moment: float) -> int:
        """Put ticks in line as far as the mode lets them in; how many of them, from the first, are accepted.

        The dropping modes accept all and drop at once what is over capacity; under WAIT what is left must wait.
        """
        count = len(updates)
        over = count + len(self._ticks) - self.capacity
        if over <= 0 or self.mode is FullMode.DROP_OLDEST:
            self._put(updates, moment)
            if over > 0:
                self._drop_oldest(over)
            return count
        self._put(updates[: count - over], moment)
        if self.mode is FullMode.DROP_NEWEST:
            self.dropped += over
            return count
        return count - over

    async def take(self, limit: int) -> list[PriceUpdate]:
        """Up to `limit` ticks, at least one as soon as there is one; none once the channel is closed and empty."""
        assert self._reader is None, "a channel has one reader"
        ticks = self._ticks
        if not ticks and not self._closed:
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        # From here to the reader's next await nothing else runs: what is taken is never seen half-way.
        if len(ticks) <= limit:
            taken = list(ticks)
            ticks.clear()
        else:
            taken = [ticks.popleft() for _ in range(limit)]
        self.head += len(taken)
        _wake(self._writer)
        return taken

    async def wait_for_room(self) -> None:
        """Until there may be room, or the channel is closed. For the holder of `turn`."""
        if len(self._ticks) >= self.capacity and not self._closed:
            self._writer = asyncio.get_running_loop().create_future()
            try:
                await self._writer
            finally:
                self._writer = None

    def settle(self) -> Iterator[tuple[float, int]]:
        """(moment of arrival, ticks) of what has left the line since the last call."""
        arrivals = self._arrivals
        while arrivals and self._settled < self.head:
            last, moment = arrivals[0]
            upto = min(last, self.head)
            yield moment, upto - self._settled
            self._settled = upto
            if upto == last:
                arrivals.popleft()

    def close(self) -> None:
        """Let the reader go on to the end and then find nothing, and no writer wait any more."""
        self._closed = True
        _wake(self._reader)
        _wake(self._writer)

    def _put(self, updates: Sequence[PriceUpdate], moment: float) -> None:
        if updates:
            self._ticks.extend(updates)
            self.tail += len(updates)
            self._arrivals.append((self.tail, moment))
            _wake(self._reader)

    def _drop_oldest(self, count: int) -> None:
        for _ in range(count):
            self._ticks.popleft()
        self.head += count
        self.dropped += count
        for _ in self.settle():
            pass


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
