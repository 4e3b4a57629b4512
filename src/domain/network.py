"""Which addresses count as one."""

from ipaddress import IPv6Address


def network_of(address: str) -> str:
    """The network of an IPv6 address (/64), which one client can have all of; an IPv4 address itself."""
    return str(IPv6Address(address.partition("%")[0]).packed[:8]) if ":" in address else address
