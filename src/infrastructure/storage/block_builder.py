"""Encodes observations for storage while they are in the CPU caches.

Keeping them in memory unencoded costs more than all the rest of storing them: docs/decisions/0013-the-tick-log.md has
the figures.
"""

from domain.columns import Columns, numbered, span
from infrastructure.storage.records import LogBlock
from infrastructure.subject import Subject

# Observations encoded at once.
_SEGMENT_MAX = 512
_BLOCK_MAX = 8192


class BlockBuilder:
    """Builds blocks of one subject. The observations of one `add` stay in one block.

    count: observations in all blocks.
    """

    def __init__(self, subject: Subject) -> None:
        self.count = 0
        self._subject = subject
        self._blocks: list[LogBlock] = []
        self._waiting: Columns | None = None

    def add(self, columns: Columns) -> tuple[int, int]:
        """Add observations. Return the position of the first: block number, from 0, and index in the block."""
        count = len(columns)
        waiting = self._waiting
        if not self._blocks or self._blocks[-1].count + (0 if waiting is None else len(waiting)) >= _BLOCK_MAX:
            self._encode()
            waiting = None
            self._blocks.append(LogBlock(self._subject.name))
        place = (len(self._blocks) - 1, self._blocks[-1].count)
        self.count += count
        if waiting is None:
            waiting = self._waiting = columns
        else:
            place = (place[0], place[1] + len(waiting))
            waiting.extend(columns)
        if len(waiting) >= _SEGMENT_MAX:
            self._encode()
        return place

    def take(self) -> list[LogBlock]:
        """Return the blocks, and start over."""
        self._encode()
        blocks, self._blocks, self.count = self._blocks, [], 0
        return blocks

    def _encode(self) -> None:
        columns, self._waiting = self._waiting, None
        if columns is None:
            return
        append(self._blocks[-1], self._subject, columns)


def append(block: LogBlock, subject: Subject, columns: Columns) -> None:
    """Encode observations, and append them to a block."""
    keys, places = numbered(columns.keys)
    if keys:
        low_us, high_us = span(columns.times_us)
        block.low_us = low_us if not block.count else min(low_us, block.low_us)
        block.high_us = high_us if not block.count else max(high_us, block.high_us)
    block.count += len(columns)
    block.has_ids = block.has_ids or columns.ids is not None
    block.keys.update(dict.fromkeys(keys))
    block.segments.append(subject.log.encode(keys, places, columns))
