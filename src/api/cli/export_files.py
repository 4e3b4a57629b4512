"""The files that `marketdata export` writes, and the format that the name of a file stands for."""

import gzip
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO, Any

import click
import zstandard

from api.views.csv_text import CsvWriter
from api.views.view import View, encode
from infrastructure.parquet_table import ParquetTable

FORMATS = ("parquet", "csv", "ndjson")
_SUFFIXES = {".parquet": "parquet", ".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson"}
_COMPRESSED = (".gz", ".zst")
_ROWS_AT_ONCE = 50_000


def format_of(file: Path, wanted: str | None) -> str:
    """Return the wanted format, or that of the file's suffix. Raises click.UsageError."""
    name = Path(file.stem) if file.suffix in _COMPRESSED else file
    found = wanted or _SUFFIXES.get(name.suffix)
    if found is None:
        raise click.UsageError(f"{str(file)!r} ends in none of {', '.join(_SUFFIXES)}; choose a format with --format")
    if found == "parquet" and file.suffix in _COMPRESSED:
        raise click.UsageError(f"{str(file)!r}: Parquet is compressed already; leave out {file.suffix}")
    return found


async def write_text(file: Path, form: str, kind: type[View], views: AsyncIterator[View]) -> int:
    """Write views as CSV or NDJSON and return how many there were. A suffix .gz or .zst compresses."""
    count = 0
    # newline="" because the csv module writes line endings itself.
    with _opened(file) as stream, io.TextIOWrapper(stream, encoding="utf-8", newline="") as text:
        table = CsvWriter(text, kind) if form == "csv" else None
        async for view in views:
            count += 1
            if table is None:
                text.write(encode(view).decode() + "\n")
            else:
                table.write(view)
    return count


async def write_parquet(file: Path, table: ParquetTable, items: AsyncIterator[Any]) -> int:
    """Write items as Parquet and return how many there were."""
    # A local import: it takes as long as everything else, and every command would wait for it.
    from infrastructure.parquet_writer import ParquetWriter  # noqa: PLC0415

    count = 0
    waiting: list[Any] = []
    with ParquetWriter(file, table) as writer:
        async for item in items:
            waiting.append(item)
            count += 1
            if len(waiting) == _ROWS_AT_ONCE:
                writer.write(waiting)
                waiting = []
        writer.write(waiting)
    return count


def _opened(file: Path) -> IO[bytes]:
    if file.suffix == ".gz":
        return gzip.open(file, "wb", compresslevel=6)  # type: ignore[return-value]  # it is a binary stream
    if file.suffix == ".zst":
        compressed: IO[bytes] = zstandard.open(file, "wb", cctx=zstandard.ZstdCompressor(write_checksum=True))
        return compressed
    return file.open("wb")
