"""Lists of records that become Arrow tables and pandas frames, and tables that become request bodies."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import msgspec

from marketdata_client.records import Wire

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

ARROW_STREAM = "application/vnd.apache.arrow.stream"

R = TypeVar("R", bound=Wire)


class Records(list[R]):
    """Records of one type, with a column for each of their fields.

    In tables prices and volumes are float64, which rounds those of more than 15 digits; the records have every digit.
    Times are microseconds in UTC.
    """

    def __init__(self, kind: type[R], items: Iterable[R] = ()) -> None:
        super().__init__(items)
        self._kind = kind

    def to_arrow(self) -> "pa.Table":
        """Return a pyarrow Table. Raises ImportError without pyarrow."""
        arrow = needed("pyarrow")
        types = {
            str: arrow.string(),
            Decimal: arrow.float64(),
            float: arrow.float64(),
            int: arrow.int64(),
            bool: arrow.bool_(),
            datetime: arrow.timestamp("us", tz="UTC"),
        }
        columns = {}
        for field in msgspec.structs.fields(self._kind):
            kind = _kind_of(field)
            values = [getattr(record, field.name) for record in self]
            if kind is Decimal:
                values = [None if value is None else float(value) for value in values]
            columns[field.name] = arrow.array(values, types[kind])
        return arrow.table(columns)

    def to_pandas(self) -> "pd.DataFrame":
        """Return a DataFrame indexed by time: start, timestamp, detected_at or started_at.

        Raises ImportError without pandas or pyarrow.
        """
        needed("pandas")
        time = next(field.name for field in msgspec.structs.fields(self._kind) if _kind_of(field) is datetime)
        frame: pd.DataFrame = self.to_arrow().to_pandas()
        return frame.set_index(time)


def stream_of(table: "pa.Table") -> bytes:
    """The Arrow IPC stream of a table, in one record batch."""
    arrow = needed("pyarrow")
    sink = arrow.BufferOutputStream()
    with arrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    content: bytes = sink.getvalue().to_pybytes()
    return content


def needed(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(f"{name} is needed for this: install marketdata[pandas]") from error


def _kind_of(field: msgspec.structs.FieldInfo) -> type[Any]:
    """The type of a field that is not None: Decimal of `Decimal | None`, str of a Literal."""
    kind = next(iter(get_args(field.type)), field.type)
    return kind if isinstance(kind, type) else type(kind)
