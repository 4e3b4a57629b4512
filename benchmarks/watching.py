"""Watchers on real WebSockets, as cheap as possible, to leave the machine to the service.

`python -m benchmarks.watching PORT WATCHERS SYMBOL,...` opens them, prints `ready`, and runs until its input ends.
"""

import asyncio
import sys
import threading
from collections.abc import Callable, Sequence
from random import Random
from typing import cast

import msgspec
import uvloop

from benchmarks.sides import pin

SUBSCRIBED_EACH = 5
# Connections opened at once.
_OPENING = 200
_HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Watcher(asyncio.Protocol):
    """Subscribes to symbols and counts bytes; passes messages to `on_message`, if given."""

    def __init__(
        self,
        symbols: Sequence[str],
        on_message: Callable[[bytes], None] | None = None,
        channels: Sequence[str] | None = None,
    ) -> None:
        self.bytes = 0
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked = {"op": "subscribe", "symbols": symbols} | ({"channels": channels} if channels else {})
        self._on_message = on_message
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(_HANDSHAKE)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(exc or ConnectionResetError("the service closed the connection"))

    def data_received(self, data: bytes) -> None:
        if not self.ready.done():
            self._rest += data
            head, found, data = self._rest.partition(b"\r\n\r\n")
            if not found:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.ready.set_exception(RuntimeError(head.decode()))
                return
            self._rest = b""
            self.ready.set_result(None)
            self._subscribe()
        self.bytes += len(data)
        if self._on_message is not None:
            self._read(data, self._on_message)

    def _subscribe(self) -> None:
        text = msgspec.json.encode(self._asked)
        # The mask is zero, which changes nothing.
        self.transport.write(b"\x81\xfe" + len(text).to_bytes(2, "big") + bytes(4) + text)

    def pong(self) -> None:
        """Tell the service that somebody is there; pings are not read."""
        self.transport.write(b"\x8a\x80" + bytes(4))

    def _read(self, data: bytes, on_message: Callable[[bytes], None]) -> None:
        data = self._rest + data
        at = 0
        while len(data) - at >= 2:
            length, start = data[at + 1], at + 2
            if length == 126:
                length, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            elif length == 127:
                length, start = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
            if len(data) < start + length:
                break
            if data[at] == 0x81:
                on_message(data[start : start + length])
            at = start + length
        self._rest = data[at:]


async def open_watchers(
    port: int,
    count: int,
    symbols: Sequence[str],
    on_message: Callable[[bytes], None] | None = None,
    channels: Sequence[str] | None = None,
) -> list[Watcher]:
    """Open watchers of five symbols each, chosen at random but the same in every run.

    channels: None for those that a client gets that names none.
    """
    loop = asyncio.get_running_loop()
    choice = Random(count)
    watchers: list[Watcher] = []
    while len(watchers) < count:
        opening = [
            loop.create_connection(
                lambda: Watcher(choice.sample(symbols, SUBSCRIBED_EACH), on_message, channels), "127.0.0.1", port
            )
            for _ in range(min(_OPENING, count - len(watchers)))
        ]
        opened = [protocol for _, protocol in await asyncio.gather(*opening)]
        await asyncio.gather(*(watcher.ready for watcher in opened))
        watchers += opened
    return watchers


async def _main(port: int, count: int, symbols: Sequence[str]) -> None:
    watchers = await open_watchers(port, count, symbols)
    print("ready", flush=True)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    threading.Thread(target=lambda: (sys.stdin.read(), loop.call_soon_threadsafe(ended.set)), daemon=True).start()
    await ended.wait()
    print(sum(watcher.bytes for watcher in watchers), flush=True)


if __name__ == "__main__":
    pin(1)
    uvloop.run(_main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].split(",")))
