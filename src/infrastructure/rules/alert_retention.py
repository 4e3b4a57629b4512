"""Prunes alerts."""

from application.ports.clock import Clock
from infrastructure.rules.sql_rules import SqlRules
from infrastructure.settings import RetentionSettings
from infrastructure.storage.retention import step_by_step

_ROWS_A_STEP = 500
_DAY_US = 86_400_000_000


class AlertRetention:
    """The `Pruner` of alerts. Open ones stay.

    The age is relative to the newest alert, so that those of a replayed recording of the past are not pruned at once.
    """

    def __init__(self, store: SqlRules, clock: Clock, settings: RetentionSettings) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings

    async def prune(self) -> None:
        days = self._settings.alerts_days
        before_us = await self._store.alerts_over(self._settings.alerts_max)
        newest_us = await self._store.alerts_over(0)
        if days and newest_us is not None:
            aged_us = newest_us - int(days * _DAY_US)
            before_us = aged_us if before_us is None else max(aged_us, before_us)
        if before_us is not None:
            moment = before_us
            await step_by_step(self._clock, lambda: self._store.prune(moment, _ROWS_A_STEP), _ROWS_A_STEP)
