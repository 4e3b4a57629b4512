"""The port for back-tests."""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from domain.rules.backtest import BacktestResult
from domain.rules.rule import Rule


class BacktestState(Enum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Backtest:
    """A back-test as of some moment. progress: from 0 to 1. result: once it is done."""

    id: str
    rule: Rule
    state: BacktestState
    progress: float
    result: BacktestResult | None


class Backtests(Protocol):
    async def start(self, rule: Rule, from_us: int | None, to_us: int | None) -> str:
        """Show the log within [from, to) to a rule, in a process of its own. Return the id of the back-test.

        Raises:
            HistoryDisabled: there is no log.
            TooManyBacktests: as many run as may.
        """
        ...

    async def ended(self, backtest_id: str) -> Backtest:
        """Wait until a known back-test has ended."""
        ...

    def get(self, backtest_id: str) -> Backtest | None: ...

    def cancel(self, backtest_id: str) -> None:
        """End a back-test, if it runs."""
        ...
