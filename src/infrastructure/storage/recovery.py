"""Brings back what a store holds, as if nothing had happened."""

from collections.abc import Sequence
from typing import Protocol

import structlog

from domain.candle_book import CandleBook
from domain.symbol_book import SymbolBook
from domain.ticks import Ticks
from infrastructure.processing.partitioned_processor import partition_of
from infrastructure.storage.payloads import Corrupt
from infrastructure.storage.records import Position
from infrastructure.storage.store import Store


class Continued(Protocol):
    """What goes on where a log ends."""

    def go_on_from(self, position: Position, candles: CandleBook) -> None: ...


_log = structlog.stdlib.get_logger(__name__)


async def recover(store: Store, books: Sequence[SymbolBook], journal: Continued) -> int:
    """Fill the books and let the journal go on where the log ends; how many ticks of the log that took.

    Every state that is stored is taken over, and the ticks that came after it are applied again. Their anomalies are
    stored already.

    Raises:
        Corrupt: the store is damaged.
    """
    await store.verify()
    position = await store.position()
    known_to: dict[str, int] = {}
    for state in await store.states():
        known_to[state.memento.symbol] = state.seq
        books[partition_of(state.memento.symbol, len(books))].take_over(state.memento)
    newest_state = max(known_to.values(), default=0)
    candles = CandleBook()
    seq = min(position.recover_from, position.candles_seq)
    count = 0
    async for block in store.blocks(seq):
        seq = block.seq
        count += len(block.ticks)
        if seq > position.candles_seq:
            candles.apply(block.ticks)
        if seq > position.recover_from:
            _apply(block.ticks, books, seq, known_to if seq <= newest_state else {})
    if seq < position.last_seq:
        raise Corrupt(f"the tick log ends with block {seq} and should go on to block {position.last_seq}")
    journal.go_on_from(position, candles)
    if known_to or count:
        _log.info("recovered", symbols=sum(map(len, books)), states=len(known_to), ticks_replayed=count)
    return count


def _apply(ticks: Ticks, books: Sequence[SymbolBook], seq: int, known_to: dict[str, int]) -> None:
    """Apply what is newer than the states: of each symbol, the blocks behind `known_to`."""
    places = {
        symbol: None if known_to.get(symbol, 0) >= seq else partition_of(symbol, len(books))
        for symbol in dict.fromkeys(ticks.symbols)
    }
    for index, line in ticks.spread(list(map(places.__getitem__, ticks.symbols))).items():
        books[index].apply(line)
