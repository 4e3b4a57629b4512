"""The sockets that the service listens on."""

import errno
import socket
from collections.abc import Sequence
from typing import Any

_ABSENT = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)


def bound_sockets(host: str, port: int) -> list[socket.socket]:
    """Sockets at all addresses of a host; they refuse connections until they listen. Raises OSError."""
    found = list(dict.fromkeys(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)))
    sockets: list[socket.socket] = []
    absent: OSError | None = None
    # Any free port is a different one for each address.
    for family, kind, protocol, _, address in found if port else found[:1]:
        try:
            sockets.append(_bound_to(family, kind, protocol, address))
        except OSError as error:
            if error.errno not in _ABSENT:
                close_all(sockets)
                raise
            # A name may have an address of a family that this machine lacks.
            absent = error
    if absent is not None and not sockets:
        raise absent
    return sockets


def _bound_to(family: int, kind: int, protocol: int, address: Any) -> socket.socket:
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound


def close_all(sockets: Sequence[socket.socket]) -> None:
    for each in sockets:
        each.close()
