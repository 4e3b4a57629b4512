"""The least that an ASGI app can do for the same bodies: decode them and answer 202."""

import sys
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import uvicorn


class Tick(msgspec.Struct):
    symbol: str
    price: float
    timestamp: int


ONE = msgspec.json.Decoder(Tick)
MANY = msgspec.json.Decoder(list[Tick])
START = {"type": "http.response.start", "status": 202}
JSON = (b"content-type", b"application/json")


async def app(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    message = await receive()
    body = message["body"]
    while message["more_body"]:
        message = await receive()
        body += message["body"]
    if scope["path"] == "/api/prices":
        ONE.decode(body)
        answer = b'{"accepted":1}'
    else:
        answer = b'{"accepted":%d,"rejected":0,"errors":[]}' % len(MANY.decode(body))
    await send({**START, "headers": [JSON, (b"content-length", b"%d" % len(answer))]})
    await send({"type": "http.response.body", "body": answer})


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False, lifespan="off", server_header=False)
