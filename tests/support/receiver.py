"""A real HTTP receiver of webhooks, which does what it is told."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from infrastructure.delivery.signature import HEADER

# Turns of the event loop after which what it has accepted is served.
_TURNS = 10


@dataclass(frozen=True)
class Received:
    key: str
    signature: str
    host: str
    body: bytes


class Receiver:
    """Answers each request as `script` says, and the rest with 200: a status, `hang` or `close`, which is half-way."""

    def __init__(self, *script: str) -> None:
        self.script = list(script)
        self.received: list[Received] = []
        self.arrived = asyncio.Event()
        self._connections: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        # A connection accepted just now is served only some turns later; closed before that, it would stay open.
        asyncio.get_running_loop().remove_reader(self._server.sockets[0].fileno())
        for _turn in range(_TURNS):
            await asyncio.sleep(0)
        self._server.close()
        for each in self._connections:
            each.close()
            with suppress(OSError):
                await each.wait_closed()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while await self._answer(reader, writer):
                pass
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = dict(line.lower().split(": ", 1) for line in head.splitlines()[1:] if line)
        body = await reader.readexactly(int(headers["content-length"]))
        self.received.append(Received(headers["idempotency-key"], headers[HEADER.lower()], headers["host"], body))
        told = self.script.pop(0) if self.script else "200"
        self.arrived.set()
        if told == "hang":
            # Until the other side has had enough.
            await reader.read()
            return False
        if told == "close":
            writer.write(b"HTTP/1.1 200 O")
            return False
        more = "location: http://127.0.0.1:1/\r\n" if told.startswith("3") else ""
        writer.write(f"HTTP/1.1 {told} Told\r\n{more}content-length: 2\r\n\r\nok".encode())
        await writer.drain()
        return True
