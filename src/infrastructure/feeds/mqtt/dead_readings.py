"""Messages over MQTT that could not be taken: the newest are kept, in memory and in the store."""

from collections.abc import Sequence
from itertools import islice
from typing import Any

import msgspec
import sqlalchemy as sa

from application.readings.ports.dead_readings import DeadReading, DeadReadingPage
from infrastructure.storage.payloads import check, pack, seal
from infrastructure.storage.records import Put
from infrastructure.storage.schema import DEAD_READING
from infrastructure.storage.sql_database import SqlDatabase

# Of a longer payload, so much is kept.
_PAYLOAD_MAX = 65_536
_DECODER: msgspec.msgpack.Decoder[tuple[str, bytes, str]] = msgspec.msgpack.Decoder(tuple[str, bytes, str])


class KeptDeadReadings:
    """The `DeadReadings` of this process. database: where they are stored; None if they are not."""

    def __init__(self, journal: Any, database: SqlDatabase | None, kept_max: int) -> None:
        self._journal = journal
        self._database = database
        self._kept_max = kept_max
        self._kept: dict[int, DeadReading] = {}
        self._last_id = 0

    def __len__(self) -> int:
        return len(self._kept)

    async def recover(self) -> None:
        if self._database is None:
            return

        def read(connection: sa.Connection) -> list[DeadReading]:
            rows = connection.execute(sa.select(DEAD_READING).order_by(DEAD_READING.c.id))
            return [dead_reading_of(tuple(row)) for row in rows]

        for each in await self._database.reading(read):
            self._kept[each.id] = each
            self._last_id = each.id

    def add(self, received_us: int, topic: str, payload: bytes, reason: str) -> None:
        """Keep a message; it is on disk with whatever else is new. The oldest beyond the limit go."""
        self._last_id += 1
        dead = DeadReading(self._last_id, received_us, topic, payload[:_PAYLOAD_MAX], reason)
        self._kept[dead.id] = dead
        gone = list(islice(self._kept, max(len(self._kept) - self._kept_max, 0)))
        for dead_id in gone:
            del self._kept[dead_id]
        self._amend(_Change([dead], gone))

    def page(self, before: int | None, limit: int) -> DeadReadingPage:
        newest = [each for each in reversed(self._kept.values()) if before is None or each.id < before]
        shown = tuple(newest[:limit])
        return DeadReadingPage(shown, len(self._kept), shown[-1].id if len(newest) > limit else None)

    def get(self, dead_id: int) -> DeadReading | None:
        return self._kept.get(dead_id)

    def remove(self, dead_id: int) -> None:
        """Remove a message, if it is known."""
        if self._kept.pop(dead_id, None) is not None:
            self._amend(_Change([], [dead_id]))

    def _amend(self, change: "_Change") -> None:
        if self._database is not None:
            self._journal.amend(change)


class _Change:
    """An `Amendment` that has changed what is in memory already."""

    def __init__(self, added: Sequence[DeadReading], removed: Sequence[int]) -> None:
        self._added = added
        self._removed = removed

    def apply(self, last_seq: int) -> None:
        pass

    def write(self, connection: sa.Connection, put: Put, last_seq: int) -> None:
        put(connection, DEAD_READING, [_row(each) for each in self._added], True)
        if self._removed:
            connection.execute(sa.delete(DEAD_READING).where(DEAD_READING.c.id.in_(self._removed)))


def _row(dead: DeadReading) -> tuple[Any, ...]:
    payload = pack((dead.topic, dead.payload, dead.reason))
    keys = (dead.id, dead.received_us)
    return (*keys, payload, seal(payload, *keys))


def dead_reading_of(row: tuple[Any, ...]) -> DeadReading:
    """Decode a `DEAD_READING` row. Raises Corrupt."""
    dead_id, received_us, payload, crc = row
    check(crc, f"the dead letter {dead_id} of MQTT", payload, dead_id, received_us)
    topic, body, reason = _DECODER.decode(payload)
    return DeadReading(dead_id, received_us, topic, body, reason)
