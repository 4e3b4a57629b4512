"""Positions in chains at the ends of minutes: from the store, or from memory where there is none."""

from bisect import bisect_right
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from application.errors import HistoryUnavailable
from domain.options.positions import ChainPositions
from infrastructure.options.option_format import positions_of_row
from infrastructure.storage.schema import OPTION_POSITION
from infrastructure.storage.sql_database import SqlDatabase
from infrastructure.storage.store import StoreFailed

_END = attrgetter("end_us")


class RecentPositions:
    """The `PositionHistory` of a service without a store, and an `EventSink`.

    contracts_max: of all positions together; the oldest of the chain that has been quiet for longest are dropped first.
    """

    def __init__(self, contracts_max: int) -> None:
        self._contracts_max = contracts_max
        self._contracts = 0
        # By product and expiry; the one that changed last is at the end.
        self._found: dict[tuple[str, str], list[ChainPositions]] = {}

    async def publish(self, events: Sequence[Any]) -> None:
        for event in events:
            if isinstance(event, ChainPositions):
                self._put(event)

    async def positions(self, product: str, expiry: str, latest_us: int) -> ChainPositions | None:
        found = self._found.get((product, expiry), [])
        at = bisect_right(found, latest_us, key=_END)
        return found[at - 1] if at else None

    def forget(self, product: str) -> None:
        """Remove the positions of a product."""
        for key in [key for key in self._found if key[0] == product]:
            self._contracts -= sum(len(each.contracts) for each in self._found.pop(key))

    def _put(self, each: ChainPositions) -> None:
        key = (each.product, each.expiry)
        found = self._found[key] = self._found.pop(key, [])
        # They come in the order of their times, but after a product was forgotten.
        found.insert(bisect_right(found, each.end_us, key=_END), each)
        self._contracts += len(each.contracts)
        while self._contracts > self._contracts_max:
            quiet, oldest = next(iter(self._found.items()))
            self._contracts -= len(oldest.pop(0).contracts)
            if not oldest:
                del self._found[quiet]


class StoredPositions:
    """The `PositionHistory` of a service with a store. What is not written yet is not found."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database

    async def positions(self, product: str, expiry: str, latest_us: int) -> ChainPositions | None:
        table = OPTION_POSITION.c
        statement = (
            sa.select(OPTION_POSITION)
            .where(table.product == product, table.expiry == expiry, table.end_us <= latest_us)
            .order_by(table.end_us.desc())
            .limit(1)
        )
        try:
            return await self._database.reading(
                lambda connection: next((positions_of_row(tuple(row)) for row in connection.execute(statement)), None)
            )
        except StoreFailed:
            raise HistoryUnavailable from None
