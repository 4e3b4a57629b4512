"""The text files that `marketdata export` writes, and the format that the name of a file stands for."""

import gzip
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO

import click
import zstandard

from api.views.csv_text import CsvWriter
from api.views.view import View, encode

FORMATS = ("parquet", "csv", "ndjson")
_SUFFIXES = {".parquet": "parquet", ".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson"}
_COMPRESSED = (".gz", ".zst")


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


def _opened(file: Path) -> IO[bytes]:
    if file.suffix == ".gz":
        return gzip.open(file, "wb", compresslevel=6)  # type: ignore[return-value]  # it is a binary stream
    if file.suffix == ".zst":
        compressed: IO[bytes] = zstandard.open(file, "wb", cctx=zstandard.ZstdCompressor(write_checksum=True))
        return compressed
    return file.open("wb")
