"""Turns Arrow columns into lists, column by column.

Values that need no second look, which is nearly all, are checked with a few passes over the whole column and turned
into a list at once. A column in which one value does need it is read value by value, by the rules for JSON.

The columns have been validated. Rows are positions from 0; `Errors` are by row.
"""

from collections.abc import Callable
from decimal import Decimal
from operator import itemgetter
from sys import intern
from typing import Any, cast

import pyarrow as pa
import pyarrow.compute as pc

from api.http.errors import MalformedBody
from api.ingest.arrow_batches import is_same
from api.timestamps import EARLIEST_MS, EARLIEST_US, LATEST_MS, LATEST_US, InvalidTimestamp, from_milliseconds
from application.errors import FieldError
from domain.numbers import DIGITS_MAX, EXACT, NUMBER_MAX, NUMBER_MIN, InvalidNumber, Number, read_number

Errors = dict[int, list[FieldError]]

# Decimals of so many digits survive a double.
_FLOAT_DIGITS = 15
_EXACT_BELOW = 10**_FLOAT_DIGITS
# Powers of ten up to this one are doubles, so that dividing by them rounds once, and therefore correctly.
_POWER_MAX = 22
_US_PER = {"s": 1_000_000, "ms": 1000, "us": 1}
_VIEW_BYTES = 16
# What the strings of a column may add up to, in multiples of the column's own bytes: views may overlap.
_VIEW_RATIO_MAX = 8
# Of larger dictionaries only the entries in use are decoded, and not kept.
_KEPT_ENTRIES_MAX = 10_000


class Texts:
    """Reads a column of text. Equal texts of a dictionary are the same object, which later look-ups find faster.

    A dictionary is decoded once for all record batches that share it.
    """

    def __init__(self) -> None:
        self._dictionary: Any = None
        self._strings: Any = None
        self._entries: list[str | None] | None = None

    def read(self, column: Any) -> list[str | None]:
        """The texts of a column that is not empty, None where there is none. Raises MalformedBody."""
        if not pa.types.is_dictionary(column.type):
            texts: list[str | None] = _as_strings(column).to_pylist()
            return texts
        indices = column.indices
        entries: Any = self._entries_of(column.dictionary)
        if entries is None:
            used = pc.unique(indices).drop_null().cast(pa.int64())
            entries = dict(zip(used.to_pylist(), self._strings.take(used).to_pylist(), strict=True))
        if indices.null_count:
            return [None if at is None else entries[at] for at in indices.to_pylist()]
        places = _fixed(indices, _FORMATS[indices.type.bit_width, pa.types.is_signed_integer(indices.type)])
        return [entries[places[0]]] if len(places) == 1 else list(itemgetter(*places)(entries))

    def _entries_of(self, dictionary: Any) -> list[str | None] | None:
        """All entries of a dictionary; None if there are too many."""
        if not is_same(dictionary, self._dictionary):
            self._strings = _as_strings(dictionary)
            self._entries = None
            if len(dictionary) <= _KEPT_ENTRIES_MAX:
                # Interned, as the symbols of states and queues are.
                self._entries = [None if text is None else intern(text) for text in self._strings.to_pylist()]
            self._dictionary = dictionary
        return self._entries


def encoded(column: Any) -> Any:
    """A column of text as a dictionary, which is worth it where texts repeat."""
    return column if pa.types.is_dictionary(column.type) else _as_strings(column).dictionary_encode()


def read_numbers(column: Any, field: str, errors: Errors) -> list[Number | None]:
    """The numbers of a column that is not empty, None where there is none or where it is reported in `errors`."""
    kind = column.type
    if column.null_count == len(column):
        return [None] * len(column)
    doubles = column
    if pa.types.is_decimal(kind):
        doubles = _doubles_of_decimals(column)
    elif pa.types.is_integer(kind):
        doubles = _doubles_of_integers(column)
    if doubles is None or not _are_numbers(doubles):
        return _numbers_one_by_one(column, field, errors)
    return _without_nulls(_fixed(doubles, "d"), column, None)


def read_times_us(column: Any, now_us: int, errors: Errors) -> list[int]:
    """The timestamps of a column that is not empty, in microseconds since the epoch; `now_us` where there is none.

    Digits below a microsecond are cut off, as those of RFC 3339 text are.
    """
    if column.null_count == len(column):
        return [now_us] * len(column)
    kind = column.type
    numbers = column.view(pa.int64()) if pa.types.is_timestamp(kind) else column
    low, high = _extremes(numbers)
    if not pa.types.is_timestamp(kind):
        if low >= EARLIEST_MS and high <= LATEST_MS:
            return _without_nulls(_fixed(pc.multiply(numbers, 1000), "q"), column, now_us)
        return _times_one_by_one(numbers, from_milliseconds, now_us, errors)
    if kind.unit == "ns":
        # Beyond the epoch this division rounds up, and that of Python down.
        if low >= 0:
            return _without_nulls(_fixed(pc.divide(numbers, 1000), "q"), column, now_us)
        return _times_one_by_one(numbers, lambda nanoseconds: nanoseconds // 1000, now_us, errors)
    unit_us = _US_PER[kind.unit]
    if low * unit_us >= EARLIEST_US and high * unit_us <= LATEST_US:
        return _without_nulls(_fixed(pc.multiply(numbers, unit_us), "q"), column, now_us)
    return _times_one_by_one(numbers, lambda number: _within_range(number * unit_us), now_us, errors)


def null_rows(column: Any) -> list[int]:
    """The rows without a value. A dictionary's entry may be null as well; those are not found here."""
    rows: list[int] = pc.indices_nonzero(column.is_null()).to_pylist() if column.null_count else []
    return rows


_FORMATS = {
    (8, True): "b",
    (16, True): "h",
    (32, True): "i",
    (64, True): "q",
    (8, False): "B",
    (16, False): "H",
    (32, False): "I",
    (64, False): "Q",
}


def _fixed(column: Any, code: str) -> list[Any]:
    """The values of a column of numbers, with anything where there is none. code: as in the module struct."""
    data = memoryview(column.buffers()[1])
    width = column.type.bit_width // 8
    start = column.offset * width
    values: list[Any] = data[start : start + len(column) * width].cast("B").cast(cast("Any", code)).tolist()
    return values


def _without_nulls(values: list[Any], column: Any, default: int | None) -> list[Any]:
    for row in null_rows(column):
        values[row] = default
    return values


def _extremes(column: Any) -> tuple[Any, Any]:
    found = pc.min_max(column).as_py()
    return found["min"], found["max"]


def _are_numbers(doubles: Any) -> bool:
    """Whether all are zero or doubles of full precision."""
    low, high = _extremes(doubles)
    if low < NUMBER_MIN:
        sizes = pc.abs(doubles.filter(pc.not_equal(doubles, 0.0)))
        low, high = _extremes(sizes) if len(sizes) > sizes.null_count else (NUMBER_MAX, NUMBER_MAX)
    # The extremes leave out NaN, but a sum does not.
    total = pc.sum(doubles).as_py()
    return bool(low >= NUMBER_MIN and high <= NUMBER_MAX and total == total)  # noqa: PLR0124  # untrue of NaN


def _doubles_of_integers(column: Any) -> Any:
    low, high = _extremes(column)
    return column.cast(pa.float64()) if low > -_EXACT_BELOW and high < _EXACT_BELOW else None


def _doubles_of_decimals(column: Any) -> Any:
    """The nearest doubles of decimals that they are lossless for; None if there may be others."""
    low, high = _extremes(column)
    whole_digits = len(str(int(max(abs(low), abs(high)))))
    scale = min(column.type.scale, _FLOAT_DIGITS - whole_digits)
    if not 0 <= scale <= _POWER_MAX:
        return None
    try:
        short = column.cast(pa.decimal128(38, scale))
        units = pa.Array.from_buffers(pa.decimal128(38, 0), len(short), short.buffers(), offset=short.offset)
        return pc.divide(units.cast(pa.int64()).cast(pa.float64()), float(10**scale))
    except pa.ArrowException:
        # There are more digits than that.
        return None


def _numbers_one_by_one(column: Any, field: str, errors: Errors) -> list[Number | None]:
    numbers: list[Number | None] = []
    for row, value in enumerate(column.to_pylist()):
        try:
            numbers.append(None if value is None else read_number(_written(value)))
        except InvalidNumber as error:
            errors.setdefault(row, []).append(FieldError(field, "invalid_number", str(error)))
            numbers.append(None)
    return numbers


def _written(value: Any) -> str:
    if isinstance(value, Decimal) and len(value.as_tuple().digits) > DIGITS_MAX:
        # The type, not the value, says how many zeros there are at the end.
        value = value.normalize(EXACT)
    return repr(value) if isinstance(value, float) else str(value)


def _times_one_by_one(numbers: Any, read: Callable[[int], int], now_us: int, errors: Errors) -> list[int]:
    times_us = []
    for row, number in enumerate(numbers.to_pylist()):
        try:
            times_us.append(now_us if number is None else read(number))
        except InvalidTimestamp as error:
            errors.setdefault(row, []).append(FieldError("timestamp", "invalid_timestamp", str(error)))
            times_us.append(now_us)
    return times_us


def _within_range(moment_us: int) -> int:
    if not EARLIEST_US <= moment_us <= LATEST_US:
        raise InvalidTimestamp("must lie within the years 1 to 9999")
    return moment_us


def _as_strings(column: Any) -> Any:
    """A column of text with its texts side by side. Raises MalformedBody if that takes far more memory than it has."""
    if not pa.types.is_string_view(column.type) or not len(column):
        return column
    start = column.offset * _VIEW_BYTES
    views = memoryview(column.buffers()[1])[start : start + len(column) * _VIEW_BYTES].cast("B").cast("i")
    # A view begins with its length.
    lengths = _without_nulls(views[::4].tolist(), column, 0)
    if sum(lengths) > _VIEW_RATIO_MAX * column.nbytes:
        raise MalformedBody("The string views of an Arrow column overlap too much; send strings or a dictionary.")
    if column.null_count:
        # The view of a null may lead anywhere, and pyarrow 26 follows it when it casts.
        return pa.array(column.to_pylist(), pa.large_string())
    return column.cast(pa.large_string())
