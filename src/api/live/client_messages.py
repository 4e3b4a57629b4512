"""What a client says over its WebSocket."""

from collections.abc import Sequence
from typing import Any

import msgspec

from domain.symbol import SYMBOL_RULE, InvalidSymbol, normalise_symbol

INTERVAL_MS_MAX = 60_000

Id = int | str | None


class Refused(Exception):
    """What was said cannot be done; the connection goes on. code: for programs. The message is a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Op(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", tag_field="op", kw_only=True):
    """id: comes back in the answer."""

    id: Id = None


class Subscribe(Op, frozen=True, tag="subscribe"):
    """Watch more. symbols: names, prefixes that end in `*`, or `*` for all. intervalMs: of the whole connection."""

    symbols: list[str]
    channels: tuple[str, ...] | None = None
    interval_ms: int | None = None


class Unsubscribe(Op, frozen=True, tag="unsubscribe"):
    """Watch less. symbols: as they were subscribed to."""

    symbols: list[str]
    channels: tuple[str, ...] | None = None


class Ping(Op, frozen=True, tag="ping"):
    """Ask for a pong."""


class _Named(msgspec.Struct, frozen=True):
    id: Id = None


_OPS: msgspec.json.Decoder[Subscribe | Unsubscribe | Ping] = msgspec.json.Decoder(Subscribe | Unsubscribe | Ping)
_NAMED = msgspec.json.Decoder(_Named)


def decode_op(text: bytes) -> Subscribe | Unsubscribe | Ping:
    """Raises Refused with the code `malformed`, `unknown_op` or `invalid`."""
    try:
        return _OPS.decode(text)
    except msgspec.ValidationError as error:
        code = "unknown_op" if str(error).endswith(("`$.op`", "field `op`")) else "invalid"
        message = "op must be subscribe, unsubscribe or ping." if code == "unknown_op" else f"{error}."
        raise Refused(code, message) from None
    except (msgspec.DecodeError, RecursionError):
        raise Refused("malformed", "The message is no JSON.") from None


def channels_of(given: Sequence[str] | None, known: Sequence[str], default: Sequence[str]) -> Sequence[str]:
    """The channels that are meant. Raises Refused: `invalid`."""
    if given is None:
        return default
    for at, channel in enumerate(given):
        if channel not in known:
            raise Refused("invalid", f"Invalid enum value {channel!r} - at `$.channels[{at}]`.")
    return given


def id_of(text: bytes) -> Id:
    """The id of a message that was refused, where it has one that can be read."""
    try:
        return _NAMED.decode(text).id
    except (msgspec.DecodeError, RecursionError):
        return None


def patterns_of(symbols: Sequence[Any]) -> list[str]:
    """The symbols and prefixes as they are compared: trimmed and in capitals. Raises Refused: `invalid_symbol`."""
    if not symbols:
        raise Refused("invalid", "symbols must name at least one.")
    return [_pattern(at, symbol) for at, symbol in enumerate(symbols)]


def _pattern(at: int, text: str) -> str:
    name = text.strip()
    if name == "*":
        return name
    star = "*" if name.endswith("*") else ""
    try:
        return normalise_symbol(name.removesuffix("*")) + star
    except InvalidSymbol:
        raise Refused(
            "invalid_symbol", f"symbols[{at}] must be {SYMBOL_RULE}, or the start of one with a * behind it, or *."
        ) from None
