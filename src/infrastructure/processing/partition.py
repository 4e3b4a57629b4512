"""One partition: a channel, the states of its symbols, and the worker that takes ticks from the one to the other.

Single writer: only `work` touches the book. Invariant, whenever the event loop is free:
what the channel let go and did not drop is processed or failed.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Protocol

import structlog

from application.ports.anomaly_repository import AnomalySink
from application.ports.clock import Clock
from domain.price_anomaly import PriceAnomaly
from domain.symbol_book import Applied, SymbolBook
from domain.ticks import Ticks
from infrastructure.processing.channel import Channel
from infrastructure.processing.latency import Latency
from infrastructure.processing.throughput import Throughput

_BATCH_MAX = 1024
# All workers together take at most about this long in one turn of the event loop.
_TURN_SECONDS = 0.004
_LOGGED_SYMBOLS_MAX = 1000

_log = structlog.stdlib.get_logger(__name__)


class Recorder(Protocol):
    """Takes over what was applied, in the order it was."""

    @property
    def is_crowded(self) -> bool:
        """Whether to wait for room before more is applied."""
        ...

    async def wait_for_room(self) -> None: ...

    def record(self, ticks: Ticks, applied: Applied) -> None: ...


class ChangeNotice(Protocol):
    """Hears of every batch that was applied."""

    def mark(self, symbols: Iterable[str], anomalies: Sequence[PriceAnomaly]) -> None: ...


class Partition:
    """index: its number, from 0; `partitions`: how many there are. recorder, notice, throughput: shared by all of them.

    The counters are ticks, but for `anomalies`, `restarts` and the `seconds` of work.
    """

    def __init__(
        self,
        index: int,
        channel: Channel,
        book: SymbolBook,
        sink: AnomalySink,
        recorder: Recorder,
        notice: ChangeNotice,
        clock: Clock,
        throughput: Throughput,
        partitions: int,
    ) -> None:
        self.index = index
        self.channel = channel
        self.book = book
        self.processed = 0
        self.failed = 0
        self.late = 0
        self.anomalies = 0
        self.restarts = 0
        self.seconds = 0.0
        self.latency = Latency()
        self.throughput = throughput
        self._sink = sink
        self._recorder = recorder
        self._notice = notice
        self._clock = clock
        self._turn_seconds = _TURN_SECONDS / partitions
        self._unpublished: list[PriceAnomaly] = []
        self._logged: set[str] = set()

    async def work(self) -> None:
        """Drain the channel in batches until it is closed and empty.

        Whatever this raises, nothing is lost: ticks taken are applied before anything can fail, and anomalies are kept
        until the sink has them. Starting again goes on where it stopped.
        """
        await self._publish()
        turn_end = self.seconds + self._turn_seconds
        while batch := await self.channel.take(_BATCH_MAX):
            self._apply(batch)
            if self._unpublished:
                await self._publish()
            if self._recorder.is_crowded:
                await self._recorder.wait_for_room()
            if self.seconds >= turn_end and len(self.channel):
                # Intake, readers and watchers have their turn, and every other partition.
                await asyncio.sleep(0)
                turn_end = self.seconds + self._turn_seconds

    def count_restart(self) -> None:
        self.restarts += 1

    def _apply(self, batch: Ticks) -> None:
        start = self._clock.monotonic()
        applied = self.book.apply(batch)
        self._recorder.record(batch, applied)
        self._notice.mark(batch.symbols, applied.anomalies)
        self.processed += applied.processed
        self.failed += len(applied.failures)
        self.late += applied.late
        self.anomalies += len(applied.anomalies)
        self._unpublished += applied.anomalies
        for symbol, failure in applied.failures:
            self._log_once(symbol, failure)
        now = self._clock.monotonic()
        self.seconds += now - start
        self.throughput.add(now, applied.processed)
        for moment, ticks in self.channel.settle():
            self.latency.observe(now - moment, ticks)

    async def _publish(self) -> None:
        if self._unpublished:
            await self._sink.publish(self._unpublished)
            self._unpublished = []

    def _log_once(self, symbol: str, failure: Exception) -> None:
        if symbol not in self._logged and len(self._logged) < _LOGGED_SYMBOLS_MAX:
            self._logged.add(symbol)
            _log.error("tick failed", symbol=symbol, partition=self.index, exc_info=failure)
