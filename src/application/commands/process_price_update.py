"""Take one tick."""

from dataclasses import dataclass, replace

from application.commands.tick_rules import TickRules
from application.errors import ValidationFailed
from application.mediator import Message
from application.ports.market_data_processor import MarketDataProcessor
from domain.ticks import Ticks


@dataclass(frozen=True, slots=True)
class ProcessPriceUpdate(Message[None]):
    """Answered once the tick is accepted. tick: one, as a batch of one."""

    tick: Ticks


class ProcessPriceUpdateValidator:
    def __init__(self, rules: TickRules) -> None:
        self._rules = rules

    def validate(self, command: ProcessPriceUpdate) -> ProcessPriceUpdate:
        latest_us = self._rules.latest_us()
        if self._rules.are_plain(command.tick, latest_us):
            return command
        update, errors = self._rules.check(command.tick[0], latest_us)
        if errors:
            raise ValidationFailed(errors, ticks=1)
        return ProcessPriceUpdate(Ticks.of((update,)))


class ProcessPriceUpdateHandler:
    """Raises QueueFull or Draining where the tick cannot be taken now, ValidationFailed at the symbol limit."""

    def __init__(self, processor: MarketDataProcessor) -> None:
        self._processor = processor

    async def handle(self, command: ProcessPriceUpdate) -> None:
        submitted = await self._processor.submit(command.tick)
        if submitted.refused:
            raise ValidationFailed([replace(error, index=None) for error in submitted.refused])
