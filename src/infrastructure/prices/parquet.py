"""Writes ticks and candles to Parquet files."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from domain.numbers import Number
from domain.prices.candle import Candle
from domain.prices.price_update import PriceUpdate

_ROWS_AT_ONCE = 50_000
_MOMENT = pa.timestamp("us", tz="UTC")
TICKS = pa.schema(
    {
        "symbol": pa.string(),
        "timestamp": _MOMENT,
        "price": pa.float64(),
        "price_exact": pa.string(),
        "volume": pa.float64(),
        "volume_exact": pa.string(),
        "id": pa.string(),
    }
)
CANDLES = pa.schema(
    {
        "symbol": pa.string(),
        "start": _MOMENT,
        "open": pa.float64(),
        "high": pa.float64(),
        "low": pa.float64(),
        "close": pa.float64(),
        "volume": pa.float64(),
        "vwap": pa.float64(),
        "count": pa.int64(),
        "closed": pa.bool_(),
    }
)


def tick_row(tick: PriceUpdate) -> tuple[Any, ...]:
    """Return a row of TICKS."""
    return (
        tick.symbol,
        tick.timestamp_us,
        float(tick.price),
        _exact(tick.price),
        None if tick.volume is None else float(tick.volume),
        _exact(tick.volume),
        tick.id,
    )


def candle_row(symbol: str, candle: Candle, closed: bool) -> tuple[Any, ...]:
    """Return a row of CANDLES."""
    prices = map(float, (candle.open, candle.high, candle.low, candle.close))
    volume = None if candle.volume is None else float(candle.volume)
    return (symbol, candle.start_us, *prices, volume, candle.vwap, candle.count, closed)


async def write_parquet(file: Path, schema: pa.Schema, rows: AsyncIterator[tuple[Any, ...]]) -> int:
    """Write rows to a file and return how many there were."""
    count = 0
    waiting: list[tuple[Any, ...]] = []
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:

        def write() -> None:
            columns = list(zip(*waiting, strict=True)) or [()] * len(schema)
            writer.write_batch(
                pa.record_batch(
                    [pa.array(column, kind.type) for column, kind in zip(columns, schema, strict=True)], schema
                )
            )

        async for row in rows:
            waiting.append(row)
            count += 1
            if len(waiting) == _ROWS_AT_ONCE:
                write()
                waiting = []
        write()
    return count


def _exact(number: Number | None) -> str | None:
    return str(number) if isinstance(number, Decimal) else None
