"""Whose address a request comes from."""

from collections.abc import Iterable, Sequence
from ipaddress import ip_address, ip_network

from api.http.asgi import Scope

# Scope key: the address of the client of a request.
ADDRESS = "marketdata.address"
_FORWARDED = b"x-forwarded-for"


class ClientAddresses:
    """Tells from which address a request comes.

    proxies: addresses or networks that are believed about whom they forward requests for.
    """

    def __init__(self, proxies: Sequence[str]) -> None:
        self._proxies = [ip_network(each) for each in proxies]

    def of(self, peer: str, headers: Iterable[tuple[bytes, bytes]]) -> str:
        """Return the address of a client. headers: of its request, with names in lower case.

        Every proxy appends to `X-Forwarded-For` whom it was reached from, so the last address there that is not a
        trusted proxy's is the client's. Whatever stands before it, the client can have invented.
        """
        if self._proxies and self._is_proxy(peer):
            chain = b",".join(value for name, value in headers if name == _FORWARDED).decode("latin-1")
            for each in reversed(chain.split(",")):
                address = each.strip()
                if not _is_address(address):
                    break
                peer = address
                if not self._is_proxy(address):
                    break
        return peer

    def _is_proxy(self, address: str) -> bool:
        return _is_address(address) and any(ip_address(address) in network for network in self._proxies)


def address_of(scope: Scope) -> str:
    """The address of the client of a request."""
    return str(scope[ADDRESS])


def forwarded_in(headers: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[bytes, bytes], ...]:
    """The headers that `ClientAddresses.of` reads."""
    return tuple(each for each in headers if each[0] == _FORWARDED)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
