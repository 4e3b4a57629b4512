"""A publisher over ZeroMQ, as trading systems have one."""

from types import TracebackType
from typing import Any, Self

import msgspec
import zmq

# How long it may take to deliver the rest at the end.
_LINGER_MS = 5000
_ENCODER = msgspec.json.Encoder(decimal_format="number")


class Unreachable(Exception):
    """Nobody takes messages at the address. The message says so."""


class ZeroMqPublisher:
    """Pushes messages to an address.

    queue_full_count: how often a message waited, because as many as the high-water mark had not been taken.
    wait_seconds: how long one waits at most.
    """

    def __init__(self, address: str, wait_seconds: float, server_key: str | None = None) -> None:
        self.queue_full_count = 0
        self._address = address
        self._context = zmq.Context()
        self._socket: zmq.Socket[bytes] = self._context.socket(zmq.PUSH)
        self._socket.set(zmq.SNDTIMEO, int(wait_seconds * 1000))
        self._socket.set(zmq.LINGER, _LINGER_MS)
        # No messages for a connection that there is not.
        self._socket.set(zmq.IMMEDIATE, 1)
        if server_key is not None:
            public, secret = zmq.curve_keypair()
            self._socket.set(zmq.CURVE_SERVERKEY, server_key.encode())
            self._socket.set(zmq.CURVE_PUBLICKEY, public)
            self._socket.set(zmq.CURVE_SECRETKEY, secret)
        try:
            self._socket.connect(address)
        except zmq.ZMQError as error:
            self._socket.close()
            self._context.term()
            raise Unreachable(f"{address}: {error}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._socket.close()
        self._context.term()

    def send(self, message: dict[str, Any]) -> None:
        """Push a message; wait while the queue is full. Raises Unreachable."""
        text = _ENCODER.encode(message)
        try:
            self._socket.send(text, zmq.NOBLOCK)
        except zmq.Again:
            self.queue_full_count += 1
            self._send_waiting(text)

    def connect(self, message: dict[str, Any]) -> None:
        """Push a first message, once the address is connected. Raises Unreachable."""
        self._send_waiting(_ENCODER.encode(message))

    def _send_waiting(self, text: bytes) -> None:
        try:
            self._socket.send(text)
        except zmq.Again:
            raise Unreachable(f"nobody takes messages at {self._address}") from None
