"""Recorded ticks in files: CSV with a header, NDJSON, either of them compressed, or Parquet."""

import io
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from infrastructure.feeds.compression import DAMAGED, decompressed
from infrastructure.feeds.recorded_text import text_ticks
from infrastructure.feeds.recorded_tick import (
    TICKS,
    ColumnMapping,
    Kind,
    RecordedBatch,
    RecordedTick,
    UnreadableRecording,
)

if TYPE_CHECKING:
    from infrastructure.feeds.recorded_parquet import ParquetTicks

_PARQUET = b"PAR1"


class Recording:
    """The ticks of a file in order, as written, once.

    The content decides the format, not the name: Parquet, or text, which may be compressed with gzip or zstd. A text
    that starts with a brace is NDJSON, any other CSV with a header of the fields of its kind, in any
    order, of which some are required.

    columns: the field that each named column or key holds; others are then ignored unless they are fields themselves.
    kind: what the file holds, if not ticks; then it is text.

    Raises:
        UnreadableRecording: the columns are not those of ticks, or a line cannot be parsed.
    """

    def __init__(self, stream: io.BufferedReader, columns: ColumnMapping | None = None, kind: Kind = TICKS) -> None:
        self._stream = stream
        self._columns = columns
        self._kind = kind
        self._rows = 0
        self._row = 0
        self._bytes = 0
        if stream.seekable():
            self._bytes = stream.seek(0, os.SEEK_END)
            stream.seek(0)

    def __iter__(self) -> Iterator[RecordedTick]:
        return self._parquet() if self._is_parquet else self._text()

    def batches(self, size: int) -> Iterator[RecordedBatch]:
        """The same ticks in batches of at most `size`, in the form that is sent fastest."""
        if self._is_parquet:
            yield from self._parquet_batches(size)
            return
        batch: list[RecordedTick] = []
        for tick in self:
            if not tick.quotes:
                batch.append(tick)
            # What was read is sent, even if the next line cannot be read.
            if batch and (tick.quotes or len(batch) == size):
                yield RecordedBatch.of(batch)
                batch = []
            if tick.quotes:
                yield RecordedBatch.of_chain(tick)
        if batch:
            yield RecordedBatch.of(batch)

    @property
    def done(self) -> float | None:
        """The part that has been read, from 0 to 1: of the bytes, for Parquet of the rows. None if unknown."""
        if self._rows:
            return self._row / self._rows
        return self._stream.tell() / self._bytes if self._bytes else None

    @property
    def _is_parquet(self) -> bool:
        return self._stream.peek(len(_PARQUET)).startswith(_PARQUET)

    def _parquet(self) -> Iterator[RecordedTick]:
        for tick in self._parquet_ticks():
            self._row = tick.number
            yield tick

    def _parquet_batches(self, size: int) -> Iterator[RecordedBatch]:
        for batch in self._parquet_ticks().batches(size):
            self._row = batch.numbers[-1]
            yield batch

    def _parquet_ticks(self) -> "ParquetTicks":
        if self._kind is not TICKS:
            raise UnreadableRecording(f"Parquet with {self._kind.name} cannot be replayed; CSV and NDJSON can")
        # A local import: it takes as long to load as everything else.
        from infrastructure.feeds.recorded_parquet import ParquetTicks  # noqa: PLC0415

        ticks = ParquetTicks(self._stream, self._columns)
        self._rows = ticks.rows
        return ticks

    def _text(self) -> Iterator[RecordedTick]:
        content = decompressed(self._stream)
        # newline="" because the csv module handles line endings itself.
        text = io.TextIOWrapper(content, encoding="utf-8-sig", newline="")
        try:
            yield from text_ticks(text, self._columns, self._kind)
        except UnicodeDecodeError:
            raise UnreadableRecording("it is not UTF-8 text") from None
        except DAMAGED as error:
            raise UnreadableRecording(f"it is damaged: {error}") from None
        finally:
            # The caller owns the stream, and may have closed it already.
            if not content.closed:
                text.detach()
