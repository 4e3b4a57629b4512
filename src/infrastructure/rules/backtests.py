"""Runs back-tests, each in a process of its own, so that nobody else notices."""

import asyncio
import pickle
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

import structlog

from application.errors import HistoryDisabled, StorageFailed
from application.rules.errors import TooManyBacktests
from application.rules.ports.backtests import Backtest, BacktestState
from domain.rules.backtest import BacktestResult
from domain.rules.rule import Rule
from infrastructure.rules.backtesting import Period

# Ended ones that can still be asked for.
_KEPT = 100
_EARLIEST_US, _LATEST_US = -(1 << 62), 1 << 62
_LENGTH = struct.Struct(">I")

_log = structlog.stdlib.get_logger(__name__)


class Committing(Protocol):
    async def committed(self) -> None: ...


@dataclass(slots=True)
class _Run:
    rule: Rule
    state: BacktestState = BacktestState.RUNNING
    progress: float = 0.0
    result: BacktestResult | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    process: asyncio.subprocess.Process | None = None
    task: "asyncio.Task[None] | None" = None
    is_deleted: bool = False


class ProcessBacktests:
    """The `Backtests`. module: run by the process; it reads a pickled (context, rule, period) from its standard input,
    and writes frames for `read_frame`.

    context: what the process needs to open the store. None if there is none.
    """

    def __init__(self, module: str, context: Any, journal: Committing, most: int) -> None:
        self._module = module
        self._context = context
        self._journal = journal
        self._most = most
        self._runs: dict[str, _Run] = {}

    async def start(self, rule: Rule, from_us: int | None, to_us: int | None) -> str:
        if self._context is None:
            raise HistoryDisabled
        if sum(run.state is BacktestState.RUNNING for run in self._runs.values()) >= self._most:
            raise TooManyBacktests(self._most)
        period = Period(_EARLIEST_US if from_us is None else from_us, _LATEST_US if to_us is None else to_us)
        run_id, run = uuid4().hex, _Run(rule)
        self._runs[run_id] = run
        for old in [key for key, each in self._runs.items() if each.ended.is_set()][:-_KEPT]:
            del self._runs[old]
        run.task = asyncio.create_task(self._run(run, period))
        return run_id

    async def ended(self, backtest_id: str) -> Backtest:
        run = self._runs[backtest_id]
        await run.ended.wait()
        return _of(backtest_id, run)

    def get(self, backtest_id: str) -> Backtest | None:
        run = self._runs.get(backtest_id)
        return None if run is None or run.is_deleted else _of(backtest_id, run)

    def cancel(self, backtest_id: str) -> None:
        run = self._runs[backtest_id]
        run.is_deleted = True
        if run.state is BacktestState.RUNNING:
            run.state = BacktestState.CANCELLED
            if run.task is not None:
                run.task.cancel()

    async def close(self) -> None:
        """Cancel all, and wait until their processes have ended."""
        for backtest_id in self._runs:
            self.cancel(backtest_id)
        for run in self._runs.values():
            if run.task is not None:
                with suppress(asyncio.CancelledError):
                    await run.task

    async def _run(self, run: _Run, period: Period) -> None:
        try:
            with suppress(StorageFailed):
                # What is stored can still be read.
                await self._journal.committed()
            given = pickle.dumps((self._context, run.rule, period))
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", self._module, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
            )
            run.process = process
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(given)
            process.stdin.close()
            while (frame := await read_frame(process.stdout)) is not None:
                if isinstance(frame, BacktestResult):
                    run.result, run.progress = frame, 1.0
                else:
                    run.progress = frame
            if await process.wait() == 0 and run.result is not None:
                run.state = BacktestState.DONE
        except OSError as error:
            _log.error("a back-test could not start", reason=str(error))
        finally:
            if run.state is BacktestState.RUNNING:
                run.state = BacktestState.FAILED
                _log.error("a back-test ended without a result", rule=run.rule.name)
            await _end(run.process)
            run.ended.set()


async def _end(process: asyncio.subprocess.Process | None) -> None:
    if process is not None and process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def frame_of(content: BacktestResult | float) -> bytes:
    """Encode progress, or the result, for `read_frame`."""
    body = pickle.dumps(content)
    return _LENGTH.pack(len(body)) + body


async def read_frame(stream: asyncio.StreamReader) -> Any:
    """Return the next frame of a back-test's process, None at its end."""
    try:
        (length,) = _LENGTH.unpack(await stream.readexactly(_LENGTH.size))
        body = await stream.readexactly(length)
    except asyncio.IncompleteReadError:
        return None
    return pickle.loads(body)  # noqa: S301  # of a process of our own


def _of(backtest_id: str, run: _Run) -> Backtest:
    return Backtest(backtest_id, run.rule, run.state, run.progress, run.result)
