"""Symbols in paths.

A symbol may contain slashes (`BTC/USD`) or have the name of a route (`BATCH`), but the router matches segments. The
path is therefore rewritten so that a symbol is always one segment that no fixed route has.
"""

from typing import Annotated
from urllib.parse import quote, unquote

from litestar.openapi.spec import Example
from litestar.params import PathParameter

from domain.symbol import SYMBOL_RULE

# A path segment that is a symbol.
SymbolPath = Annotated[str, PathParameter(description=f"In any case; {SYMBOL_RULE}.", examples=[Example(value="AAPL")])]
# A path segment that is a product; a slash in it is escaped.
ProductPath = Annotated[
    str, PathParameter(description=f"In any case; {SYMBOL_RULE}.", examples=[Example(value="NIFTY")])
]
PREFIX = "/api/prices/"
OPTIONS_PREFIX = "/api/options/"
# Segments that may follow a symbol.
SUBRESOURCES = ("anomalies", "candles", "ticks")


def routable(path: str, raw_path: bytes, method: str) -> str:
    """Rewrite a path for the router.

    path: percent-decoded by the server. raw_path: as received, where `%2F` still differs from a slash.
    """
    if not path.startswith((PREFIX, OPTIONS_PREFIX)) or method == "POST":
        return path
    raw = raw_path.partition(b"?")[0].decode("latin-1")
    if path.startswith(OPTIONS_PREFIX):
        segments = raw.removeprefix(OPTIONS_PREFIX).split("/") if raw.startswith(OPTIONS_PREFIX) else []
        return OPTIONS_PREFIX + "/".join(quote(unquote(each), safe="") for each in segments) if segments else path
    # If even the prefix is escaped, use the decoded path.
    rest = raw.removeprefix(PREFIX) if raw.startswith(PREFIX) else quote(path.removeprefix(PREFIX))
    symbol, slash, last = rest.rpartition("/")
    if not (slash and symbol and last in SUBRESOURCES):
        symbol, slash, last = rest, "", ""
    # Upper case keeps symbols apart from the fixed routes, which are lower case.
    symbol = unquote(symbol)
    return PREFIX + quote(symbol.upper() if symbol.isascii() else symbol, safe="") + slash + last


def symbol_in(segment: str) -> str:
    """The symbol in a path segment made by `routable`."""
    return unquote(segment)
