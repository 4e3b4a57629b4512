"""Process one tick."""

from dataclasses import dataclass, replace

from application.errors import ValidationFailed
from application.mediator import Message
from application.ports.journal import Journal
from application.ports.processor import Patience, Processor
from application.prices.commands.tick_rules import TickRules
from application.processing.batches import FORBIDDEN_SYMBOL
from application.processing.durability import Durability, submit
from domain.access.principal import ANYBODY, Principal
from domain.prices.ticks import Ticks


@dataclass(frozen=True, slots=True)
class ProcessPriceUpdate(Message[bool]):
    """Answered once the tick has reached `durability`: whether it is new, not a duplicate.

    tick: a batch of one.
    patience: how long to wait for room in its queue before the queue's policy applies.
    sender: who it comes from.
    """

    tick: Ticks
    durability: Durability = Durability.MEMORY
    patience: Patience = Patience.LIMITED
    sender: Principal = ANYBODY


class ProcessPriceUpdateValidator:
    def __init__(self, rules: TickRules) -> None:
        self._rules = rules

    def validate(self, command: ProcessPriceUpdate) -> ProcessPriceUpdate:
        latest_us = self._rules.latest_us()
        if not self._rules.are_known_valid(command.tick, latest_us):
            update, errors = self._rules.check(command.tick[0], latest_us)
            if errors:
                raise ValidationFailed(errors, ticks=1)
            command = replace(command, tick=Ticks.of((update,)))
        if not command.sender.may_touch(command.tick.symbols[0]):
            raise ValidationFailed([FORBIDDEN_SYMBOL], ticks=1)
        return command


class ProcessPriceUpdateHandler:
    """Raises what `durability.submit` raises, and ValidationFailed at the symbol limit."""

    def __init__(self, processor: Processor, journal: Journal) -> None:
        self._processor = processor
        self._journal = journal

    async def handle(self, command: ProcessPriceUpdate) -> bool:
        submitted = await submit(
            self._processor, self._journal, command.tick, command.durability, command.patience, command.sender.owner
        )
        if submitted.refused:
            raise ValidationFailed([replace(error, index=None) for error in submitted.refused])
        return not submitted.duplicates
