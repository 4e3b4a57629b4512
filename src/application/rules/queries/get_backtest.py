"""How far a back-test is, and what came of it."""

from dataclasses import dataclass

from application.mediator import Message
from application.rules.errors import BacktestNotFound
from application.rules.limits import may_change
from application.rules.ports.backtests import Backtest, Backtests


@dataclass(frozen=True, slots=True)
class GetBacktest(Message[Backtest]):
    """prefixes: of the keys that the caller is limited to."""

    backtest_id: str
    prefixes: tuple[str, ...] = ()


class GetBacktestHandler:
    def __init__(self, backtests: Backtests) -> None:
        self._backtests = backtests

    async def handle(self, query: GetBacktest) -> Backtest:
        """Raises BacktestNotFound."""
        found = self._backtests.get(query.backtest_id)
        if found is None or not may_change(found.rule, query.prefixes):
            raise BacktestNotFound(query.backtest_id)
        return found
