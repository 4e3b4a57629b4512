"""Prunes alerts."""

from application.ports.clock import Clock
from infrastructure.rules.sql_rules import SqlRules
from infrastructure.settings import RetentionSettings
from infrastructure.storage.retention import step_by_step

_ROWS_A_STEP = 500
_DAY_US = 86_400_000_000


class AlertRetention:
    """The `Pruner` of alerts. Open ones stay.

    The age is relative to the newest alert of their key, so that those of a replayed recording of the past are not
    pruned at once.
    """

    def __init__(self, store: SqlRules, clock: Clock, settings: RetentionSettings) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings

    async def prune(self) -> None:
        store, days = self._store, self._settings.alerts_days
        over_us = await store.alerts_over(self._settings.alerts_max)
        if over_us is not None:
            moment = over_us
            await step_by_step(self._clock, lambda: store.prune(moment, _ROWS_A_STEP), _ROWS_A_STEP)
        if days:
            age_us = int(days * _DAY_US)
            await step_by_step(self._clock, lambda: store.prune_aged(age_us, _ROWS_A_STEP), _ROWS_A_STEP)
