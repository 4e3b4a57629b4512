"""The rules of a symbol, the name a price goes by."""

import re

SYMBOL_LENGTH_MAX = 32
SYMBOL_RULE = f"1 to {SYMBOL_LENGTH_MAX} characters out of A-Z a-z 0-9 . _ : / -"

# \Z, not $: a dollar sign would also match before a final line feed.
_SPACE = " \t\r\n"
_VALID = re.compile(rf"[A-Z0-9._:/\-]{{1,{SYMBOL_LENGTH_MAX}}}\Z")


class InvalidSymbol(ValueError):
    """The text is no symbol."""


def normalise_symbol(text: str) -> str:
    """The one spelling of a symbol: trimmed and in capitals.

    Raises:
        InvalidSymbol: the text, once trimmed, breaks SYMBOL_RULE.
    """
    trimmed = text.strip(_SPACE)
    # RequestOptions before upper(), which turns some characters outside ASCII into letters inside it.
    if trimmed.isascii():
        symbol = trimmed.upper()
        if _VALID.match(symbol):
            return symbol
    raise InvalidSymbol(f"must be {SYMBOL_RULE}")
