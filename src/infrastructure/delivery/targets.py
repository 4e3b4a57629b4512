"""Where webhooks may go: not to this machine or its private networks, unless that is allowed."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

from infrastructure.delivery.channel import DeliveryFailed

# Returns the addresses of a host. Raises OSError.
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, by the system."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


async def address_of(host: str, port: int, resolver: Resolve, allow_private: bool) -> str:
    """Return an address to connect to, as it is checked: a second look-up might give another one.

    Raises:
        DeliveryFailed: there is none, or one of them is not of the internet.
    """
    try:
        addresses = await resolver(host, port)
    except OSError:
        raise DeliveryFailed("the name of the host is not known") from None
    if not addresses:
        raise DeliveryFailed("the host has no address")
    if not allow_private and not all(_is_public(ip_address(each.partition("%")[0])) for each in addresses):
        raise DeliveryFailed("the host has a private address; notifications.allow_private_targets allows these")
    return addresses[0]


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    checked = mapped or address
    return checked.is_global and not checked.is_multicast
