import json
from typing import Any

import pytest

from application.benchmarks.commands.record_benchmark import RecordBenchmark
from application.benchmarks.commands.record_benchmark_status import RecordBenchmarkStatus, Status
from domain.benchmarks.benchmark_run import RunType
from domain.trades.trade import Side, Trade
from infrastructure.feeds.trade_frames import FrameDecoding

NOW_US = 1_769_860_800_500_000
TRADE = {"type": "trade", "side": "buy", "qty": 1.5, "ts": 1769860800.25}
RUN = {
    "type": "benchmark",
    "test_type": "burst",
    "test_name": "a",
    "timestamp": 1769860800,
    "config": {"n": 1},
    "total_trades": 5,
    "duration_seconds": 1.5,
    "trades_per_second": 3.3,
    "queue_full_count": 2,
    "error_count": 1,
    "latency_stats": {"count": 5, "min_us": 1, "max_us": 6, "mean_us": 3, "p50_us": 2, "p95_us": 4, "p99_us": 5},
}


def decoded(*messages: object) -> tuple[list[Trade], list[tuple[str, Any]], list[str]]:
    """The trades, the commands of other messages, and the kinds of bad ones."""
    kinds: list[str] = []
    frames = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in messages]
    trades, others = FrameDecoding("D").decode(frames, NOW_US, lambda kind, _: kinds.append(kind))
    return list(trades), others, kinds


def test_trade_has_its_fields_and_its_latency() -> None:
    full = TRADE | {"symbol": "A", "price": "1.1", "venue": "X", "id": "i", "side": "sell", "extra": 1}
    trades, others, kinds = decoded(TRADE, full)
    time_us = 1_769_860_800_250_000
    assert trades == [
        Trade("D", Side.BUY, 1.5, time_us, None, None, None, 250_000),
        Trade("A", Side.SELL, 1.5, time_us, 1.1, "X", "i", 250_000),
    ]
    assert (others, kinds) == ([], [])


def test_benchmark_becomes_a_command() -> None:
    _, others, _ = decoded(RUN)
    ((kind, command),) = others
    assert (kind, type(command)) == ("benchmark", RecordBenchmark)
    run = command.run
    assert (run.test_type, run.test_name, run.timestamp_us) == (RunType.BURST, "a", 1_769_860_800_000_000)
    assert (run.config, run.queue_full_count, run.error_count) == ('{"n":1}', 2, 1)
    assert run.latency == (5, 1.0, 6.0, 3.0, 2.0, 4.0, 5.0)


def test_status_becomes_a_command() -> None:
    status = {"type": "benchmark_status", "status": "failed", "test_name": "a", "timestamp": 1769860800, "message": "m"}
    _, others, _ = decoded(status)
    assert others == [("benchmark_status", RecordBenchmarkStatus("a", Status.FAILED, 1_769_860_800_000_000, "m"))]


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b'{"type":"trade","side":"buy","qty":NaN,"ts":1e9}', "not_json"),
        (b'{"type":"trade","more":' + b"[" * 100_000, "not_json"),
        (b"[" * 100_000, "invalid"),
        (b'{"type":"trade","side":"buy","qty":1,"ts":1e9,"symbol":"\xff"}', "not_utf8"),
        (b"null", "invalid"),
        ({}, "unknown_type"),
        ({"type": "order"}, "unknown_type"),
        (TRADE | {"side": "hold"}, "invalid"),
        (TRADE | {"qty": None}, "invalid"),
        (TRADE | {"qty": True}, "invalid"),
        (TRADE | {"ts": 1769860800250}, "invalid"),
        (TRADE | {"ts": "now"}, "invalid"),
        (RUN | {"timestamp": 1}, "invalid"),
        (RUN | {"test_type": "sprint"}, "invalid"),
    ],
)
def test_bad_message_has_a_kind_and_does_not_stop_the_next(bad: object, kind: str) -> None:
    trades, others, kinds = decoded(bad, TRADE)
    assert (len(trades), others, kinds) == (1, [], [kind])
