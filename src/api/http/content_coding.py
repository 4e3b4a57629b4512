"""Content codings (RFC 9110): decodes request bodies, and encodes answers."""

import asyncio
import gzip
import re
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import zstandard

from api.http.asgi import Receive, Scope
from api.http.bodies import body_parts, header
from api.http.errors import BodyTooLarge, MalformedBody, UnsupportedCoding

CODINGS = ("gzip", "zstd")
# Smaller answers are not worth it.
ENCODED_BYTES_MIN = 1024
# Longer ones are encoded in a thread.
_INLINE_BYTES_MAX = 65_536
_GZIP_LEVEL = 1
_ZSTD_LEVEL = 3
# A piece of input decodes to at most about 8 MiB.
_PIECE_BYTES = 256
_GZIP_WBITS = 31
_WINDOW_BYTES_MAX = 8 * 1024 * 1024
# Any body may have this ratio while it is short.
_RATIO_FROM_BYTES = 65_536
_WEIGHT = re.compile(r";\s*q=(0(?:\.0{0,3})?)\s*\Z")


class Decoder:
    """Decodes a body incrementally, in bounded steps.

    ratio_max: how many times larger than its input the output may be.
    """

    def __init__(self, coding: str, ratio_max: int) -> None:
        self._ratio_max = ratio_max
        self._coding = coding
        # Made once: a body may have many frames.
        self._of_zstd = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES_MAX)
        self._object: Any = None
        self._read = 0
        self._made = 0
        self._begun = False

    def feed(self, part: bytes) -> Iterator[bytes]:
        """Yield what is decoded. Raises MalformedBody, BodyTooLarge for a suspicious ratio."""
        for at in range(0, len(part), _PIECE_BYTES):
            yield from self._feed(part[at : at + _PIECE_BYTES])

    def finish(self) -> None:
        """Raises MalformedBody if the body ends too early."""
        if self._begun:
            raise MalformedBody("The compressed body is incomplete.")

    def _feed(self, piece: bytes) -> Iterator[bytes]:
        self._read += len(piece)
        while piece:
            if not self._begun:
                self._object = (
                    self._of_zstd.decompressobj() if self._coding == "zstd" else zlib.decompressobj(_GZIP_WBITS)
                )
                self._begun = True
            try:
                made = self._object.decompress(piece)
            except (zlib.error, zstandard.ZstdError):
                raise MalformedBody("The body is not in the coding that Content-Encoding names.") from None
            # Both codings allow several members in a row.
            piece = self._object.unused_data if self._object.eof else b""
            self._begun = not self._object.eof
            self._made += len(made)
            if self._made > max(self._ratio_max * self._read, _RATIO_FROM_BYTES):
                raise BodyTooLarge(f"The body decodes to more than {self._ratio_max} times its size.")
            if made:
                yield made


def coding_of(scope: Scope) -> str | None:
    """The coding of a request's body; None if it has none. Raises UnsupportedCoding."""
    named = (header(scope, b"content-encoding") or "identity").strip().lower()
    if named == "identity":
        return None
    coding = named.removeprefix("x-")
    if coding not in CODINGS:
        raise UnsupportedCoding
    return coding


def decoded(body: bytes, coding: str | None, bytes_max: int, ratio_max: int) -> bytes:
    """Decode a complete body. Raises MalformedBody, BodyTooLarge."""
    if coding is None:
        return body
    decoder = Decoder(coding, ratio_max)
    parts = []
    size = 0
    for part in decoder.feed(body):
        size += len(part)
        if size > bytes_max:
            raise BodyTooLarge
        parts.append(part)
    decoder.finish()
    return b"".join(parts)


async def decoded_parts(receive: Receive, coding: str | None, ratio_max: int) -> AsyncIterator[bytes]:
    """Yield the body as it arrives, decoded. Raises ClientGone, MalformedBody, BodyTooLarge."""
    if coding is None:
        async for part in body_parts(receive):
            yield part
        return
    decoder = Decoder(coding, ratio_max)
    async for part in body_parts(receive):
        pieces = []
        size = 0
        for piece in decoder.feed(part):
            pieces.append(piece)
            size += len(piece)
            if size > _INLINE_BYTES_MAX:
                yield b"".join(pieces)
                pieces, size = [], 0
        yield b"".join(pieces)
    decoder.finish()


def accepted_coding(accept_encoding: str) -> str | None:
    """The coding to answer in, out of an Accept-Encoding header."""
    offered = [each.strip() for each in accept_encoding.lower().split(",")]
    names = {each.partition(";")[0].strip() for each in offered}
    refused = {each.partition(";")[0].strip() for each in offered if _WEIGHT.search(each)}
    wanted = names - refused
    if "zstd" in wanted:
        return "zstd"
    return "gzip" if wanted & {"gzip", "x-gzip"} or ("*" in wanted and "gzip" not in refused) else None


def encoded(body: bytes, coding: str) -> bytes:
    if coding == "zstd":
        return zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(body)
    return gzip.compress(body, _GZIP_LEVEL, mtime=0)


async def encoded_soon(body: bytes, coding: str) -> bytes:
    """Encode without delaying the event loop for long."""
    if len(body) <= _INLINE_BYTES_MAX:
        return encoded(body, coding)
    return await asyncio.to_thread(encoded, body, coding)
