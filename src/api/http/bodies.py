"""Bodies of requests, by ASGI."""

from collections.abc import AsyncIterator

from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from api.http.asgi import Receive, Scope

# What metrics show where nobody was left to answer.
CLIENT_GONE = 499


class ClientGone(Exception):
    """The client left before its body was whole."""


def header(scope: Scope, wanted: bytes) -> str | None:
    for name, value in scope["headers"]:
        if name == wanted:
            text: str = value.decode("latin-1")
            return text
    return None


async def whole_body(scope: Scope, receive: Receive, bytes_max: int) -> bytes:
    """The body once all of it is there.

    Raises:
        ClientGone: it never was.
        RequestEntityTooLarge: it has more than `bytes_max`.
    """
    announced = header(scope, b"content-length")
    if announced is not None and int(announced) > bytes_max:
        raise RequestEntityTooLarge
    parts = []
    size = 0
    async for part in body_parts(receive):
        parts.append(part)
        size += len(part)
        if size > bytes_max:
            raise RequestEntityTooLarge
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def body_parts(receive: Receive) -> AsyncIterator[bytes]:
    """The body as it arrives. Raises ClientGone."""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        yield message.get("body", b"")
        more = message.get("more_body", False)
