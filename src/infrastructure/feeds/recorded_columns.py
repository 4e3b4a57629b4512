"""Recorded ticks in Arrow columns, for the service to read as they are."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def arrow_stream(columns: Mapping[str, Any]) -> bytes | None:
    """The Arrow IPC stream of ticks.

    columns: arrays by field. None if one is of a type that the service does not take, such as numbers in text: JSON
    says more about those.
    """
    taken = {field: _taken(field, column) for field, column in columns.items()}
    if any(column is None for column in taken.values()):
        return None
    batch = pa.record_batch(taken)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _taken(field: str, column: Any) -> Any:
    """A column in a type that the service takes; None if it has another."""
    kind, types = column.type, pa.types
    if field in ("symbol", "id"):
        text = kind.value_type if types.is_dictionary(kind) else kind
        if not (types.is_string(text) or types.is_large_string(text)):
            return None
        # Symbols repeat, ids do not.
        return column if types.is_dictionary(kind) or field == "id" else column.dictionary_encode()
    if field == "timestamp":
        if types.is_timestamp(kind):
            # Without a time zone it is in UTC.
            return column.cast(pa.timestamp(kind.unit, "UTC"))
        return column if types.is_int64(kind) else None
    if types.is_float64(kind):
        # NaN, which pandas writes for a missing number, is none.
        return pc.if_else(pc.is_nan(column), pa.scalar(None, kind), column)
    return column if types.is_integer(kind) or types.is_decimal128(kind) or types.is_decimal256(kind) else None
