"""Which addresses count as one."""

from ipaddress import IPv6Address


def network_of(address: str) -> str:
    """The network of an IPv6 address (/64), which one client can have all of; an IPv4 address itself."""
    if ":" not in address:
        return address
    full = IPv6Address(address.partition("%")[0])
    return str(full.ipv4_mapped or IPv6Address(full.packed[:8] + bytes(8)))
