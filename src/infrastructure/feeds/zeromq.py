"""Trades and benchmarks over ZeroMQ.

Messages are taken as they are there, many at a time, and submitted as one batch. While the queues are full or senders
are held, nothing is read: ZeroMQ's high-water mark holds the publishers.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import structlog
import zmq

from application.errors import MarketDataError, Overloaded, ValidationFailed
from application.mediator import Mediator, Message
from application.ports.clock import Clock
from application.ports.processor import Patience
from application.processing.batches import BatchResult
from application.trades.commands.process_trade_batch import ProcessTradeBatch
from infrastructure.feeds.trade_frames import FrameDecoding
from infrastructure.feeds.zeromq_meter import ZeroMqMeter
from infrastructure.feeds.zeromq_socket import PullSocket
from infrastructure.processing.admission import Admission, Share
from infrastructure.settings import ZeroMqSettings
from infrastructure.telemetry.timing import timed

# Messages at once: decoding and submitting them takes about a turn of the event loop.
_BATCH_MAX = 512
_FRAME_BYTES = 128
_RETRY_SECONDS = 1.0

_log = structlog.stdlib.get_logger(__name__)


class ZeroMqFeed:
    """batch_max: the most messages taken at once.

    drain_seconds: how long it goes on taking, once it is cancelled, what publishers have sent.
    """

    def __init__(
        self,
        settings: ZeroMqSettings,
        decoding: FrameDecoding,
        mediator: Mediator,
        admission: Admission,
        clock: Clock,
        meter: ZeroMqMeter,
        batch_max: int,
        drain_seconds: float,
    ) -> None:
        self._settings = settings
        self._decoding = decoding
        self._mediator = mediator
        self._admission = admission
        self._share = Share()
        self._clock = clock
        self._meter = meter
        self._batch_max = min(batch_max, _BATCH_MAX)
        self._drain_seconds = drain_seconds

    async def run(self) -> None:
        """Take messages until cancelled, and then those that are there."""
        socket = await self._bound()
        try:
            while True:
                await socket.wait()
                await self._enter()
                # Not to be lost half-way.
                taking = asyncio.ensure_future(self._take(socket.take(self._batch_max)))
                try:
                    await asyncio.shield(taking)
                except asyncio.CancelledError:
                    await asyncio.wait([taking], timeout=self._drain_seconds)
                    taking.cancel()
                    raise
                await self._clock.sleep(0)
        finally:
            try:
                await self._drain(socket)
            finally:
                socket.close()

    async def _bound(self) -> PullSocket:
        """Bind, as soon as the address can be bound."""
        told = False
        while True:
            try:
                socket = PullSocket(self._settings, self._meter.refuse)
            except zmq.ZMQError as error:
                if not told:
                    _log.error("cannot bind ZeroMQ; trying on", address=self._settings.bind, reason=str(error))
                told = True
                await self._clock.sleep(_RETRY_SECONDS)
            else:
                _log.info("takes messages over ZeroMQ", address=self._settings.bind)
                return socket

    async def _enter(self) -> None:
        """Wait for this feed's turn."""
        while True:
            try:
                await self._admission.enter(self._share, self._batch_max * _FRAME_BYTES, patient=True)
            except Overloaded:
                await self._clock.sleep(_RETRY_SECONDS)
            else:
                return

    async def _drain(self, socket: PullSocket) -> None:
        """Take what publishers have sent. Publishers that send on do not keep it from ending."""
        socket.stop_accepting()
        deadline = self._clock.monotonic() + self._drain_seconds
        with suppress(TimeoutError):
            async with asyncio.timeout(self._drain_seconds):
                while self._clock.monotonic() < deadline and (frames := socket.take(self._batch_max)):
                    await self._take(frames)

    async def _take(self, frames: Sequence[bytes]) -> None:
        await timed(self._process(frames), self._clock.monotonic, self._admission.spend)

    async def _process(self, frames: Sequence[bytes]) -> None:
        try:
            trades, others = self._decoding.decode(frames, self._clock.now_us(), self._meter.refuse)
            self._meter.messages["trade"] += len(trades)
            if len(trades):
                await self._send(ProcessTradeBatch(trades, patience=Patience.UNLIMITED))
            for kind, command in others:
                self._meter.messages[kind] += 1
                await self._send(command)
        except Exception:
            # Whatever it is, the next messages are not to blame.
            self._meter.refuse("failed", "the service failed", len(frames))
            _log.exception("messages over ZeroMQ failed")

    async def _send(self, command: Message[Any]) -> None:
        try:
            result = await self._mediator.send(command)
        except ValidationFailed as error:
            self._meter.refuse("refused", error.errors[0].code, max(error.ticks, 1))
        except MarketDataError as error:
            _log.warning("messages over ZeroMQ are lost", reason=str(error))
        else:
            if isinstance(result, BatchResult) and result.rejected:
                self._meter.refuse("refused", result.errors[0].code, result.rejected)
