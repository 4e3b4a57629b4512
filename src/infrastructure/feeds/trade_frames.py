"""Decodes the messages of trading systems: trades, benchmarks and their status."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec

from application.benchmarks.commands.record_benchmark import RecordBenchmark
from application.benchmarks.commands.record_benchmark_status import RecordBenchmarkStatus, Status
from application.ports.processor import Patience
from domain.benchmarks.benchmark_run import BenchmarkRun, RunLatency, RunType
from domain.numbers import InvalidNumber
from domain.trades.trades import Trades
from infrastructure.feeds.raw_numbers import NO_NUMBER, number_in

# Seconds since the Unix epoch, from 1973 to the year 5138; others are in another unit.
_EARLIEST, _LATEST = 1e8, 1e11


class TradeMessage(msgspec.Struct, tag_field="type", tag="trade", gc=False):
    """ts: when it was traded and sent, in seconds since the Unix epoch."""

    side: Literal["buy", "sell"]
    qty: msgspec.Raw
    ts: float
    symbol: str | None = None
    price: msgspec.Raw = NO_NUMBER
    venue: str | None = None
    id: str | None = None


class LatencyStats(msgspec.Struct):
    """In microseconds."""

    count: int = 0
    min_us: float = 0.0
    max_us: float = 0.0
    mean_us: float = 0.0
    p50_us: float = 0.0
    p95_us: float = 0.0
    p99_us: float = 0.0


class BenchmarkMessage(msgspec.Struct, tag_field="type", tag="benchmark"):
    """timestamp: in seconds since the Unix epoch."""

    test_type: RunType
    test_name: str
    timestamp: float
    total_trades: int
    duration_seconds: float
    trades_per_second: float
    config: dict[str, msgspec.Raw] = msgspec.field(default_factory=dict)
    queue_full_count: int = 0
    error_count: int = 0
    latency_stats: LatencyStats = msgspec.field(default_factory=LatencyStats)


class StatusMessage(msgspec.Struct, tag_field="type", tag="benchmark_status"):
    status: Status
    test_name: str
    timestamp: float
    message: str = ""


_Message = TradeMessage | BenchmarkMessage | StatusMessage
_DECODER: msgspec.json.Decoder[_Message] = msgspec.json.Decoder(_Message)
_NOT_SECONDS = ("invalid", "a time is not in seconds since the Unix epoch")

# Kind of what is wrong, and the reason without anything of the message.
Refuse = Callable[[str, str], None]
# Type of a message, and the command that it stands for.
Commands = list[tuple[str, Any]]


class FrameDecoding:
    """default_symbol: of trades that name none."""

    def __init__(self, default_symbol: str) -> None:
        self._default_symbol = default_symbol

    def decode(self, frames: Sequence[bytes], now_us: int, refuse: Refuse) -> tuple[Trades, Commands]:
        """Decode messages received at `now_us`: the trades, and the commands of the others.

        refuse: called for each that cannot be read.
        """
        trades = Trades([], [], [], [], [], [], [], [])
        others: Commands = []
        decode = _DECODER.decode
        for frame in frames:
            try:
                read = decode(frame)
                if isinstance(read, TradeMessage):
                    self._append(trades, read, now_us)
                else:
                    others.append(_command(read))
            except _UNREADABLE as error:
                refuse(*_reason(error))
        return _without_empty(trades), others

    def _append(self, trades: Trades, read: TradeMessage, now_us: int) -> None:
        quantity = number_in(read.qty)
        price = number_in(read.price)
        if quantity is None:
            raise InvalidNumber
        time_us = _moment_us(read.ts)
        trades.symbols.append(read.symbol or self._default_symbol)
        trades.buys.append(read.side == "buy")
        trades.quantities.append(quantity)
        trades.times_us.append(time_us)
        # All of them are lists here.
        trades.prices.append(price)  # type: ignore[union-attr]
        trades.venues.append(read.venue)  # type: ignore[union-attr]
        trades.ids.append(read.id)  # type: ignore[union-attr]
        trades.latencies_us.append(now_us - time_us)  # type: ignore[union-attr]


class _NotSeconds(Exception):
    """A time is in another unit."""


# msgspec does not wrap the errors of invalid UTF-8 and deep nesting.
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, InvalidNumber, _NotSeconds)


def _without_empty(trades: Trades) -> Trades:
    """Leave out the columns in which no trade has a value."""
    trades.prices = _present(trades.prices)
    trades.venues = _present(trades.venues)
    trades.ids = _present(trades.ids)
    return trades


def _present(column: list[Any] | None) -> list[Any] | None:
    return None if column is None or column.count(None) == len(column) else column


def _command(read: BenchmarkMessage | StatusMessage) -> tuple[str, Any]:
    time_us = _moment_us(read.timestamp)
    if isinstance(read, StatusMessage):
        return "benchmark_status", RecordBenchmarkStatus(read.test_name, read.status, time_us, read.message)
    latency = RunLatency(*msgspec.structs.astuple(read.latency_stats))
    run = BenchmarkRun(
        read.test_type,
        read.test_name,
        time_us,
        msgspec.json.encode(read.config).decode(),
        read.total_trades,
        read.duration_seconds,
        read.trades_per_second,
        read.queue_full_count,
        read.error_count,
        latency,
    )
    return "benchmark", RecordBenchmark(run, patience=Patience.UNLIMITED)


def _moment_us(seconds: float) -> int:
    if not _EARLIEST <= seconds <= _LATEST:
        raise _NotSeconds
    return round(seconds * 1_000_000)


def _reason(error: Exception) -> tuple[str, str]:
    """Return the kind of a decoding error, and a reason without anything of the message."""
    if isinstance(error, msgspec.ValidationError):
        if "$.type" in str(error) or "field `type`" in str(error):
            return "unknown_type", "type must be trade, benchmark or benchmark_status"
        return "invalid", "a field is missing or has a wrong value"
    if isinstance(error, InvalidNumber):
        return "invalid", "a number cannot be kept as written"
    if isinstance(error, _NotSeconds):
        return _NOT_SECONDS
    if isinstance(error, UnicodeDecodeError):
        return "not_utf8", "it is not UTF-8"
    return "not_json", "it is not JSON"
