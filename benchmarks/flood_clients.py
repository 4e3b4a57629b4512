"""Clients of the overload benchmark: one that floods, and one that sends at an interval."""

import asyncio
import time
from collections.abc import Iterator
from typing import cast


class Flood(asyncio.Protocol):
    """Sends the next request when the last one is answered (closed loop), or whenever `send` is called (open loop)."""

    def __init__(self, bodies: Iterator[bytes]) -> None:
        self._bodies = bodies
        self.answers: dict[bytes, int] = {}
        self.sent = 0
        self.closed_loop = True
        self.stopped = False
        self.idle = asyncio.Event()
        self._rest = b""
        self._last = b""
        self.writable = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def pause_writing(self) -> None:
        self.writable = False

    def resume_writing(self) -> None:
        self.writable = True

    def send(self) -> None:
        if self.transport.is_closing():
            raise RuntimeError(f"the service closed a connection; its last answers: {self.answers}, {self._last!r}")
        self.sent += 1
        self.transport.write(next(self._bodies))

    def data_received(self, data: bytes) -> None:
        self._last = data[-500:]
        data = self._rest + data
        at = 0
        while (head := data.find(b"\r\n\r\n", at)) >= 0:
            length = data.index(b"content-length: ", at) + 16
            end = head + 4 + int(data[length : data.index(b"\r", length)])
            if len(data) < end:
                break
            status = data[at + 9 : at + 12]
            self.answers[status] = self.answers.get(status, 0) + 1
            at = end
            if self.closed_loop and not self.stopped:
                self.send()
        self._rest = data[at:]
        if self.stopped and self.answered == self.sent:
            self.idle.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.idle.set()

    @property
    def answered(self) -> int:
        return sum(self.answers.values())


class Prober(asyncio.Protocol):
    """Sends a request at an interval, and records how long each answer took."""

    def __init__(self, request: bytes, every_seconds: float) -> None:
        self._request = request
        self._every_seconds = every_seconds
        self.seconds: list[float] = []
        self.answered = asyncio.Event()
        self.statuses: dict[bytes, int] = {}
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._sent_at:
            self.seconds.append(time.perf_counter() - self._sent_at)
            self.statuses[data[9:12]] = self.statuses.get(data[9:12], 0) + 1
            self._sent_at = 0.0
            self.answered.set()

    async def run(self, until: float) -> None:
        while (now := time.perf_counter()) < until:
            if not self._sent_at:
                self._sent_at = now
                self.transport.write(self._request)
            await asyncio.sleep(self._every_seconds)
        if self._sent_at:
            self.answered.clear()
            await self.answered.wait()
