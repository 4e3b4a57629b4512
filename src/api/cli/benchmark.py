"""`marketdata benchmark`."""

import random
import time
from collections.abc import Iterator
from math import ceil
from typing import Any

import click

from api.cli.trade import address_option, server_key_option
from infrastructure.feeds.zeromq_publisher import Unreachable, ZeroMqPublisher

_WAIT_SECONDS = 10.0
# Between the messages of a profile, so that none waits for the one before.
_CALM_SECONDS = 0.001


@click.command()
@click.argument("kind", metavar="[burst|sustained|profile]", type=click.Choice(["burst", "sustained", "profile"]))
@click.option("--name", default="command-line", show_default=True, help="What runs are compared by, with the kind.")
@click.option(
    "--messages",
    type=click.IntRange(1, 1_000_000),
    default=10_000,
    show_default=True,
    help="Trades published.",
)
@click.option(
    "--rate",
    type=click.IntRange(1, 1_000_000),
    default=1000,
    show_default=True,
    help="Trades a second, of a sustained one.",
)
@click.option("--symbol", help="By default that of the service for trades without one.")
@address_option
@server_key_option
def benchmark(
    kind: str, name: str, messages: int, rate: int, symbol: str | None, address: str, server_key: str | None
) -> None:
    """Publish trades at a running service over ZeroMQ, measure how long that takes, and report it to the service.

    burst: as fast as it goes. sustained: --rate a second. profile: one at a time, with a pause after each.

    \b
    marketdata benchmark burst --messages 100000
    marketdata benchmark sustained --rate 5000 --messages 50000
    marketdata benchmark profile --messages 1000 --name loopback
    """
    try:
        with ZeroMqPublisher(address, _WAIT_SECONDS, server_key) as publisher:
            publisher.connect(_status(name, "started"))
            before = time.perf_counter()
            latencies = _published(publisher, _dues(kind, messages, rate), symbol)
            seconds = time.perf_counter() - before
            latencies.sort()
            stats = _stats(latencies)
            config = {"messages": messages} | ({"rate": rate} if kind == "sustained" else {})
            publisher.send(
                {
                    "type": "benchmark",
                    "test_type": kind,
                    "test_name": name,
                    "timestamp": time.time(),
                    "config": config,
                    "total_trades": messages,
                    "duration_seconds": seconds,
                    "trades_per_second": messages / seconds,
                    "queue_full_count": publisher.queue_full_count,
                    "error_count": 0,
                    "latency_stats": stats,
                }
            )
            publisher.send(_status(name, "completed"))
    except Unreachable as error:
        raise click.ClickException(str(error)) from None
    click.echo(
        f"{messages:,} trades in {seconds:.2f} s, {messages / seconds:,.0f} a second; "
        f"each took {stats['p50_us']:.1f} µs, 1 % more than {stats['p99_us']:.1f} µs"
    )


def _status(name: str, status: str) -> dict[str, Any]:
    return {"type": "benchmark_status", "status": status, "test_name": name, "timestamp": time.time(), "message": ""}


def _dues(kind: str, messages: int, rate: int) -> Iterator[float]:
    """Yield for each message how many seconds after the start it is due; 0.0 for at once."""
    for at in range(messages):
        yield at / rate if kind == "sustained" else at * _CALM_SECONDS if kind == "profile" else 0.0


def _published(publisher: ZeroMqPublisher, dues: Iterator[float], symbol: str | None) -> list[float]:
    """Publish trades, and return how long each took, in microseconds."""
    source = random.Random(1)  # noqa: S311  # no secret depends on it
    named = {} if symbol is None else {"symbol": symbol}
    start = time.perf_counter()
    took = []
    for due in dues:
        wait = start + due - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        side, quantity = source.choice(("buy", "sell")), round(source.uniform(1, 100), 2)
        message = {"type": "trade", "side": side, "qty": quantity, "ts": time.time(), **named}
        before = time.perf_counter_ns()
        publisher.send(message)
        took.append((time.perf_counter_ns() - before) / 1000)
    return took


def _stats(ordered: list[float]) -> dict[str, float]:
    """The statistics of a sorted list."""

    def percentile(percent: int) -> float:
        return ordered[ceil(len(ordered) * percent / 100) - 1]

    return {
        "count": len(ordered),
        "min_us": ordered[0],
        "max_us": ordered[-1],
        "mean_us": sum(ordered) / len(ordered),
        "p50_us": percentile(50),
        "p95_us": percentile(95),
        "p99_us": percentile(99),
    }
