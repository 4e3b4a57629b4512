"""Cancel a back-test."""

from dataclasses import dataclass

from application.mediator import Message
from application.rules.errors import BacktestNotFound
from application.rules.limits import may_change
from application.rules.ports.backtests import Backtests


@dataclass(frozen=True, slots=True)
class CancelBacktest(Message[None]):
    """prefixes: of the keys that the caller is limited to."""

    backtest_id: str
    prefixes: tuple[str, ...] = ()


class CancelBacktestHandler:
    def __init__(self, backtests: Backtests) -> None:
        self._backtests = backtests

    async def handle(self, command: CancelBacktest) -> None:
        """Raises BacktestNotFound."""
        found = self._backtests.get(command.backtest_id)
        if found is None or not may_change(found.rule, command.prefixes):
            raise BacktestNotFound(command.backtest_id)
        self._backtests.cancel(command.backtest_id)
