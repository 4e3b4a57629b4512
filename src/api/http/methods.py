"""The methods of every resource, for `Allow`."""

import re
from collections.abc import Sequence
from urllib.parse import unquote

from litestar.routes import HTTPRoute

from api.http.symbol_paths import SymbolPaths

# Key of the app's `Methods` in its state.
METHODS = "methods"
_PARAMETER = re.compile(r"\\\{[^}]*\\\}")


class Methods:
    """Knows which methods a path has. routes: those of the app. routable: see `SymbolPaths`."""

    def __init__(self, routes: Sequence[object]) -> None:
        own = [route for route in routes if isinstance(route, HTTPRoute)]
        self.routable = SymbolPaths(route.path_format for route in own).routable
        self._routes = [
            (re.compile(_PARAMETER.sub("[^/]+", re.escape(route.path_format))), route.methods - {"OPTIONS"})
            for route in own
        ]
        # As the router does, which prefers routes without parameters.
        self._routes.sort(key=lambda route: route[0].pattern.count("[^/]+"))
        self._known = {method for _, methods in self._routes for method in methods}

    def of(self, raw_path: bytes) -> str:
        """The methods of a resource, such as `GET, HEAD, OPTIONS`; empty if there is no such resource."""
        path = unquote(raw_path.decode("latin-1"))
        found = {method for method in self._known if method in self._methods(path, raw_path, method)}
        if "GET" in found:
            found.add("HEAD")
        return ", ".join(sorted(found | {"OPTIONS"})) if found else ""

    def _methods(self, path: str, raw_path: bytes, method: str) -> set[str]:
        """The methods of the route that a request with this one gets to; there may be several of the same path."""
        routed = self.routable(path, raw_path, method).rstrip("/") or "/"
        matching = [(pattern.pattern, methods) for pattern, methods in self._routes if pattern.fullmatch(routed)]
        return {each for pattern, methods in matching if pattern == matching[0][0] for each in methods}
