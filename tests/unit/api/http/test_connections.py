import asyncio
from typing import Any

from api.http.connections import Connections
from infrastructure.settings import LimitsSettings


class Peer(asyncio.BaseTransport):
    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return (self._address, 1) if name == "peername" else default


def test_connections_are_limited_together_and_by_address() -> None:
    connections = Connections(LimitsSettings(max_connections=3, max_connections_per_address=2))
    first = [Peer("10.0.0.1") for _ in range(4)]
    assert [connections.enter(peer) for peer in first[:3]] == [True, True, False]
    assert [connections.enter(Peer("10.0.0.2")) for _ in range(2)] == [True, False]
    assert (connections.open, connections.refused) == (3, {"address": 1, "all": 1})
    connections.leave(first[0])
    assert connections.enter(first[3])


def test_a_network_of_ipv6_is_one_address() -> None:
    connections = Connections(LimitsSettings(max_connections_per_address=1))
    assert connections.enter(Peer("2001:db8::1"))
    assert not connections.enter(Peer("2001:db8::ffff:2"))
    assert connections.enter(Peer("2001:db8:0:1::1"))
    assert connections.enter(Peer("fe80::1%eth0"))


def test_addresses_that_have_left_are_forgotten() -> None:
    connections = Connections(LimitsSettings())
    peers = [Peer(f"10.0.{number // 256}.{number % 256}") for number in range(1000)]
    for peer in peers:
        assert connections.enter(peer)
    for peer in peers:
        connections.leave(peer)
    assert connections.open == 0
    assert connections._of_address == {}
