"""Summaries of intervals: what is not written yet from memory, the others from the store."""

from collections.abc import Sequence

import sqlalchemy as sa

from application.errors import HistoryUnavailable
from domain.options.option_book import SummaryPoint
from domain.options.summary_interval import SummaryInterval
from infrastructure.options.option_format import summary_of_row
from infrastructure.options.recent_summaries import RecentSummaries
from infrastructure.storage.schema import OPTION_SUMMARY
from infrastructure.storage.sql_database import SqlDatabase
from infrastructure.storage.store import StoreFailed


class StoredSummaries:
    """The `SummaryHistory` of a service with a store. recent: what has been published since the start."""

    def __init__(self, recent: RecentSummaries, database: SqlDatabase) -> None:
        self._recent = recent
        self._database = database

    async def summaries(
        self,
        product: str,
        expiry: str,
        interval: SummaryInterval,
        from_us: int,
        to_us: int,
        limit: int,
        newest_first: bool = False,
    ) -> Sequence[SummaryPoint]:
        recent = await self._recent.summaries(product, expiry, interval, from_us, to_us, limit, newest_first)
        oldest_us = self._recent.oldest_us(product, expiry, interval)
        if newest_first and len(recent) == limit:
            return recent
        # The store may lack the newest ones.
        stored_to_us = to_us if oldest_us is None else min(to_us, oldest_us)
        stored = await self._stored(product, expiry, interval, from_us, stored_to_us, limit, newest_first)
        return ([*recent, *stored] if newest_first else [*stored, *recent])[:limit]

    async def _stored(
        self,
        product: str,
        expiry: str,
        interval: SummaryInterval,
        from_us: int,
        to_us: int,
        limit: int,
        newest_first: bool,
    ) -> list[SummaryPoint]:
        table = OPTION_SUMMARY.c
        statement = (
            sa.select(OPTION_SUMMARY)
            .where(table.product == product, table.expiry == expiry)
            .where(table.interval_s == interval.width_us // 1_000_000)
            .where(table.start_us >= from_us, table.start_us < to_us)
            .order_by(table.start_us.desc() if newest_first else table.start_us)
            .limit(limit)
        )
        try:
            return await self._database.reading(
                lambda connection: [summary_of_row(tuple(row)) for row in connection.execute(statement)]
            )
        except StoreFailed:
            raise HistoryUnavailable from None
