"""The deliveries that are still to be made, and those that failed for good."""

from collections.abc import Sequence
from typing import Any, Protocol

import sqlalchemy as sa

from application.rules.ports.dead_letters import DeadLetter, DeadLetterOrder
from domain.symbol import BEHIND_ALL
from infrastructure.delivery.channel import Delivery
from infrastructure.rules.rule_format import unpacked_alert
from infrastructure.storage.schema import ALERT, DELIVERY
from infrastructure.storage.sql_database import SqlDatabase
from infrastructure.storage.sql_store import SqlStore


class Deliveries(Protocol):
    """Every method may raise StoreFailed."""

    async def due(self, channel: str, now_us: int, limit: int) -> Sequence[Delivery]:
        """Return deliveries that are to be tried now, the oldest first."""
        ...

    async def done(self, delivery: Delivery) -> None:
        """It has arrived."""
        ...

    async def postpone(self, delivery: Delivery) -> None:
        """It has failed: keep its attempts, when to try again, its error, and whether it is dead."""
        ...

    async def overflow(self, channel: str, pending_max: int, now_us: int) -> int:
        """Let the oldest die beyond the most that may wait. Return how many."""
        ...

    async def waiting(self) -> dict[str, int]:
        """Return how many wait, by channel."""
        ...

    async def prune(self, dead_max: int) -> None:
        """Delete the oldest dead ones beyond a number."""
        ...


class SqlDeliveries:
    """In the store, where they are written with the alerts. Also the `DeadLetters`."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database

    async def due(self, channel: str, now_us: int, limit: int) -> Sequence[Delivery]:
        table = DELIVERY.c
        own = (table.channel == channel, table.dead_us.is_(None), table.next_us <= now_us)
        return await self._select(sa.select(DELIVERY).where(*own).order_by(table.created_us, table.id).limit(limit))

    async def done(self, delivery: Delivery) -> None:
        await self._database.delete(sa.delete(DELIVERY).where(DELIVERY.c.id == delivery.id))

    async def postpone(self, delivery: Delivery) -> None:
        values = {
            "attempts": delivery.attempts,
            "next_us": delivery.next_us,
            "dead_us": delivery.dead_us,
            "error": delivery.error,
        }
        statement = sa.update(DELIVERY).where(DELIVERY.c.id == delivery.id).values(**values)
        await self._database.writing(lambda connection: connection.execute(statement) and None)

    async def overflow(self, channel: str, pending_max: int, now_us: int) -> int:
        table = DELIVERY.c
        own = (table.channel == channel, table.dead_us.is_(None))
        newest = sa.select(table.id).where(*own).order_by(table.created_us.desc(), table.id.desc()).limit(pending_max)
        over = sa.update(DELIVERY).where(*own, table.id.not_in(newest.scalar_subquery()))
        statement = over.values(dead_us=now_us, error="too many were waiting")
        return await self._database.writing(lambda connection: int(connection.execute(statement).rowcount))

    async def waiting(self) -> dict[str, int]:
        table = DELIVERY.c
        statement = sa.select(table.channel, sa.func.count()).where(table.dead_us.is_(None)).group_by(table.channel)
        return await self._database.reading(
            lambda connection: {str(row[0]): int(row[1]) for row in connection.execute(statement)}
        )

    async def prune(self, dead_max: int) -> None:
        table = DELIVERY.c
        newest = sa.select(table.id).where(table.dead_us.is_not(None)).order_by(table.dead_us.desc()).limit(dead_max)
        old = (table.dead_us.is_not(None), table.id.not_in(newest.scalar_subquery()))
        await self._database.delete(sa.delete(DELIVERY).where(*old))

    async def page(
        self,
        after: DeadLetterOrder | None,
        limit: int,
        newest_first: bool,
        from_us: int | None,
        to_us: int | None,
        prefixes: Sequence[str],
    ) -> Sequence[Delivery]:
        table = DELIVERY.c
        order: tuple[sa.ColumnElement[Any], ...] = (table.dead_us, table.id)
        statement = sa.select(DELIVERY).where(table.dead_us.is_not(None))
        statement = statement.order_by(*([each.desc() for each in order] if newest_first else order)).limit(limit)
        if from_us is not None:
            statement = statement.where(table.dead_us >= from_us)
        if to_us is not None:
            statement = statement.where(table.dead_us < to_us)
        if prefixes:
            key = ALERT.c.key
            own = sa.or_(*((key >= prefix) & (key < prefix + BEHIND_ALL) for prefix in prefixes))
            statement = statement.where(sa.func.substr(table.id, 1, 32).in_(sa.select(ALERT.c.id).where(own)))
        if after is not None:
            mine, given = sa.tuple_(*order), sa.tuple_(*map(sa.literal, after))
            statement = statement.where(mine < given if newest_first else mine > given)
        return await self._select(statement)

    async def get(self, delivery_id: str) -> Delivery | None:
        table = DELIVERY.c
        found = await self._select(sa.select(DELIVERY).where(table.id == delivery_id, table.dead_us.is_not(None)))
        return found[0] if found else None

    async def replay(self, letter: DeadLetter) -> DeadLetter:
        values = {"attempts": 0, "next_us": 0, "dead_us": None, "error": ""}
        statement = sa.update(DELIVERY).where(DELIVERY.c.id == letter.id).values(**values)
        await self._database.writing(lambda connection: connection.execute(statement) and None)
        return Delivery(letter.id, letter.channel, letter.created_us, 0, 0, None, "", letter.alert)

    async def _select(self, statement: sa.Select[Any]) -> list[Delivery]:
        return await self._database.reading(
            lambda connection: [_delivery(tuple(row)) for row in connection.execute(statement)]
        )


class DeliveriesOfLeader(SqlDeliveries):
    """Of several processes with one database, the one that leads delivers."""

    def __init__(self, store: SqlStore) -> None:
        super().__init__(store)
        self._leads = store.leads

    async def due(self, channel: str, now_us: int, limit: int) -> Sequence[Delivery]:
        return await super().due(channel, now_us, limit) if await self._leads() else ()


def _delivery(row: tuple[Any, ...]) -> Delivery:
    delivery_id, channel, created_us, attempts, next_us, dead_us, error, payload = row
    return Delivery(delivery_id, channel, created_us, attempts, next_us, dead_us, error, unpacked_alert(payload))
