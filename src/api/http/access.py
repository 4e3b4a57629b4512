"""Who may use a route.

Every handler declares its rule in its `opt`. A handler without one is for nobody, and a test finds it.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, cast

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from api.http.asgi import Scope
from api.http.cookies import ACCESS_COOKIE, cookie_in
from api.http.errors import CrossSite
from api.http.rate_limits import Client, client_of
from api.http.symbol_paths import symbol_in
from application.access.directory import Directory
from application.access.errors import Forbidden, Unauthenticated
from application.errors import SymbolNotFound
from domain.access.principal import Principal
from domain.access.role import Permission
from domain.symbol import InvalidSymbol, normalise_symbol

# Key in the `opt` of a handler.
ACCESS = "access"
# Scope key: who the request comes from.
PRINCIPAL = "marketdata.principal"

# Path parameters that name the key of a subject.
_KEYS = ("symbol", "product")

Headers = Iterable[tuple[bytes, bytes]]
_SCHEME = b"bearer"
_SAFE = ("GET", "HEAD")
# Any value will do.
REQUEST_HEADER = b"x-marketdata-request"


class Rule(Enum):
    """Who may use a route: everybody, everybody with a valid key, or whose role has a permission."""

    OPEN = "open"
    SIGNED_IN = "signed in"
    WRITE = Permission.WRITE
    READ = Permission.READ
    OPERATE = Permission.OPERATE
    MANAGE = Permission.MANAGE


def rule(chosen: Rule) -> dict[str, Any]:
    """For the `opt` of a handler or a controller."""
    return {ACCESS: chosen}


class Access:
    """Decides about requests while sign-in is on."""

    def __init__(self, directory: Directory) -> None:
        self.knows = directory.knows
        self.on_change = directory.on_change
        self._directory = directory

    def admit(
        self, chosen: Rule | None, headers: Headers, method: str = "GET", client: Client | None = None
    ) -> Principal | None:
        """Return who a request comes from, None if that does not matter. headers: with names in lower case.

        client: counts the request for whoever it comes from.

        Raises:
            Unauthenticated: it brings neither a valid key nor a valid cookie.
            Forbidden: the role does not suffice.
            CrossSite: it brings a cookie and changes something, and a page of another origin might have sent it.
            RateLimited: whoever it comes from sends too many.
        """
        if chosen is Rule.OPEN:
            return None
        headers = tuple(headers)
        if not any(name == b"authorization" for name, _ in headers):
            token = cookie_in(headers, ACCESS_COOKIE)
            if token is not None:
                principal = self._counted(self._directory.signed_in(token), client)
                if method not in _SAFE:
                    check_same_site(headers)
                return _permitted(principal, chosen)
        return _permitted(self._counted(self._directory.authenticate(_bearer(headers)), client), chosen)

    def admit_key(self, chosen: Rule | None, headers: Headers) -> Principal:
        """Return who a key belongs to, as long as the directory does not report a change.

        Raises:
            Unauthenticated: it brings no valid key, or more than one.
            Forbidden: the role does not suffice.
        """
        return _permitted(self._directory.authenticate(_bearer(headers)), chosen)

    def _counted(self, principal: Principal, client: Client | None) -> Principal:
        if client is not None:
            client.identify(principal.owner, lambda: self.knows(principal))
        return principal


def _permitted(principal: Principal, chosen: Rule | None) -> Principal:
    if chosen is not Rule.SIGNED_IN:
        permission = chosen.value if chosen is not None and isinstance(chosen.value, Permission) else None
        if permission is None or not principal.role.may(permission):
            raise Forbidden(permission)
    return principal


def check_same_site(headers: Headers) -> None:
    """Raises CrossSite. A page of another origin can send cookies, but no header that is not allowed by CORS."""
    if not any(name == REQUEST_HEADER for name, _ in headers):
        raise CrossSite


def guard_of(access: Access) -> Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], None]:
    """The guard of all handlers. It counts requests of keys and accounts for their rate limits.

    To somebody limited to some symbols, others do not exist.
    """

    def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        scope = cast("Scope", connection.scope)
        method = str(scope.get("method", "GET"))
        principal = access.admit(handler.opt.get(ACCESS), scope["headers"], method, client_of(scope))
        if principal is None:
            return
        scope[PRINCIPAL] = principal
        key = _key_in(connection.path_params) if principal.prefixes else None
        if key is not None and not principal.may_touch(key):
            raise SymbolNotFound(key)

    return guard


def _bearer(headers: Headers) -> str:
    """The key in the one Authorization header. Raises Unauthenticated."""
    given = [value for name, value in headers if name == b"authorization"]
    scheme, _, credentials = given[0].partition(b" ") if len(given) == 1 else (b"", b"", b"")
    if scheme.lower() != _SCHEME:
        raise Unauthenticated
    return credentials.strip(b" ").decode("latin-1")


def _key_in(params: Mapping[str, Any]) -> str | None:
    """The key that a path is about. Of a machine, its handlers leave out the sensors that do not exist to somebody."""
    if "sensor" in params:
        return _normalised(f"{params['machine']}/{params['sensor']}")
    return next((_normalised(symbol_in(params[name])) for name in _KEYS if name in params), None)


def _normalised(text: str) -> str:
    try:
        return normalise_symbol(text)
    except InvalidSymbol:
        # Nobody has it.
        return text
