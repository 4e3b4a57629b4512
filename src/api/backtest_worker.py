"""The process of one back-test: `python -m api.backtest_worker`, started by the service."""

import asyncio
import os
import pickle
import sys
from collections.abc import Sequence
from time import monotonic

from api.subjects.features import Entry
from api.subjects.registry import subjects_of
from domain.rules.rule import Rule
from infrastructure.rules.backtesting import Period, backtest
from infrastructure.rules.backtests import frame_of
from infrastructure.settings import Settings
from infrastructure.storage.stores import store_of

# Ticks that come in go first.
_NICE = 10
_TELL_SECONDS = 0.1


async def _run(settings: Settings, registry: Sequence[Entry], rule: Rule, period: Period) -> None:
    subjects = {entry.define(settings).name: entry.define(settings) for entry in registry}
    store = store_of(settings.store, subjects_of(settings, registry), read_only=True)
    told = monotonic()

    def progress(share: float) -> None:
        nonlocal told
        if monotonic() - told >= _TELL_SECONDS:
            told = monotonic()
            _tell(frame_of(share))

    try:
        await store.open()
        _tell(frame_of(await backtest(store, subjects[rule.subject], rule, period, progress)))
    finally:
        await store.close()


def _tell(frame: bytes) -> None:
    sys.stdout.buffer.write(frame)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    os.nice(_NICE)
    (given_settings, given_registry), given_rule, given_period = pickle.load(sys.stdin.buffer)  # noqa: S301  # of the service
    asyncio.run(_run(given_settings, given_registry, given_rule, given_period))
