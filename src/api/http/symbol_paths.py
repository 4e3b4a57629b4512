"""Symbols in paths.

A symbol may hold slashes (`BTC/USD`) or be named as a route is (`BATCH`); the router knows segments only. So the path
is put into a form first in which a symbol is always one segment that no fixed route has.
"""

from typing import Annotated
from urllib.parse import quote, unquote

from litestar.openapi.spec import Example
from litestar.params import PathParameter

from domain.symbol import SYMBOL_RULE

# A segment of a path that is a symbol.
SymbolPath = Annotated[str, PathParameter(description=f"In any case; {SYMBOL_RULE}.", examples=[Example(value="AAPL")])]
PREFIX = "/api/prices/"
# What may stand behind a symbol.
SUBRESOURCES = ("anomalies", "candles", "ticks")


def routable(path: str, raw_path: bytes, method: str) -> str:
    """The path for the router.

    path: as percent-decoded by the server. raw_path: as it came, where `%2F` still differs from a slash.
    """
    if not path.startswith(PREFIX) or method == "POST":
        return path
    raw = raw_path.partition(b"?")[0].decode("latin-1")
    # Where even the prefix is escaped, the escapes are of no help.
    rest = raw.removeprefix(PREFIX) if raw.startswith(PREFIX) else quote(path.removeprefix(PREFIX))
    symbol, slash, last = rest.rpartition("/")
    if not (slash and symbol and last in SUBRESOURCES):
        symbol, slash, last = rest, "", ""
    # Capitals keep a symbol apart from the fixed routes, all of which are in small letters.
    symbol = unquote(symbol)
    return PREFIX + quote(symbol.upper() if symbol.isascii() else symbol, safe="") + slash + last


def symbol_in(segment: str) -> str:
    """The symbol that a segment of a path that `routable` made stands for."""
    return unquote(segment)
