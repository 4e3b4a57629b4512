"""Reads request bodies over ASGI."""

from collections.abc import AsyncIterator

from api.http.asgi import Receive, Scope
from api.http.errors import BodyTooLarge

# Status in metrics if the client disconnects before the answer.
CLIENT_GONE = 499


class ClientGone(Exception):
    """The client disconnected before its body was complete."""


def header_bytes(scope: Scope, wanted: bytes) -> bytes | None:
    """The first header of that name, which is in lower case."""
    return next((value for name, value in scope["headers"] if name == wanted), None)


def header(scope: Scope, wanted: bytes) -> str | None:
    value = header_bytes(scope, wanted)
    return None if value is None else value.decode("latin-1")


async def whole_body(scope: Scope, receive: Receive, bytes_max: int) -> bytes:
    """Read the complete body.

    Raises:
        ClientGone: the client disconnected first.
        BodyTooLarge: the body is larger than `bytes_max`.
    """
    announced = header(scope, b"content-length")
    if announced is not None and int(announced) > bytes_max:
        raise BodyTooLarge
    parts = []
    size = 0
    async for part in body_parts(receive):
        parts.append(part)
        size += len(part)
        if size > bytes_max:
            raise BodyTooLarge
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def body_parts(receive: Receive) -> AsyncIterator[bytes]:
    """Yield the body as it arrives. Raises ClientGone."""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        yield message.get("body", b"")
        more = message.get("more_body", False)


async def until_gone(receive: Receive) -> None:
    """Wait until the client disconnects."""
    while (await receive())["type"] != "http.disconnect":
        pass
