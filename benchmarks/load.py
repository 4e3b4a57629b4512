"""A closed-loop load generator: keep-alive connections that send the next request when the last one is answered."""

import asyncio
import time
from collections.abc import Sequence
from typing import cast

import pyarrow as pa
import uvloop


def request(path: str, body: bytes, headers: str = "", media_type: str = "application/json") -> bytes:
    """headers: additional ones, each with its line end."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}"
    head += f"Content-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def chunked(path: str, chunks: Sequence[bytes]) -> bytes:
    media_type = "Content-Type: application/x-ndjson"
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{media_type}\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return head.encode() + body + b"0\r\n\r\n"


def arrow_stream(**columns: pa.Array) -> bytes:
    """The Arrow IPC stream of one record batch."""
    batch = pa.record_batch(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


class _Connection(asyncio.Protocol):
    """Sends its requests one by one. Fails at the first answer with a status other than `status`."""

    def __init__(self, requests: Sequence[bytes], status: bytes, done: asyncio.Future[None]) -> None:
        self._requests = iter(requests)
        self._status = status
        self._done = done
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def start(self) -> None:
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        data = self._buffer + data
        head = data.find(b"\r\n\r\n")
        if head < 0:
            self._buffer = data
            return
        if not data.startswith(self._status, 9):
            self._fail(RuntimeError(f"unexpected answer: {data[:300]!r}"))
            return
        at = data.find(b"content-length: ")
        if len(data) < head + 4 + int(data[at + 16 : data.index(b"\r", at)]):
            self._buffer = data
            return
        self._buffer = b""
        following = next(self._requests, None)
        if following is not None:
            self._transport.write(following)
        elif not self._done.done():
            self._done.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._fail(error or ConnectionResetError("the server closed the connection"))

    def close(self) -> None:
        self._transport.close()

    def _fail(self, error: Exception) -> None:
        if not self._done.done():
            self._done.set_exception(error)


def drive(port: int, shares: Sequence[Sequence[bytes]], status: int = 202) -> float:
    """Send each share over its own connection. Returns the seconds from the first request to the last answer."""
    return uvloop.run(_drive(port, shares, str(status).encode()))


async def _drive(port: int, shares: Sequence[Sequence[bytes]], status: bytes) -> float:
    loop = asyncio.get_running_loop()
    connections = []
    for requests in shares:
        done = loop.create_future()
        _, connection = await loop.create_connection(
            lambda requests=requests, done=done: _Connection(requests, status, done),  # type: ignore[misc]
            "127.0.0.1",
            port,
        )
        connections.append((connection, done))
    start = time.perf_counter()
    for connection, _ in connections:
        connection.start()
    await asyncio.gather(*(done for _, done in connections))
    seconds = time.perf_counter() - start
    for connection, _ in connections:
        connection.close()
    return seconds
