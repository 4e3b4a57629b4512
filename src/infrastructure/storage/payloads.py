"""Rows as bytes, and the checksum that detects changes to them."""

import zlib
from typing import Any

import msgspec

from infrastructure.storage.records import LogBlock

pack = msgspec.msgpack.Encoder().encode

# The only subject of the first version, whose rows did not name it.
_FIRST_SUBJECT = "prices"
_SEGMENTS = msgspec.msgpack.Decoder(list[bytes])
_ANSWER: msgspec.msgpack.Decoder[tuple[bytes, int, bytes]] = msgspec.msgpack.Decoder(tuple[bytes, int, bytes])


class Corrupt(Exception):
    """A row is not what was written. The message says which."""


def seal(payload: bytes, *keys: int | str) -> int:
    """Return the CRC-32 of a row: of its keys and its payload."""
    return zlib.crc32(repr(keys).encode(), zlib.crc32(payload))


def check(crc: int, what: str, payload: bytes, *keys: int | str) -> bytes:
    """Return the payload. Raises Corrupt if the checksum does not match."""
    if crc != seal(payload, *keys):
        raise Corrupt(f"{what} is damaged: its checksum does not fit")
    return payload


def of_subject(subject: str, *keys: int | str) -> tuple[int | str, ...]:
    """Return the keys to seal in a subject's row; rows older than subjects are sealed without the subject."""
    return keys if subject == _FIRST_SUBJECT else (*keys, subject)


def block_row(seq: int, written_us: int, block: LogBlock) -> tuple[Any, ...]:
    """Return the `TICK_BLOCK` row, in column order."""
    payload = pack(block.segments)
    symbols = "\n" + "\n".join(block.keys) + "\n"
    keys = (seq, block.count, block.low_us, block.high_us, written_us, block.has_ids, symbols)
    return (*keys, payload, seal(payload, *of_subject(block.subject, *keys)), block.subject)


def segments_of(row: tuple[Any, ...]) -> list[bytes]:
    """Return the segments in a `TICK_BLOCK` row. Raises Corrupt."""
    *keys, payload, crc, subject = row
    check(crc, f"block {keys[0]} of the tick log", payload, *of_subject(subject, *keys))
    return _SEGMENTS.decode(payload)


def encode_answer(digest: bytes, status: int, body: bytes) -> bytes:
    return pack((digest, status, body))


def decode_answer(payload: bytes) -> tuple[bytes, int, bytes]:
    return _ANSWER.decode(payload)
