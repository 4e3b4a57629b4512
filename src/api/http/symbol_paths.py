"""Symbols in paths.

A symbol may contain slashes (`BTC/USD`) or have the name of a route (`BATCH`), but the router matches segments. The
path is therefore rewritten so that a symbol is always one segment that no fixed route has.
"""

import re
from collections.abc import Iterable
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
# Symbols that need no decoding; percent-encoded ones, and those with slashes, go to the framework.
_UNENCODED = r"([A-Za-z0-9._:=+&@$-]{1,64})"
_TEMPLATE = re.compile(r"(?P<prefix>.*/)\{symbol(:str)?\}(/(?P<last>[^/]+))?\Z")
_OF_PRODUCTS = re.compile(r"(?P<prefix>[^{]*/)\{product(:str)?\}(/|\Z)")


def unencoded_symbol_path(prefix: str) -> re.Pattern[str]:
    """Match paths of a prefix and a symbol that need no decoding; the symbol is the group."""
    return re.compile(re.escape(prefix) + _UNENCODED + r"\Z")


class SymbolPaths:
    """templates: of all routes. Those with a symbol end with it, or with one more segment. Behind a product, anything
    may follow.
    """

    def __init__(self, templates: Iterable[str]) -> None:
        # By what comes before the symbol: the segments that may follow it.
        self._subresources: dict[str, set[str]] = {}
        # What comes before a product.
        self._products: set[str] = set()
        for template in templates:
            match = _TEMPLATE.match(template)
            if match is not None:
                known = self._subresources.setdefault(match["prefix"], set())
                known.update(filter(None, [match["last"]]))
            match = _OF_PRODUCTS.match(template)
            if match is not None:
                self._products.add(match["prefix"])

    def routable(self, path: str, raw_path: bytes, method: str) -> str:
        """Rewrite a path for the router.

        path: percent-decoded by the server. raw_path: as received, where `%2F` still differs from a slash.
        """
        if method == "POST":
            return path
        for prefix, subresources in self._subresources.items():
            if path.startswith(prefix):
                return _rewritten(path, raw_path, prefix, subresources)
        for prefix in self._products:
            if path.startswith(prefix):
                return _with_segments_escaped(path, raw_path, prefix)
        return path


def _rewritten(path: str, raw_path: bytes, prefix: str, subresources: set[str]) -> str:
    raw = raw_path.partition(b"?")[0].decode("latin-1")
    # If even the prefix is escaped, use the decoded path.
    rest = raw.removeprefix(prefix) if raw.startswith(prefix) else quote(path.removeprefix(prefix))
    symbol, slash, last = rest.rpartition("/")
    if not (slash and symbol and last in subresources):
        symbol, slash, last = rest, "", ""
    # Upper case keeps symbols apart from the fixed routes, which are lower case.
    symbol = unquote(symbol)
    return prefix + quote(symbol.upper() if symbol.isascii() else symbol, safe="") + slash + last


def _with_segments_escaped(path: str, raw_path: bytes, prefix: str) -> str:
    raw = raw_path.partition(b"?")[0].decode("latin-1")
    if not raw.startswith(prefix):
        return path
    return prefix + "/".join(quote(unquote(each), safe="") for each in raw.removeprefix(prefix).split("/"))


def symbol_in(segment: str) -> str:
    """The symbol in a path segment made by `SymbolPaths.routable`."""
    return unquote(segment)
