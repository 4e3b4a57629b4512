"""Writes tables as Parquet. Import it only where that is done: pyarrow takes as long to import as everything else."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from infrastructure.parquet_table import Kind, ParquetTable

_TYPES = {
    Kind.TEXT: pa.string(),
    Kind.MOMENT: pa.timestamp("us", tz="UTC"),
    Kind.NUMBER: pa.float64(),
    Kind.COUNT: pa.int64(),
    Kind.FLAG: pa.bool_(),
}


class ParquetWriter:
    """Writes the rows of one table, compressed with zstd. A file is complete once it is closed, even without rows.

    where: a file, or an object with a method `write`, which gets everything that is ready at once.
    """

    def __init__(self, where: Path | Any, table: ParquetTable) -> None:
        self._row = table.row
        self._schema = pa.schema({name: _TYPES[kind] for name, kind in table.columns.items()})
        self._writer = pq.ParquetWriter(where, self._schema, compression="zstd")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def write(self, items: Sequence[Any]) -> None:
        """Write items as one group of rows, if there are any."""
        if items:
            columns = zip(*map(self._row, items), strict=True)
            arrays = [pa.array(column, field.type) for column, field in zip(columns, self._schema, strict=True)]
            self._writer.write_batch(pa.record_batch(arrays, self._schema))

    def close(self) -> None:
        self._writer.close()
