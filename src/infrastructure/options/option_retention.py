"""Prunes summaries of chains."""

from collections.abc import Awaitable, Sequence

import sqlalchemy as sa

from application.ports.clock import Clock
from domain.book import Book
from infrastructure.settings import RetentionSettings
from infrastructure.storage.retention import step_by_step
from infrastructure.storage.schema import OPTION_SUMMARY
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
        table, settings = OPTION_SUMMARY.c, self._settings
        over_us = await self._database.scalar(
            sa.select(table.start_us).order_by(table.start_us.desc()).offset(settings.option_summaries_max).limit(1)
        )
        if over_us is not None:
            await self._prune(None, over_us)
        if settings.option_summaries_days:
            for book in self._books:
                for product in list(book.keys()):
                    aged_us = book.newest_us(product) - int(settings.option_summaries_days * _DAY_US)
                    await self._prune(product, aged_us)

    async def _prune(self, product: str | None, before_us: int) -> None:
        table = OPTION_SUMMARY.c
        key = sa.tuple_(table.product, table.expiry, table.start_us)
        oldest = sa.select(table.product, table.expiry, table.start_us).where(table.start_us < before_us)
        if product is not None:
            oldest = oldest.where(table.product == product)
        oldest = oldest.order_by(table.start_us).limit(_ROWS_A_STEP)

        def step() -> Awaitable[int]:
            return self._database.delete(sa.delete(OPTION_SUMMARY).where(key.in_(oldest)))

        await step_by_step(self._clock, step, _ROWS_A_STEP)
