"""Prunes summaries of chains, and positions in them."""

from collections.abc import Awaitable, Sequence

import sqlalchemy as sa

from application.ports.clock import Clock
from domain.book import Book
from domain.options.summary_interval import SummaryInterval
from infrastructure.settings import RetentionSettings
from infrastructure.storage.retention import step_by_step
from infrastructure.storage.schema import OPTION_POSITION, OPTION_SUMMARY
from infrastructure.storage.sql_database import SqlDatabase

_ROWS_A_STEP = 500
_DAY_US = 86_400_000_000


class OptionRetention:
    """The `Pruner` of options. The age is relative to the newest quote of the product."""

    def __init__(self, database: SqlDatabase, books: Sequence[Book], clock: Clock, settings: RetentionSettings) -> None:
        self._database = database
        self._books = books
        self._clock = clock
        self._settings = settings

    async def prune(self) -> None:
        settings = self._settings
        start, end = OPTION_SUMMARY.c.start_us, OPTION_POSITION.c.end_us
        for interval in SummaryInterval:
            await self._prune_over(OPTION_SUMMARY, start, [_is(interval)], settings.option_summaries_max)
        await self._prune_over(OPTION_POSITION, end, [], settings.option_positions_max)
        newest = [(product, book.newest_us(product)) for book in self._books for product in list(book.keys())]
        for product, newest_us in newest:
            for interval, days in self._days().items():
                of = [OPTION_SUMMARY.c.product == product, _is(interval)]
                await self._prune_aged(OPTION_SUMMARY, start, of, newest_us, days)
            of = [OPTION_POSITION.c.product == product]
            await self._prune_aged(OPTION_POSITION, end, of, newest_us, settings.option_positions_days)

    async def _prune_over(
        self, table: sa.Table, moment: sa.Column[int], of: list[sa.ColumnElement[bool]], rows_max: int
    ) -> None:
        newest = sa.select(moment).where(*of).order_by(moment.desc())
        over_us = await self._database.scalar(newest.offset(rows_max).limit(1))
        if over_us is not None:
            await self._prune(table, moment, [*of, moment <= over_us])

    async def _prune_aged(
        self,
        table: sa.Table,
        moment: sa.Column[int],
        of: list[sa.ColumnElement[bool]],
        newest_us: int,
        days: float,
    ) -> None:
        if days:
            await self._prune(table, moment, [*of, moment < newest_us - int(days * _DAY_US)])

    async def _prune(self, table: sa.Table, moment: sa.Column[int], where: list[sa.ColumnElement[bool]]) -> None:
        keys = list(table.primary_key.columns)
        oldest = sa.select(*keys).where(*where).order_by(moment).limit(_ROWS_A_STEP)

        def step() -> Awaitable[int]:
            return self._database.delete(sa.delete(table).where(sa.tuple_(*keys).in_(oldest)))

        await step_by_step(self._clock, step, _ROWS_A_STEP)

    def _days(self) -> dict[SummaryInterval, float]:
        """As for candles of the same interval."""
        settings = self._settings
        return {
            SummaryInterval.M1: settings.candles_1m_days,
            SummaryInterval.M5: settings.candles_5m_days,
            SummaryInterval.M15: settings.candles_15m_days,
            SummaryInterval.H1: settings.candles_1h_days,
            SummaryInterval.D1: settings.candles_1d_days,
        }


def _is(interval: SummaryInterval) -> sa.ColumnElement[bool]:
    return OPTION_SUMMARY.c.interval_s == interval.width_us // 1_000_000
