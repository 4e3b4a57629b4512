"""The ticks and candles that `marketdata export` reads from the store."""

from collections.abc import AsyncIterator, Iterable
from typing import Any, NamedTuple

from application.processing.time_range import LATEST_US
from domain.bars import Interval
from domain.prices.price_update import PriceUpdate
from infrastructure.prices.price_format import PRICES
from infrastructure.storage.candle_chunks import CHUNK
from infrastructure.storage.candle_store import CandleStore
from infrastructure.storage.recovery import without_forgotten
from infrastructure.storage.store import Place, Store

_TICKS_AT_ONCE = 50_000
_CHUNKS_AT_ONCE = 100


class ExportedCandle(NamedTuple):
    """closed: a tick after the candle's end has been stored, as in `CandleView`."""

    symbol: str
    candle: Any
    closed: bool


async def all_ticks(store: Store, from_us: int, to_us: int) -> AsyncIterator[PriceUpdate]:
    """In order of arrival."""
    forgotten = await store.forgotten()
    async for stored in store.blocks(None):
        block = without_forgotten(stored, forgotten)
        for at in range(len(block.columns)) if block.subject == PRICES else ():
            tick: PriceUpdate = block.columns[at]
            if from_us <= tick.timestamp_us < to_us:
                yield tick


async def ticks_of(
    store: Store, symbols: Iterable[str], from_us: int, to_us: int, subject: str = PRICES
) -> AsyncIterator[Any]:
    """Symbol by symbol, each in order of arrival."""
    for symbol in symbols:
        after: Place | None = None
        while page := await store.observations(subject, symbol, from_us, to_us, after, _TICKS_AT_ONCE):
            for place, tick in page:
                yield tick
                after = place


async def candles_of(
    store: CandleStore, symbols: Iterable[str], interval: Interval, from_us: int, to_us: int
) -> AsyncIterator[ExportedCandle]:
    """Symbol by symbol, oldest first."""
    for symbol in symbols:
        last: Any = None
        async for candle in _candles(store, symbol, interval, from_us, to_us):
            if last is not None:
                yield ExportedCandle(symbol, last, True)
            last = candle
        if last is not None:
            # A tick after its end is in a later candle, which is in the same chunk or the next.
            later = await store.candles(symbol, interval, last.start_us + interval.width_us, LATEST_US, 2)
            yield ExportedCandle(symbol, last, any(found for _, _, found in later))


async def _candles(store: CandleStore, symbol: str, interval: Interval, from_us: int, to_us: int) -> AsyncIterator[Any]:
    position_us = from_us
    while chunks := await store.candles(symbol, interval, position_us, to_us, _CHUNKS_AT_ONCE):
        for _, _, candles in chunks:
            for candle in candles:
                yield candle
        position_us = chunks[-1][0] + CHUNK * interval.width_us
