"""Recorded ticks in Parquet files, such as `marketdata export ticks` writes."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from infrastructure.feeds.recorded_columns import arrow_stream
from infrastructure.feeds.recorded_tick import (
    ColumnMapping,
    RecordedBatch,
    RecordedTick,
    UnreadableRecording,
    fields_of,
)

_ARROW = "application/vnd.apache.arrow.stream"
_ROWS_AT_ONCE = 10_000
# Where the service's own export writes, as text, the numbers that a double cannot hold.
_EXACT = {"price": "price_exact", "volume": "volume_exact"}


class ParquetTicks:
    """The ticks of a Parquet file, row by row or in batches.

    A timestamp may be of Arrow's type, in UTC where it has no time zone, an integer of milliseconds, or text.

    Raises:
        UnreadableRecording: the file is damaged, or its columns are not those of ticks.
    """

    def __init__(self, stream: io.BufferedReader, columns: ColumnMapping | None) -> None:
        if not stream.seekable():
            raise UnreadableRecording("Parquet cannot be read from a pipe")
        try:
            self._file = pq.ParquetFile(stream)
        except (pa.ArrowException, OSError) as error:
            raise UnreadableRecording(f"it is not valid Parquet: {error}") from None
        present = self._file.schema_arrow.names
        names = [name for name in present if name not in _EXACT.values()]
        fields = fields_of(names, columns, "its columns must be")
        self._names = {field: name for name, field in zip(names, fields, strict=True) if field}
        self._exact = {field: _EXACT[name] for field, name in self._names.items() if _EXACT.get(name) in present}
        self.rows: int = self._file.metadata.num_rows

    def __iter__(self) -> Iterator[RecordedTick]:
        for first, batch in self._read(_ROWS_AT_ONCE):
            yield from self._rows(first, batch)

    def batches(self, size: int) -> Iterator[RecordedBatch]:
        """The ticks in batches of at most `size`, in columns where the service can take the columns."""
        for first, batch in self._read(size):
            body = None if self._has_exact(batch) else arrow_stream(self._columns_of(batch))
            if body is None:
                yield RecordedBatch.of(list(self._rows(first, batch)))
            else:
                yield RecordedBatch(range(first, first + batch.num_rows), _ARROW, body)

    def _read(self, size: int) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Record batches, each with the number of its first row."""
        number = 1
        try:
            for batch in self._file.iter_batches(size, columns=[*self._names.values(), *self._exact.values()]):
                if batch.num_rows:
                    yield number, batch
                    number += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            raise UnreadableRecording(f"it is damaged after row {number - 1}: {error}") from None

    def _rows(self, first: int, batch: pa.RecordBatch) -> Iterator[RecordedTick]:
        rows = zip(*(self._values(batch, field) for field in self._names), strict=True)
        for number, row in enumerate(rows, first):
            tick = {field: value for field, value in zip(self._names, row, strict=True) if value is not None}
            yield RecordedTick(json.dumps(tick), tick.get("timestamp"), number)

    def _has_exact(self, batch: pa.RecordBatch) -> bool:
        return any(batch.column(name).null_count < batch.num_rows for name in self._exact.values())

    def _columns_of(self, batch: pa.RecordBatch) -> dict[str, Any]:
        return {field: batch.column(name) for field, name in self._names.items()}

    def _values(self, batch: pa.RecordBatch, field: str) -> list[Any]:
        values = _column(batch, self._names[field])
        if field in self._exact:
            exact = _column(batch, self._exact[field])
            return [value if text is None else text for value, text in zip(values, exact, strict=True)]
        return values


def _column(batch: pa.RecordBatch, name: str) -> list[Any]:
    """A column as values of JSON; NaN, which pandas writes for a missing number, is None."""
    column = batch.column(name)
    kind = column.type
    if pa.types.is_timestamp(kind):
        texts = column.cast(pa.timestamp(kind.unit)).cast(pa.string()).to_pylist()
        return [None if text is None else f"{text}Z" for text in texts]
    if pa.types.is_float64(kind):
        return [None if value != value else value for value in column.to_pylist()]  # noqa: PLR0124  # true of NaN
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return list(column.to_pylist())
    try:
        # Decimals and short floats become text with the digits that they stand for.
        texts = column.cast(pa.string()).to_pylist()
    except pa.ArrowException:
        raise UnreadableRecording(f"its column {name!r} is of the type {kind}, which a tick has nowhere") from None
    return [None if text == "nan" else text for text in texts] if pa.types.is_floating(kind) else list(texts)
