"""The host that a request names: which names the service answers to.

A page that makes its own name resolve to this machine (DNS rebinding) is of the same origin as the service in the eyes
of its browser. Only the name gives it away. docs/decisions/0028-other-peoples-pages.md says which names are allowed.
"""

import re
from collections.abc import Collection, Iterable
from ipaddress import ip_address

from api.http.errors import ForbiddenHost, MalformedRequest

# Scope key: the authority of a request target that is a whole address.
AUTHORITY = "marketdata.authority"
ANY = "*"
# A name or an address, and a port.
_HOST = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._-]+)(?::[0-9]{0,5})?\Z")
_WHOLE_ADDRESS = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)")


class Hosts:
    """listens_on: the setting `server.host`. allowed: more names, or `*`, which allows every name."""

    def __init__(self, listens_on: str, allowed: Collection[str]) -> None:
        self._names = {name.lower() for name in (*allowed, listens_on, "localhost")}
        self._is_local = listens_on.lower() == "localhost" or _is_loopback(listens_on) is True

    def check(self, fields: Iterable[tuple[bytes, bytes]], http_version: str, authority: bytes | None = None) -> None:
        """Check the headers of a request, whose names are in lower case. authority: of its target, which counts too.

        Raises:
            MalformedRequest: it names no host, or several.
            ForbiddenHost: it names one that the service does not answer to.
        """
        named = [value for name, value in fields if name == b"host"]
        if len(named) != 1 and (named or http_version == "1.1"):
            raise MalformedRequest("The request does not name one host.")
        if authority is not None:
            named.append(authority)
        if not all(map(self._allows, named)):
            raise ForbiddenHost

    def _allows(self, host: bytes) -> bool:
        match = _HOST.match(host)
        if match is None:
            return False
        name = match.group(1).decode("ascii").lower().strip("[]")
        if name in self._names or ANY in self._names:
            return True
        # An address cannot be made to mean another machine, as a name can.
        loopback = _is_loopback(name)
        return loopback is not None and (loopback or not self._is_local)


def authority_of(target: bytes) -> bytes | None:
    """The authority of a request target that is a whole address, such as `http://host/path`."""
    match = _WHOLE_ADDRESS.match(target)
    return None if match is None else match.group(1)


def _is_loopback(name: str) -> bool | None:
    """Whether an address is of this machine; None for a name."""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return None
