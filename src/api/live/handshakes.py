"""Who may open a WebSocket."""

from collections.abc import Sequence

from litestar.exceptions import NotFoundException

from api.http.access import Access, Rule
from api.http.client_addresses import ClientAddresses
from api.http.hosts import Hosts, authority_of
from api.http.origins import Origins
from api.http.rate_limits import Client, RateLimits
from domain.access.principal import ANYBODY, Principal
from domain.network import network_of

WS_PATH = "/ws"


class Handshakes:
    """Checks requests for a WebSocket, which the router does not see."""

    def __init__(
        self,
        hosts: Hosts,
        origins: Origins,
        access: Access | None,
        addresses: ClientAddresses,
        rate_limits: RateLimits | None,
    ) -> None:
        self._hosts = hosts
        self._origins = origins
        self._access = access
        self._addresses = addresses
        self._rate_limits = rate_limits

    def admit(self, target: str, headers: Sequence[tuple[bytes, bytes]], peer: str) -> Principal:
        """Return who wants to watch. target: the path with its query. headers: with names in lower case.

        Raises:
            RateLimited, MalformedRequest, ForbiddenHost, NotFoundException, ForeignOrigin, Unauthenticated, Forbidden
        """
        client = None
        if self._rate_limits is not None:
            client = Client(self._rate_limits, network_of(self._addresses.of(peer, headers)))
            client.enter()
        self._hosts.check(headers, "1.1", authority_of(target.encode("latin-1")))
        if target.partition("?")[0] != WS_PATH:
            raise NotFoundException
        # Browsers let any page open a WebSocket anywhere, but send its origin.
        self._origins.check(headers)
        return (self._access and self._access.admit(Rule.READ, headers, client=client)) or ANYBODY
