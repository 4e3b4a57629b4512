"""Writes rows to Parquet files."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

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
    }
)


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
