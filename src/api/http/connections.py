"""The open connections, counted."""

import asyncio

from domain.network import network_of
from infrastructure.settings import LimitsSettings


class Connections:
    """Counts the connections of all clients, and of each address. All of one IPv6 network (/64) count as one address.

    Invariant: an address is in `_of_address` only while it has connections.
    """

    def __init__(self, limits: LimitsSettings) -> None:
        self._limits = limits
        # A transport that has closed does not always know its address any more.
        self._addresses: dict[asyncio.BaseTransport, str] = {}
        self._of_address: dict[str, int] = {}
        # By the limit that they would have exceeded.
        self.refused = {"all": 0, "address": 0}

    @property
    def open(self) -> int:
        return len(self._addresses)

    def enter(self, transport: asyncio.BaseTransport) -> bool:
        """Count a new connection until `leave`. False if it is one too many."""
        address = _address_of(transport)
        there = self._of_address.get(address, 0)
        if self.open >= self._limits.max_connections:
            self.refused["all"] += 1
            return False
        if there >= self._limits.max_connections_per_address:
            self.refused["address"] += 1
            return False
        self._addresses[transport] = address
        self._of_address[address] = there + 1
        return True

    def leave(self, transport: asyncio.BaseTransport) -> None:
        address = self._addresses.pop(transport)
        self._of_address[address] -= 1
        if not self._of_address[address]:
            del self._of_address[address]


def _address_of(transport: asyncio.BaseTransport) -> str:
    return network_of(peer_of(transport))


def peer_of(transport: asyncio.BaseTransport) -> str:
    """The address that a connection comes from; empty if it has closed."""
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if peer else ""
