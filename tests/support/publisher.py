"""A trading system that pushes over ZeroMQ: nothing but pyzmq and the table of messages."""

import json
import time
from types import TracebackType
from typing import Any

import zmq


class Publisher:
    """high_water_mark: messages that wait here before `send` does."""

    def __init__(self, address: str, high_water_mark: int = 1000, **options: bytes | int) -> None:
        self._context = zmq.Context()
        self.socket = self._context.socket(zmq.PUSH)
        self.socket.set(zmq.SNDHWM, high_water_mark)
        self.socket.set(zmq.LINGER, 10_000)
        for name, value in options.items():
            self.socket.set(getattr(zmq, name), value)
        self.socket.connect(address)

    def __enter__(self) -> "Publisher":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close once everything is sent."""
        self.socket.close()
        self._context.term()

    def trade(self, quantity: float, side: str = "buy", **more: Any) -> None:
        self.socket.send_string(json.dumps({"type": "trade", "side": side, "qty": quantity, "ts": time.time(), **more}))

    def accepts(self, frame: bytes) -> bool:
        """Send a frame, unless that would wait."""
        try:
            self.socket.send(frame, zmq.NOBLOCK)
        except zmq.Again:
            return False
        return True


def free_address() -> str:
    """An address that can be bound, and again after a restart."""
    context = zmq.Context()
    socket = context.socket(zmq.PULL)
    port = socket.bind_to_random_port("tcp://127.0.0.1")
    socket.close()
    context.term()
    return f"tcp://127.0.0.1:{port}"
