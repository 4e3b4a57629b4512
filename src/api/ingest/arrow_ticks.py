"""Decodes Arrow IPC streams into ticks.

Invariant: a tick means the same in JSON and in Arrow. A null is a member left out, a float64 is the number that `repr`
writes, a decimal the number with its digits.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from api.http.errors import MalformedBody
from api.ingest.arrow_batches import RecordBatches
from api.ingest.arrow_columns import Errors, Texts, encoded, null_rows, read_numbers, read_times_us
from api.ingest.arrow_messages import Message, Messages
from application.errors import BatchTooLarge, FieldError
from application.prices.commands.process_price_batch import ProcessPriceBatch
from application.processing.batches import ERRORS_REPORTED_MAX
from domain.columns import present
from domain.prices.ticks import Ticks

# A message costs more than its bytes.
_MESSAGES_MAX = 1000


def decode_arrow(body: bytes, now_us: int, ticks_max: int) -> ProcessPriceBatch:
    """Decode an Arrow IPC stream; `now_us` is the default timestamp.

    Raises:
        MalformedBody: the body is not an Arrow IPC stream with the columns of ticks, or is damaged.
        BatchTooLarge: it has more than `ticks_max` rows; none has been validated.
    """
    if not body:
        raise MalformedBody("The body is empty.")
    messages = _messages(body)
    rows = sum(message.rows for message in messages)
    if rows > ticks_max:
        raise BatchTooLarge(rows, ticks_max)
    batches, reader = RecordBatches(len(body)), RowReader()
    ticks = Ticks([], [], [])
    errors: Errors = {}
    for message in messages:
        batch = batches.read(message)
        if batch is not None and batch.num_rows:
            first = len(ticks)
            more, found = reader.read(batch, now_us)
            if first:
                ticks.extend(more)
            else:
                ticks = more
            errors |= {first + row: these for row, these in found.items()}
    return _command(ticks, errors)


class ArrowTicks:
    """Decodes an Arrow IPC stream as it arrives.

    bytes_max: of one message. rows_max: per piece.
    """

    def __init__(self, bytes_max: int, rows_max: int) -> None:
        self._messages = Messages(bytes_max)
        self._batches = RecordBatches(bytes_max)
        self._reader = RowReader()
        self._rows_max = rows_max

    def feed(self, part: bytes) -> Iterator[tuple[int, Any]]:
        """Yield what is now complete: for each message its size in bytes and None, and then its rows in pieces.

        Raises:
            MalformedBody: the stream is damaged, or has not the columns of ticks.
            BodyTooLarge: a message is larger than `bytes_max`.
        """
        for message in self._messages.feed(part):
            yield len(message.data), None
            batch = self._batches.read(message)
            for start in range(0, 0 if batch is None else batch.num_rows, self._rows_max):
                yield 0, batch.slice(start, self._rows_max)

    def finish(self) -> None:
        """Raises MalformedBody if the stream ended within a message."""
        self._messages.finish()

    def command(self, piece: Any, now_us: int) -> ProcessPriceBatch:
        """The ticks of a piece; `now_us` is the default timestamp. Raises MalformedBody."""
        return _command(*self._reader.read(piece, now_us))


class RowReader:
    """Reads the rows of the record batches of one stream."""

    def __init__(self) -> None:
        self._symbols = Texts()
        self._ids = Texts()

    def read(self, batch: Any, now_us: int) -> tuple[Ticks, Errors]:
        """The ticks of a record batch with at least one row. Those with errors are among them. Raises MalformedBody."""
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        count: int = batch.num_rows
        errors: Errors = {}
        symbol, price = encoded(columns["symbol"]), columns["price"]
        symbols: Any = self._symbols.read(symbol)
        if symbol.null_count or symbol.dictionary.null_count:
            _report_missing("symbol", [row for row, text in enumerate(symbols) if text is None], errors)
        prices: Any = read_numbers(price, "price", errors)
        _report_missing("price", null_rows(price), errors)
        timestamp, volume, tick_id = (columns.get(name) for name in ("timestamp", "volume", "id"))
        times_us = [now_us] * count if timestamp is None else read_times_us(timestamp, now_us, errors)
        volumes = None if volume is None else present(read_numbers(volume, "volume", errors))
        ids = None if tick_id is None else present(self._ids.read(tick_id))
        return Ticks(symbols, prices, times_us, volumes, ids), errors


def _report_missing(field: str, rows: Sequence[int], errors: Errors) -> None:
    for row in rows:
        errors.setdefault(row, []).append(FieldError(field, "missing", "is required"))


def _command(ticks: Ticks, errors: Errors) -> ProcessPriceBatch:
    if not errors:
        return ProcessPriceBatch(ticks)
    reported: list[FieldError] = []
    for row in sorted(errors):
        if len(reported) >= ERRORS_REPORTED_MAX:
            break
        reported += [error.at(row) for error in errors[row]]
    indexes = [row for row in range(len(ticks)) if row not in errors]
    return ProcessPriceBatch(ticks.without(errors), indexes, len(errors), tuple(reported))


def _messages(body: bytes) -> list[Message]:
    framing = Messages(None)
    messages = []
    for message in framing.feed(body):
        messages.append(message)
        if len(messages) > _MESSAGES_MAX:
            raise MalformedBody(f"The Arrow stream has more than {_MESSAGES_MAX} messages; send larger record batches.")
    framing.finish()
    return messages
