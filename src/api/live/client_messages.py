"""Messages from clients over the WebSocket."""

from collections.abc import Sequence
from typing import Any

import msgspec

from domain.symbol import SYMBOL_RULE, InvalidSymbol, normalise_symbol

INTERVAL_MS_MAX = 60_000

Id = int | str | None


class Refused(Exception):
    """The operation is rejected; the connection stays open. code: machine-readable. The message is a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Op(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", tag_field="op", kw_only=True):
    """id: returned in the reply."""

    id: Id = None


class Subscribe(Op, frozen=True, tag="subscribe"):
    """Add subscriptions. symbols: names, prefixes ending in `*`, or `*` for all. intervalMs: for the connection."""

    symbols: list[str]
    channels: tuple[str, ...] | None = None
    interval_ms: int | None = None


class Unsubscribe(Op, frozen=True, tag="unsubscribe"):
    """Remove subscriptions. symbols: exactly as subscribed."""

    symbols: list[str]
    channels: tuple[str, ...] | None = None


class Ping(Op, frozen=True, tag="ping"):
    """Request a pong."""


class _Named(msgspec.Struct, frozen=True):
    id: Id = None


_OPS: msgspec.json.Decoder[Subscribe | Unsubscribe | Ping] = msgspec.json.Decoder(Subscribe | Unsubscribe | Ping)
_NAMED = msgspec.json.Decoder(_Named)


def decode_op(text: bytes) -> Subscribe | Unsubscribe | Ping:
    """Decode a message. Raises Refused: `malformed`, `unknown_op` or `invalid`."""
    try:
        return _OPS.decode(text)
    except msgspec.ValidationError as error:
        code = "unknown_op" if str(error).endswith(("`$.op`", "field `op`")) else "invalid"
        message = "op must be subscribe, unsubscribe or ping." if code == "unknown_op" else f"{error}."
        raise Refused(code, message) from None
    except (msgspec.DecodeError, RecursionError):
        raise Refused("malformed", "The message is not JSON.") from None


def channels_of(given: Sequence[str] | None, known: Sequence[str], default: Sequence[str]) -> Sequence[str]:
    """The given channels, or the default. Raises Refused: `invalid`."""
    if given is None:
        return default
    for at, channel in enumerate(given):
        if channel not in known:
            raise Refused("invalid", f"Invalid enum value {channel!r} - at `$.channels[{at}]`.")
    return given


def id_of(text: bytes) -> Id:
    """The id of a rejected message, if it has a readable one."""
    try:
        return _NAMED.decode(text).id
    except (msgspec.DecodeError, RecursionError):
        return None


def patterns_of(symbols: Sequence[Any], limits: tuple[str, ...] = ()) -> list[str]:
    """Symbols and prefixes, trimmed and upper-cased.

    limits: prefixes of the symbols that the client may watch, none for all. A wider pattern is narrowed to them.

    Raises:
        Refused: `invalid`, `invalid_symbol`, or `forbidden_symbol` for a pattern outside the limits.
    """
    if not symbols:
        raise Refused("invalid", "symbols must name at least one.")
    patterns = [_pattern(at, symbol) for at, symbol in enumerate(symbols)]
    if not limits:
        return patterns
    return [narrowed for at, pattern in enumerate(patterns) for narrowed in _narrowed(at, pattern, limits)]


def _narrowed(at: int, pattern: str, limits: tuple[str, ...]) -> list[str]:
    if pattern.removesuffix("*").startswith(limits):
        return [pattern]
    if pattern.endswith("*"):
        within = [limit + "*" for limit in limits if limit.startswith(pattern[:-1])]
        if within:
            return within
    raise Refused("forbidden_symbol", f"symbols[{at}] is not among the symbols of your key.")


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
