"""Find out what a rule would have raised."""

import asyncio
from dataclasses import dataclass
from typing import Any

from application.errors import FieldError, ValidationFailed
from application.mediator import Message
from application.rules.limits import check_keys
from application.rules.ports.backtests import Backtest, Backtests
from application.rules.rule_reading import RuleReader


@dataclass(frozen=True, slots=True)
class StartBacktest(Message[Backtest]):
    """values: the fields of a rule. from_us, to_us: of the observations, None for all. prefixes: as in `CreateRule`.

    waits: whether for its end. One that is not waited for any more is cancelled.
    """

    values: Any
    from_us: int | None = None
    to_us: int | None = None
    prefixes: tuple[str, ...] = ()
    waits: bool = True


class StartBacktestHandler:
    def __init__(self, backtests: Backtests, reader: RuleReader) -> None:
        self._backtests = backtests
        self._reader = reader

    async def handle(self, command: StartBacktest) -> Backtest:
        """Raises ValidationFailed, HistoryDisabled, TooManyBacktests."""
        rule = self._reader.read(command.values)
        check_keys(rule, command.prefixes)
        if command.from_us is not None and command.to_us is not None and command.from_us >= command.to_us:
            raise ValidationFailed([FieldError("to", "out_of_range", "must be later than from")])
        backtest_id = await self._backtests.start(rule, command.from_us, command.to_us)
        if not command.waits:
            found = self._backtests.get(backtest_id)
            assert found is not None, "it has just begun"
            return found
        try:
            return await self._backtests.ended(backtest_id)
        except asyncio.CancelledError:
            self._backtests.cancel(backtest_id)
            raise
