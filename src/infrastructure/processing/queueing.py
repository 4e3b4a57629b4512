"""Enqueues observations into channels, and counts what is received."""

import asyncio
from math import inf
from typing import Any

from application.ports.clock import Clock
from application.ports.processor import Patience
from domain.columns import Columns
from infrastructure.processing.channel import Channel, FullMode
from infrastructure.processing.seen_ids import SeenIds

# Futures that tell whether observations were taken from a channel or dropped.
Watches = list[asyncio.Future[bool]]


class Queueing:
    """The first half of the accounts: received = accepted + rejected + duplicates.

    max_hold_seconds: how long a sender of limited patience waits for room.
    """

    def __init__(self, seen_ids: SeenIds, clock: Clock, max_hold_seconds: float) -> None:
        self.received = 0
        self.accepted = 0
        self.rejected = 0
        self.duplicates = 0
        self.is_open = False
        self._ids = seen_ids
        self._clock = clock
        self._max_hold_seconds = max_hold_seconds

    def reject(self, observations: int) -> None:
        self.received += observations
        self.rejected += observations

    def count_duplicates(self, observations: int) -> None:
        self.received += observations
        self.duplicates += observations

    def put(self, channel: Channel, line: Columns, watches: Watches | None) -> int:
        """Enqueue observations and count every one. Return how many, from the first, are accepted."""
        count = len(line)
        before = channel.tail
        taken = channel.offer(line, self._clock.monotonic())
        self.received += taken
        self.accepted += taken
        if taken < count:
            self.reject(count - taken)
            self._ids.forget(line.part(taken, count))
        if watches is not None:
            # What DROP_NEWEST dropped at once was never in the channel.
            watches.append(channel.watch(before if channel.tail - before == taken else -1))
        return taken

    async def put_waiting(self, channel: Channel, line: Columns, patience: Patience, watches: Watches | None) -> int:
        """Enqueue observations as room becomes available; once patience ends, the channel's full mode decides.

        Return how many, from the first, are accepted.
        """
        done = 0
        hold = inf if channel.mode is FullMode.WAIT else self._hold_seconds(patience)
        if hold == 0:
            return self.put(channel, line, watches)
        deadline = None if hold == inf else asyncio.ensure_future(self._clock.sleep(hold))
        try:
            if not await _take_turn(channel, deadline):
                if not self.is_open:
                    return 0
                done = len(line)
                return self.put(channel, line, watches)
            try:
                while self.is_open and done < len(line):
                    before = channel.tail
                    taken = channel.offer(line.part(done, len(line)), self._clock.monotonic(), waits=True)
                    if watches is not None:
                        watches.append(channel.watch(before))
                    self.received += taken
                    self.accepted += taken
                    done += taken
                    if done < len(line) and not await channel.wait_for_room(deadline):
                        rest = line.part(done, len(line))
                        done = len(line)
                        return done - len(rest) + self.put(channel, rest, watches)
            finally:
                channel.turn.release()
        finally:
            if deadline is not None:
                deadline.cancel()
            # The sender was cancelled, or the service is stopping: what is not enqueued is not accepted.
            self.reject(len(line) - done)
            self._ids.forget(line.part(done, len(line)))
        return done

    def _hold_seconds(self, patience: Patience) -> float:
        if patience is Patience.LIMITED:
            return self._max_hold_seconds
        return inf if patience is Patience.UNLIMITED else 0.0


async def _take_turn(channel: Channel, deadline: asyncio.Future[None] | None) -> bool:
    """Acquire the channel's turn; False if the deadline ends first: whoever has it may wait for as long as it takes."""
    if deadline is None:
        return await channel.turn.acquire()
    acquiring = asyncio.ensure_future(channel.turn.acquire())
    try:
        await asyncio.wait((acquiring, deadline), return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        if _stop(acquiring):
            channel.turn.release()
        raise
    return _stop(acquiring)


def _stop(acquiring: asyncio.Future[Any]) -> bool:
    """Stop acquiring a turn. Returns whether it has been acquired already."""
    acquiring.cancel()
    return acquiring.done() and not acquiring.cancelled()
