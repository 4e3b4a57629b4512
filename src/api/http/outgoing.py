"""The answer to one request that the framework handles, on its way out."""

from collections.abc import Callable

from api.http.asgi import Message, Send
from api.http.content_coding import ENCODED_BYTES_MIN, encoded_soon
from api.http.origins import Headers


class Outgoing:
    """An ASGI `send` that adds headers, and encodes a complete body of more than 1 KiB.

    coding: that the client accepts. late_headers: those that are known only once the answer starts. status: of the
    answer; 0 before it has started.
    """

    def __init__(
        self, send: Send, headers: Headers, coding: str | None, late_headers: Callable[[], Headers] | None = None
    ) -> None:
        self.status = 0
        self._send = send
        self._headers = headers
        self._coding = coding
        self._late_headers = late_headers
        self._held: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            late = self._late_headers() if self._late_headers is not None else ()
            start: Message = {**message, "headers": [*message["headers"], *self._headers, *late]}
            if _is_encodable(message["headers"]):
                # The body decides what its head says.
                self._held = start
            else:
                await self._send(start)
            return
        if self._held is not None:
            start, self._held = self._held, None
            body = message.get("body", b"")
            if self.status == 304:
                start = {**start, "headers": [*start["headers"], (b"vary", b"Accept-Encoding")]}
            if not message.get("more_body", False) and len(body) > ENCODED_BYTES_MIN:
                headers = [*start["headers"], (b"vary", b"Accept-Encoding")]
                if self._coding is not None:
                    body = await encoded_soon(body, self._coding)
                    headers = [each for each in headers if each[0] != b"content-length"]
                    headers += [(b"content-encoding", self._coding.encode()), (b"content-length", b"%d" % len(body))]
                start, message = {**start, "headers": headers}, {**message, "body": body}
            await self._send(start)
        await self._send(message)


def _is_encodable(headers: Headers) -> bool:
    """Whether the body is complete, and not encoded already."""
    names = {name.lower() for name, _ in headers}
    return b"content-length" in names and b"content-encoding" not in names
