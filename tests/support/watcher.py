"""A subscriber on a real WebSocket."""

import json
from contextlib import ExitStack
from types import TracebackType
from typing import Any

from websockets.sync.client import ClientConnection, connect

from support.service import Service


class Watcher:
    """Keeps the messages it has read, and checks that `seq` rises by one."""

    def __init__(self, service: Service, **options: Any) -> None:
        address = service.url.replace("http", "ws") + "/ws"
        self._closing = ExitStack()
        self.socket: ClientConnection = self._closing.enter_context(connect(address, open_timeout=30, **options))
        self.seen: list[dict[str, Any]] = []

    def __enter__(self) -> "Watcher":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._closing.close()

    def say(self, op: str, **more: Any) -> None:
        self.socket.send(json.dumps({"op": op, **more}))

    def read(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.socket.recv(timeout=30))
        assert message["seq"] == len(self.seen) + 1
        self.seen.append(message)
        return message

    def until(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Read up to the next message of this type with these fields."""
        while True:
            message = self.read()
            if message["type"] == kind and all(message.get(name) == value for name, value in fields.items()):
                return message

    def price_of(self, symbol: str, updates: int) -> dict[str, Any]:
        """The statistics of a symbol after at least `updates` updates."""
        while True:
            for item in self.read().get("prices", ()):
                if isinstance(item, dict) and item["symbol"] == symbol and item["updateCount"] >= updates:
                    return item
