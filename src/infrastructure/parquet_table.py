"""What a table in a Parquet file looks like, for any subject; without pyarrow, which is slow to import."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

from domain.numbers import Number


class Kind(Enum):
    """What is in a column. MOMENT: microseconds since the Unix epoch, in UTC."""

    TEXT = "text"
    MOMENT = "moment"
    NUMBER = "number"
    COUNT = "count"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class ParquetTable:
    """columns: by name, in order. row: makes the row of an item, a value a column."""

    columns: Mapping[str, Kind]
    row: Callable[[Any], tuple[Any, ...]]


def exact_text(number: Number | None) -> str | None:
    """Return a number in full if a double cannot hold it, for a column beside that of the double."""
    return str(number) if isinstance(number, Decimal) else None
