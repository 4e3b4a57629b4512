"""Ticks and candles as tables in Parquet files."""

from typing import Any

from domain.prices.candle import Candle
from domain.prices.price_update import PriceUpdate
from infrastructure.parquet_table import Kind, ParquetTable, exact_text


def _tick_row(tick: PriceUpdate) -> tuple[Any, ...]:
    volume = None if tick.volume is None else float(tick.volume)
    price, exact = float(tick.price), exact_text(tick.price)
    return tick.symbol, tick.timestamp_us, price, exact, volume, exact_text(tick.volume), tick.id


def _candle_row(item: tuple[str, Candle, bool]) -> tuple[Any, ...]:
    symbol, candle, closed = item
    prices = map(float, (candle.open, candle.high, candle.low, candle.close))
    volume = None if candle.volume is None else float(candle.volume)
    return (symbol, candle.start_us, *prices, volume, candle.vwap, candle.count, closed)


TICK_TABLE = ParquetTable(
    {
        "symbol": Kind.TEXT,
        "timestamp": Kind.MOMENT,
        "price": Kind.NUMBER,
        "price_exact": Kind.TEXT,
        "volume": Kind.NUMBER,
        "volume_exact": Kind.TEXT,
        "id": Kind.TEXT,
    },
    _tick_row,
)
# Of (symbol, candle, whether it is closed).
CANDLE_TABLE = ParquetTable(
    {
        "symbol": Kind.TEXT,
        "start": Kind.MOMENT,
        "open": Kind.NUMBER,
        "high": Kind.NUMBER,
        "low": Kind.NUMBER,
        "close": Kind.NUMBER,
        "volume": Kind.NUMBER,
        "vwap": Kind.NUMBER,
        "count": Kind.COUNT,
        "closed": Kind.FLAG,
    },
    _candle_row,
)
