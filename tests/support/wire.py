"""In-process connections to the service, byte by byte, over the fast path's protocol or uvicorn's own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from api.app import create_app
from api.container import Container
from api.http.answer_writer import AnswerWriter
from api.http.gateway import UNMATCHED, Gateway
from api.http.head_cache import HeadCache
from api.http.protocol import HttpProtocol
from infrastructure.settings import Settings
from support.fakes import FakeClock

# Turns of the event loop after which it has settled.
_TURNS = 40
# So many without a task in a row: pipelined singles are answered one a turn, without one.
_QUIET_TURNS = 5


class Transport(asyncio.Transport):
    """Keeps the bytes written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closing = False
        self.paused = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self.closing:
            self.written += bytes(data)

    def close(self) -> None:
        self.closing = True

    def is_closing(self) -> bool:
        return self.closing

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default


class Way:
    """A service and one way to reach it. short: over the protocol with the fast path instead of uvicorn's own."""

    def __init__(self, gateway: Gateway, container: Container, short: bool, settings: Settings) -> None:
        self.container = container
        self._settings = settings
        self._gateway = gateway
        self._short = short
        self._state = ServerState()
        self._config = uvicorn.Config(gateway, log_config=None, ws="none", proxy_headers=False)
        self._config.load()
        self._heads = HeadCache(gateway.fast_path, gateway.hosts, settings.limits.max_body_bytes, container.access())

    def connect(self) -> tuple[HttpToolsProtocol, Transport]:
        common: dict[str, Any] = {"config": self._config, "server_state": self._state, "app_state": {}}
        protocol = (
            HttpProtocol(self._gateway, self._heads, AnswerWriter(), self._settings.limits, **common)
            if self._short
            else HttpToolsProtocol(**common)
        )
        transport = Transport()
        protocol.connection_made(transport)
        return protocol, transport

    async def exchange(self, *pieces: bytes) -> bytes:
        """Send the pieces one by one on a new connection, close it, and return the bytes that came back."""
        protocol, transport = self.connect()
        for piece in pieces:
            while transport.paused:  # noqa: ASYNC110  # the connection reads again after some turns of the loop
                await asyncio.sleep(0)
            if transport.closing:
                break
            protocol.data_received(piece)
            await self.rest()
        protocol.connection_lost(None)
        await self.rest()
        assert not self._state.tasks
        return transport.written

    async def rest(self) -> None:
        """Wait until the event loop and the queues have settled."""
        quiet = 0
        for _ in range(_TURNS):
            await asyncio.sleep(0)  # a turn of the loop, which takes no time
            quiet = 0 if self._state.tasks else quiet + 1
            if quiet == _QUIET_TURNS:
                break
        processor = self.container.processor()
        while processor.statistics().queued:  # noqa: ASYNC110  # some turns for the workers
            await asyncio.sleep(0)

    def effects(self) -> object:
        """The counts, states and metrics that all requests have led to."""
        account = self.container.processor().statistics()
        counted = (account.received, account.accepted, account.rejected, account.processed, account.events)
        books = [partition.book for partition in self.container.partitions()]
        states = [(name, book.snapshot(name)) for book in books for name in book.keys()]
        latency = self.container.request_meter().latency
        # uvicorn's own protocol does not count malformed requests.
        requests = {key: seen.count for key, seen in latency.items() if key != (UNMATCHED, "OTHER", 400)}
        return counted, states, requests


@asynccontextmanager
async def both_ways(**sections: dict[str, Any]) -> AsyncIterator[tuple[Way, Way]]:
    """The same service twice: with the fast path and without it."""
    off = {"enabled": False}
    server = {"allowed_hosts": ("x",)}
    given = {"server": server, "simulation": off, "storage": off, "processing": {"partitions": 2}, **sections}
    settings = Settings(**given)  # type: ignore[arg-type]
    ways = []
    for short in (True, False):
        container = Container(settings=settings, clock=FakeClock())
        gateway = create_app(settings, container)
        container.processor().start()
        ways.append(Way(gateway, container, short, settings))
    try:
        yield cast("tuple[Way, Way]", tuple(ways))
    finally:
        for way in ways:
            await way.container.processor().stop()
