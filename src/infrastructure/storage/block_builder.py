"""Puts ticks into the form they are stored in, while they are in the processor's caches.

Ticks that wait in memory as they are cost more than all the rest of storing them: docs/decisions/0013-the-tick-log.md
has the figures.
"""

from domain.ticks import Ticks
from infrastructure.storage.payloads import encode_segment
from infrastructure.storage.records import TickBlock

# Ticks encoded at once.
_SEGMENT_TICKS = 512
_BLOCK_TICKS = 8192


class BlockBuilder:
    """Makes blocks of ticks. The ticks of one `add` stand in one block.

    count: ticks in all of them.
    """

    def __init__(self) -> None:
        self.count = 0
        self._blocks: list[TickBlock] = []
        self._waiting: Ticks | None = None

    def add(self, ticks: Ticks) -> tuple[int, int]:
        """Take ticks; the place of the first: number of the block, from 0, and place in it."""
        count = len(ticks.symbols)
        waiting = self._waiting
        if (
            not self._blocks
            or self._blocks[-1].count + (0 if waiting is None else len(waiting.symbols)) >= _BLOCK_TICKS
        ):
            self._encode()
            waiting = None
            self._blocks.append(TickBlock())
        place = (len(self._blocks) - 1, self._blocks[-1].count)
        self.count += count
        if waiting is not None:
            place = (place[0], place[1] + len(waiting.symbols))
            waiting.extend(ticks)
        else:
            self._waiting = ticks
        if len(self._waiting.symbols) >= _SEGMENT_TICKS:  # type: ignore[union-attr]  # just set
            self._encode()
        return place

    def take(self) -> list[TickBlock]:
        """The blocks, which the builder has no longer."""
        self._encode()
        blocks, self._blocks, self.count = self._blocks, [], 0
        return blocks

    def _encode(self) -> None:
        ticks, self._waiting = self._waiting, None
        if ticks is None:
            return
        names, segment, low_us, high_us = encode_segment(ticks)
        block = self._blocks[-1]
        block.low_us = low_us if not block.count else min(low_us, block.low_us)
        block.high_us = high_us if not block.count else max(high_us, block.high_us)
        block.count += len(ticks.symbols)
        block.has_ids = block.has_ids or ticks.ids is not None
        block.symbols.update(dict.fromkeys(names))
        block.segments.append(segment)
