"""Process a batch of trades: accept the valid ones, report the invalid ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from application.errors import BatchTooLarge, FieldError, ValidationFailed
from application.mediator import Message
from application.ports.journal import Journal
from application.ports.processor import Patience, Processor
from application.processing.batches import ERRORS_REPORTED_MAX, FORBIDDEN_SYMBOL, BatchResult
from application.processing.durability import Durability, submit
from application.trades.commands.trade_rules import TradeRules
from application.trades.ports.price_feed import PriceFeed
from domain.access.principal import ANYBODY, Principal
from domain.trades.trade import Trade
from domain.trades.trades import Trades


@dataclass(frozen=True, slots=True)
class ProcessTradeBatch(Message[BatchResult]):
    """Answered once the valid trades have reached `durability`.

    trades: those that could be decoded.
    indexes: their positions in the batch; None if the whole batch could be decoded.
    rejected: number of trades in the batch already known to be invalid.
    errors: the errors of those, with their index.
    patience: how long to wait for room in the queues before their policy applies.
    sender: who it comes from.
    """

    trades: Trades
    indexes: Sequence[int] | None = None
    rejected: int = 0
    errors: tuple[FieldError, ...] = ()
    patience: Patience = Patience.LIMITED
    durability: Durability = Durability.MEMORY
    sender: Principal = ANYBODY

    @property
    def count(self) -> int:
        """Trades in the batch, invalid ones included."""
        return len(self.trades) + self.rejected

    def index_of(self, position: int) -> int:
        return position if self.indexes is None else self.indexes[position]


class ProcessTradeBatchValidator:
    """trades_max: the largest batch accepted."""

    def __init__(self, rules: TradeRules, trades_max: int) -> None:
        self._rules = rules
        self._trades_max = trades_max

    def validate(self, command: ProcessTradeBatch) -> ProcessTradeBatch:
        """Return the batch without its invalid trades, which are reported in `errors`.

        Raises:
            BatchTooLarge: it has more than `trades_max` trades; none is counted.
            ValidationFailed: it has no valid trade.
        """
        count = command.count
        if count > self._trades_max:
            raise BatchTooLarge(count, self._trades_max)
        if count == 0:
            raise ValidationFailed([FieldError("", "empty", "the batch has no trade")])
        latest_us = self._rules.latest_us()
        limited = bool(command.sender.prefixes)
        if command.trades and (limited or not self._rules.are_known_valid(command.trades, latest_us)):
            command = self._drop_invalid(command, latest_us)
        if not command.trades:
            raise ValidationFailed(command.errors[:ERRORS_REPORTED_MAX], ticks=command.rejected)
        return command

    def _drop_invalid(self, command: ProcessTradeBatch, latest_us: int) -> ProcessTradeBatch:
        good: list[Trade] = []
        indexes: list[int] = []
        found = list(command.errors)
        for position, given in enumerate(command.trades):
            index = command.index_of(position)
            trade, errors = self._rules.check(given, latest_us)
            if not errors and not command.sender.may_touch(trade.symbol):
                errors = [FORBIDDEN_SYMBOL]
            if errors:
                found += [error.at(index) for error in errors]
            else:
                good.append(trade)
                indexes.append(index)
        bad = len(command.trades) - len(good)
        found.sort(key=lambda error: -1 if error.index is None else error.index)
        return replace(
            command, trades=Trades.of(good), indexes=indexes, rejected=command.rejected + bad, errors=tuple(found)
        )


class ProcessTradeBatchHandler:
    """Raises what `durability.submit` raises, and ValidationFailed if the symbol limit refuses every trade.

    prices: where the prices of trades go; None if they go nowhere.
    """

    def __init__(self, processor: Processor, journal: Journal, prices: PriceFeed | None) -> None:
        self._processor = processor
        self._journal = journal
        self._prices = prices

    async def handle(self, command: ProcessTradeBatch) -> BatchResult:
        if command.rejected:
            self._processor.reject(command.rejected)
        # Before the processor owns the trades.
        given = command.trades
        trades = list(given) if self._prices is not None and given.prices is not None else []
        submitted = await submit(
            self._processor, self._journal, given, command.durability, command.patience, command.sender.owner
        )
        refused = [error.at(command.index_of(error.index or 0)) for error in submitted.refused]
        errors = sorted([*command.errors, *refused], key=lambda error: error.index or 0)[:ERRORS_REPORTED_MAX]
        if submitted.accepted == submitted.duplicates == 0:
            raise ValidationFailed(errors)
        if self._prices is not None and trades:
            out = {error.index for error in submitted.refused}
            priced = [trade for at, trade in enumerate(trades) if trade.price is not None and at not in out]
            if priced:
                await self._prices.submit(priced, command.durability, command.sender)
        return BatchResult(submitted.accepted, command.rejected + len(refused), tuple(errors), submitted.duplicates)
