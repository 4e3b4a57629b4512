"""What a single and a tick of a batch cost, taken apart: CPU time of each part, in this process and without sockets.

What the kernel and the event loop add is the rest of what `singles wrk` and `batches` measure.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from statistics import median
from typing import Any

import uvicorn
import uvloop
from uvicorn.server import ServerState

from api.app import create_app
from api.container import Container
from api.http.answer_writer import AnswerWriter
from api.http.head_cache import HeadCache
from api.http.inline import run_inline
from api.http.protocol import HttpProtocol
from api.ingest.tick_decoding import append_tick, decode_array, decode_tick
from api.ingest.tick_intake import ONE_ACCEPTED
from application.prices.commands.process_price_batch import ProcessPriceBatch
from benchmarks.ingest import WrongResult
from benchmarks.load import request
from benchmarks.rows import row
from benchmarks.ticks import Tick, Walks
from domain.prices.ticks import Ticks
from infrastructure.settings import ProcessingSettings, Settings, SimulationSettings, StorageSettings
from infrastructure.telemetry.trace_context import new_trace_id

_SYMBOLS = 128
_CONNECTIONS = 64
_BATCH = 1000
_TIMES = 300
# Until what was queued is processed.
_TURNS = 3


def cost(rounds: int) -> list[dict[str, Any]]:
    """Microseconds of a single among 64 that arrive together, and of a tick in a batch of 1,000, by part."""
    return uvloop.run(_cost(rounds))


async def _cost(rounds: int) -> list[dict[str, Any]]:
    service = _Service()
    singles = _Measured(service, service.post_singles, service.gather, _CONNECTIONS)
    batches = _Measured(service, service.post_batch, service.decode, _BATCH)
    rows = _rows("single", await singles.parts(rounds)) + _rows("tick of a batch", await batches.parts(rounds))
    await service.stop()
    return rows


def _rows(name: str, took: dict[str, float]) -> list[dict[str, Any]]:
    """Each part was measured together with those before it."""
    rows = []
    before = 0.0
    for part, so_far in took.items():
        rows.append(row(f"… {part}", so_far - before, "µs"))
        before = so_far
    return [row(name, before, "µs"), *rows]


class _Transport(asyncio.Transport):
    """Takes what is written, and does nothing with it."""

    written = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += 1

    def is_closing(self) -> bool:
        return False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default


class _Service:
    """The service in this process, with connections that lead nowhere."""

    def __init__(self) -> None:
        settings = Settings(
            simulation=SimulationSettings(enabled=False),
            storage=StorageSettings(enabled=False),
            processing=ProcessingSettings(channel_capacity=1_000_000),
        )
        self.container = Container(settings=settings)
        gateway = create_app(settings, self.container)
        self.processor = self.container.processor()
        self.processor.start()
        config = uvicorn.Config(gateway, log_config=None, ws="none", proxy_headers=False)
        config.load()
        heads = HeadCache(gateway.fast_path, gateway.hosts, settings.limits.max_body_bytes)
        self._writer = AnswerWriter()
        self._state = ServerState()
        common: dict[str, Any] = {"config": config, "server_state": self._state, "app_state": {}}
        self._protocols = [
            HttpProtocol(gateway, heads, self._writer, settings.limits, **common) for _ in range(_CONNECTIONS)
        ]
        self._transports = [_Transport() for _ in self._protocols]
        for protocol, transport in zip(self._protocols, self._transports, strict=True):
            protocol.connection_made(transport)
        # All at one time, so that none is late however often it is sent.
        ticks: list[Tick] = Walks(_SYMBOLS, in_window=1e12).take(_BATCH)
        self._bodies = [tick.json for tick in ticks[:_CONNECTIONS]]
        self._singles = [request("/api/prices", body) for body in self._bodies]
        self._array = b"[" + b",".join(tick.json for tick in ticks) + b"]"
        self._batch = request("/api/prices/batch", self._array)

    def gather(self) -> Ticks:
        found = Ticks([], [], [])
        for body in self._bodies:
            if not append_tick(body, found, 0):
                found.extend(decode_tick(body, 0))
        return found

    def decode(self) -> Ticks:
        return decode_array(self._array, 0, _BATCH).ticks

    def post_singles(self) -> None:
        for protocol, each in zip(self._protocols, self._singles, strict=True):
            protocol.data_received(each)

    def post_batch(self) -> None:
        self._protocols[0].data_received(self._batch)

    def answer(self, answers: int) -> None:
        for _ in range(answers):
            self._writer.written(ONE_ACCEPTED, new_trace_id(), self._state.default_headers)

    async def stop(self) -> None:
        await self.processor.stop()
        if not self._transports[0].written or self.processor.statistics().rejected:
            raise WrongResult("a request was not answered, or not accepted")


class _Measured:
    """post: sends the requests. read: decodes what is in them, so many ticks."""

    def __init__(self, service: _Service, post: Callable[[], None], read: Callable[[], Ticks], ticks: int) -> None:
        self._service = service
        self._post = post
        self._read = read
        self._ticks = ticks

    async def parts(self, rounds: int) -> dict[str, float]:
        """Microseconds a tick of the parts, each together with those before it."""
        steps: dict[str, Callable[[], Awaitable[None]]] = {
            "decode": self._decode,
            "engine": self._apply,
            "queue": self._submit,
            "pipeline": self._send,
            "answer": self._answer,
            "protocol": self._all,
        }
        seen: dict[str, list[float]] = {step: [] for step in steps}
        for _ in range(rounds + 1):
            for step, work in steps.items():
                start = time.process_time()
                for _ in range(_TIMES):
                    await work()
                    for _ in range(_TURNS):
                        await asyncio.sleep(0)  # a turn of the loop, which takes no time
                seen[step].append(1e6 * (time.process_time() - start) / _TIMES / self._ticks)
        return {step: median(each[1:]) for step, each in seen.items()}

    async def _decode(self) -> None:
        self._read()

    async def _apply(self) -> None:
        self._service.container.partitions()[0].book.apply(self._read())

    async def _submit(self) -> None:
        await self._service.processor.submit(self._read())

    async def _send(self) -> None:
        run_inline(self._service.container.mediator().send(ProcessPriceBatch(self._read())))  # type: ignore[arg-type]  # a coroutine

    async def _answer(self) -> None:
        await self._send()
        self._service.answer(self._ticks if self._ticks == _CONNECTIONS else 1)

    async def _all(self) -> None:
        self._post()
