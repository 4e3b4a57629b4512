"""Batches for stores, as a journal makes them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from application.ports.journal import StoredAnswer
from domain.prices.candle_book import CandleBook
from domain.prices.price_update import PriceUpdate
from domain.prices.spike_rule import SpikeRule
from domain.prices.symbol_book import SymbolBook
from domain.prices.symbol_state import StatisticsRules
from domain.prices.ticks import Ticks
from infrastructure.prices.price_format import PRICES
from infrastructure.prices.subject import prices_by
from infrastructure.storage.block_builder import BlockBuilder
from infrastructure.storage.records import Batch, LoggedEvent, State

RULES = StatisticsRules(moving_average_size=4, window_us=1_000_000, spike=SpikeRule(Decimal("2.0")))
SUBJECT = prices_by(RULES)
START_US = 1_700_000_000_000_000


def tick(symbol: str, price: Any, ms: int, volume: Any = None, tick_id: str | None = None) -> PriceUpdate:
    """ms: after `START_US`."""
    return PriceUpdate(symbol, price, START_US + ms * 1000, volume, tick_id)


class Batches:
    """Makes consecutive batches, each with everything that its ticks produce."""

    def __init__(self) -> None:
        self.book = SymbolBook(RULES)
        self.number = 0
        self.seq = 0

    def next(
        self,
        *groups: Sequence[PriceUpdate],
        states: bool = True,
        candles: bool = True,
        answers: Sequence[StoredAnswer] = (),
        written_us: int = START_US,
    ) -> Batch:
        """groups: ticks added to the log together."""
        self.number += 1
        blocks, candle_book, events = BlockBuilder(SUBJECT), CandleBook(), []
        for group in groups:
            ticks = Ticks.of(group)
            applied = self.book.apply(ticks)
            candle_book.apply(ticks)
            number, first = blocks.add(ticks)
            events += [LoggedEvent(update, number, first) for update in applied.updates]
            events += [
                LoggedEvent(event, number, first + at) for event, at in zip(applied.events, applied.places, strict=True)
            ]
        count = blocks.count
        batch = Batch(self.number, written_us, self.seq + 1, blocks.take(), count, {PRICES: events}, answers)
        self.seq = batch.last_seq
        if candles:
            batch.aggregates = {PRICES: candle_book}
        if states:
            batch.states = [State(PRICES, symbol, self.book.checkpoint(symbol)) for symbol in self.book.keys()]
            batch.recover_from = batch.last_seq
        return batch
