"""Validation and normalisation of symbols, the names prices go by."""

import re
from bisect import bisect_left
from collections.abc import Sequence

SYMBOL_LENGTH_MAX = 64
SYMBOL_RULE = f"1 to {SYMBOL_LENGTH_MAX} characters out of A-Z a-z 0-9 . _ : / - ^ = + & # @ $"

# \Z, not $, which also matches before a trailing line feed.
_SPACE = " \t\r\n"
# All characters of a symbol sort before it.
BEHIND_ALL = "\x7f"
# Of a symbol as it may be sent, for schemas.
SYMBOL_PATTERN = r"^[A-Za-z0-9._:/\-^=+&#@$]+$"
_VALID = re.compile(rf"[A-Z0-9._:/\-^=+&#@$]{{1,{SYMBOL_LENGTH_MAX}}}\Z")


class InvalidSymbol(ValueError):
    """The text is not a valid symbol."""


def normalise_symbol(text: str) -> str:
    """Return the canonical form of a symbol: trimmed and in upper case.

    Raises:
        InvalidSymbol: the trimmed text breaks SYMBOL_RULE.
    """
    if _VALID.match(text):
        return text
    trimmed = text.strip(_SPACE)
    # Checked before upper(), which turns some non-ASCII characters into ASCII letters.
    if trimmed.isascii():
        symbol = trimmed.upper()
        if _VALID.match(symbol):
            return symbol
    raise InvalidSymbol(f"must be {SYMBOL_RULE}")


def starting_with(ordered: Sequence[str], prefix: str) -> Sequence[str]:
    """The symbols with a prefix, out of sorted ones."""
    start = bisect_left(ordered, prefix)
    return ordered[start : bisect_left(ordered, prefix + BEHIND_ALL, start)]
