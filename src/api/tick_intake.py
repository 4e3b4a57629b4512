"""The short way in for ticks: plain ASGI, for the two routes that a feeder calls all day.

A typed Litestar handler costs more than all the rest of a tick together (docs/decisions/0005-a-short-way-in.md has the
figures). Litestar keeps the routes too, for whatever spelling of their address does not come this way; what a body
means and what is answered is written here once for both.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from api.asgi import Receive, Scope, Send
from api.problems import MEDIA_TYPE as PROBLEM
from api.problems import UnsupportedMediaType, problem_body, problem_headers, problem_of
from api.schemas import BatchView, encode
from api.tick_decoding import UnreadableTick, decode_array, decode_lines, decode_tick
from application.commands.process_price_update import ProcessPriceUpdate
from application.commands.refuse_price_update import RefusePriceUpdate
from application.errors import Draining
from application.mediator import Mediator, Message
from application.ports.clock import Clock

JSON = "application/json"
NDJSON = "application/x-ndjson"

_ACCEPTED_ONE = b'{"accepted":1}'
# What metrics show where nobody was left to answer.
_CLIENT_GONE = 499


class _ClientGoneError(Exception):
    """The client left before its body was whole: nothing of it is taken."""


class TickIntake:
    """Takes bodies of ticks to the mediator."""

    def __init__(self, mediator: Mediator, clock: Clock, max_body_bytes: int, max_batch_size: int) -> None:
        self._mediator = mediator
        self._clock = clock
        self._max_body_bytes = max_body_bytes
        self._max_batch_size = max_batch_size
        self.paths: dict[str, Callable[[str | None, bytes], Awaitable[bytes]]] = {
            "/api/prices": self.take_one,
            "/api/prices/batch": self.take_many,
        }

    async def take_one(self, content_type: str | None, body: bytes) -> bytes:
        """One tick; the body of the answer 202."""
        if content_type != JSON:
            _media_type(content_type, JSON)
        command: Message[None]
        try:
            command = ProcessPriceUpdate(decode_tick(body, self._clock.now_us()))
        except UnreadableTick as bad:
            command = RefusePriceUpdate(bad.errors)
        await self._mediator.send(command)
        return _ACCEPTED_ONE

    async def take_many(self, content_type: str | None, body: bytes) -> bytes:
        """A JSON array or NDJSON; the body of the answer 202."""
        decode = decode_lines if _media_type(content_type, JSON, NDJSON) == NDJSON else decode_array
        result = await self._mediator.send(decode(body, self._clock.now_us(), self._max_batch_size))
        return encode(BatchView.of(result))

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> int:
        """Answer a POST to one of `paths`, by ASGI; the status."""
        path = scope["path"]
        headers: Iterable[tuple[bytes, bytes]] = ()
        try:
            content_type = _header(scope, b"content-type")
            body = await self._read(scope, receive)
            answer = await self.paths[path](content_type, body)
            status, media_type = 202, JSON
        except _ClientGoneError:
            return _CLIENT_GONE
        except (Exception, asyncio.CancelledError) as given:
            # Cancelled is who is still sending when the time for requests under way is over.
            error = Draining() if isinstance(given, asyncio.CancelledError) else given
            problem = problem_of(error, path)
            answer = problem_body(problem, path)
            status, media_type = problem.status, PROBLEM
            headers = [(name.lower().encode(), value.encode()) for name, value in problem_headers(error).items()]
        length = b"%d" % len(answer)
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(b"content-type", media_type.encode()), (b"content-length", length), *headers],
            }
        )
        await send({"type": "http.response.body", "body": answer})
        return status

    async def _read(self, scope: Scope, receive: Receive) -> bytes:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _ClientGoneError
        body: bytes = message.get("body", b"")
        if not message.get("more_body"):
            if len(body) > self._max_body_bytes:
                raise RequestEntityTooLarge
            return body
        announced = _header(scope, b"content-length")
        if announced is not None and int(announced) > self._max_body_bytes:
            raise RequestEntityTooLarge
        parts = [body]
        size = len(body)
        while message.get("more_body"):
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _ClientGoneError
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._max_body_bytes:
                raise RequestEntityTooLarge
        return b"".join(parts)


def _header(scope: Scope, wanted: bytes) -> str | None:
    for name, value in scope["headers"]:
        if name == wanted:
            text: str = value.decode("latin-1")
            return text
    return None


def _media_type(content_type: str | None, *accepted: str) -> str:
    """The body's media type; the first of those accepted where the request names none."""
    if content_type is None:
        return accepted[0]
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type not in accepted:
        raise UnsupportedMediaType(f"Send Content-Type: {' or '.join(accepted)}.")
    return media_type
