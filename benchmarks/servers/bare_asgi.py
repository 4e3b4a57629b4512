"""A minimal ASGI app for the same requests: decodes a body and answers 202, or answers fixed bytes."""

import sys
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pyarrow as pa
import uvicorn


class Tick(msgspec.Struct, gc=False):
    symbol: str
    price: float
    timestamp: int


ONE = msgspec.json.Decoder(Tick)
MANY = msgspec.json.Decoder(list[Tick])
JSON = (b"content-type", b"application/json")
ARROW = "application/vnd.apache.arrow.stream"
_ARROW_HEADER = (b"content-type", ARROW.encode())
# As long as the service's answer for one symbol.
STATISTICS = (
    b'{"symbol":"S0000001","currentPrice":100.12345,"movingAverage":100.12345678901234,"minPrice":99.12345,'
    b'"maxPrice":101.12345,"updateCount":1000,"lateCount":0,"anomalyCount":10,'
    b'"lastUpdateTime":"2023-11-14T22:13:20.000Z"}'
)


def prepared(status: int, body: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    headers = [JSON, (b"content-length", b"%d" % len(body))]
    return (
        {"type": "http.response.start", "status": status, "headers": headers},
        {"type": "http.response.body", "body": body},
    )


FOUND = prepared(200, STATISTICS)
ACCEPTED = prepared(202, b'{"accepted":1}')

Receive = Callable[[], Awaitable[dict[str, Any]]]


async def whole(receive: Receive) -> bytes:
    message = await receive()
    if not message["more_body"]:
        return bytes(message["body"])
    parts = [message["body"]]
    while message["more_body"]:
        message = await receive()
        parts.append(message["body"])
    return b"".join(parts)


async def count_lines(receive: Receive) -> int:
    """Decode complete lines as they arrive, and count them."""
    count = 0
    rest = b""
    more = True
    while more:
        message = await receive()
        more = message["more_body"]
        part = message["body"]
        end = part.rfind(b"\n") + 1
        if end:
            count += len(ONE.decode_lines(rest + part[:end]))
            rest = part[end:]
        else:
            rest += part
    return count


async def app(scope: dict[str, Any], receive: Receive, send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
    path = scope["path"]
    if scope["method"] == "GET":
        start, body = FOUND
    elif path == "/api/prices":
        ONE.decode(await whole(receive))
        start, body = ACCEPTED
    else:
        if path.endswith("stream"):
            count = await count_lines(receive)
        elif _ARROW_HEADER in scope["headers"]:
            count = pa.ipc.open_stream(await whole(receive)).read_all().num_rows
        else:
            count = len(MANY.decode(await whole(receive)))
        start, body = prepared(202, b'{"accepted":%d,"rejected":0,"errors":[]}' % count)
    await send(start)
    await send(body)


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False, lifespan="off", server_header=False)
