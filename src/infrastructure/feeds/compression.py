"""Reads gzip and zstd, recognised by their first bytes."""

import gzip
import io
import zlib
from collections.abc import Iterator

import zstandard

# Raised while reading a damaged or truncated file.
DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error, zstandard.ZstdError)

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_BYTES_AT_ONCE = 16_384


def decompressed(stream: io.BufferedReader) -> io.BufferedReader | gzip.GzipFile:
    """Return the decompressed content of a gzip or zstd stream, any other stream as it is."""
    start = stream.peek(len(_ZSTD))
    if start.startswith(_GZIP):
        return gzip.GzipFile(fileobj=stream)
    if start.startswith(_ZSTD):
        return io.BufferedReader(_Pieces(_zstd(stream)))
    return stream


def _zstd(stream: io.BufferedReader) -> Iterator[bytes]:
    """Decompress frame by frame: zstandard's own reader does not notice a truncated file."""
    frame = None
    while data := stream.read(_BYTES_AT_ONCE):
        while data:
            frame = frame or zstandard.ZstdDecompressor().decompressobj()
            yield frame.decompress(data)
            data = b""
            if frame.eof:
                data, frame = frame.unused_data, None
    if frame is not None:
        raise EOFError("Compressed file ended before the end of a frame")


class _Pieces(io.RawIOBase):
    """An iterator of bytes as a stream."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # any writable buffer is one
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count
