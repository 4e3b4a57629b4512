"""Trades: messages over ZeroMQ, batches over HTTP against those of ticks, and the memory of a symbol."""

import json
import os
import random
import time
from statistics import median
from typing import Any

import zmq

from benchmarks.ingest import WrongResult
from benchmarks.load import drive, request
from benchmarks.rows import row, rows_of
from benchmarks.sides import SERVICE, Side, resident_mib, sides
from domain.trades.trade_book import TradeBook
from domain.trades.trade_totals import TradeTotals
from domain.trades.trades import Trades

_ADDRESS = "tcp://127.0.0.1:{}"
_MESSAGES = 200_000
_BATCH = 1000
_BATCHES = 512
_CONNECTIONS = 4
_SYMBOLS = 128
_TRADES = "trades"
_TICKS = "ticks"
_SETTLE_SECONDS = 60.0
_BOOK_SYMBOLS = 2000


def zeromq(rounds: int) -> list[dict[str, Any]]:
    """Messages a second of one publisher, by the clock and by the processor time of the service alone."""
    address = _ADDRESS.format(5987)
    by_clock, by_cpu = [], []
    with (
        sides(SERVICE, FEEDS__ZEROMQ__BIND=address) as (service,),
        zmq.Context() as context,
        context.socket(zmq.PUSH) as socket,
    ):
        socket.connect(address)
        for number in range(-1, rounds):
            messages = _messages(number)
            cpu, start = service.cpu_seconds(), time.perf_counter()
            for message in messages:
                socket.send(message)
            _settle(service, (number + 2) * _MESSAGES)
            if number >= 0:
                by_clock.append(_MESSAGES / (time.perf_counter() - start))
                by_cpu.append(_MESSAGES / (service.cpu_seconds() - cpu))
    return [
        row("by the clock", median(by_clock), "msg/s"),
        row("by processor time", median(by_cpu), "msg/s"),
    ]


def trades(rounds: int) -> list[dict[str, Any]]:
    """JSON arrays of 1,000 trades and of 1,000 ticks over 4 connections in turns, by processor time of the service.

    A trade has a symbol, a side, a quantity and a timestamp; a tick a symbol, a price and a timestamp.
    """
    source = random.Random(1)
    rates: dict[str, list[float]] = {_TRADES: [], _TICKS: []}
    with sides(SERVICE) as (service,):
        for number in range(-1, rounds):
            for name, seen in rates.items():
                requests = [[_body(name, source) for _ in range(_BATCHES // _CONNECTIONS)] for _ in range(_CONNECTIONS)]
                cpu = service.cpu_seconds()
                drive(service.port, requests)
                if name == _TRADES:
                    _settle(service, (number + 2) * _BATCHES * _BATCH)
                else:
                    service.metrics()
                if number >= 0:
                    seen.append(_BATCHES * _BATCH / (service.cpu_seconds() - cpu))
    return rows_of(rates, _TRADES, "per CPU s")


def trades_memory(_rounds: int) -> list[dict[str, Any]]:
    """The memory of a symbol with a full window and latencies of many sizes."""
    source = random.Random(1)
    before = resident_mib(os.getpid())
    book = TradeBook(100, TradeTotals())
    names = [f"S{number}" for number in range(_BOOK_SYMBOLS)]
    for at in range(200):
        book.apply(
            Trades(
                list(names),
                [source.random() < 0.5 for _ in names],
                [round(source.uniform(1, 100), 2) for _ in names],
                [at * 1_000_000] * len(names),
                latencies_us=[int(source.expovariate(1 / 300)) for _ in names],
            )
        )
    kib = (resident_mib(os.getpid()) - before) * 1024 / len(book)
    return [row("a symbol", kib, "KiB")]


def _messages(number: int) -> list[bytes]:
    source = random.Random(number)
    now = time.time()
    return [
        json.dumps(
            {
                "type": "trade",
                "side": "buy" if source.random() < 0.5 else "sell",
                "qty": round(source.uniform(1, 100), 2),
                "ts": now,
            }
        ).encode()
        for _ in range(_MESSAGES)
    ]


def _body(name: str, source: random.Random) -> bytes:
    now = int(time.time() * 1000)
    items = []
    for _ in range(_BATCH):
        item: dict[str, Any] = {"symbol": f"S{source.randrange(_SYMBOLS)}"}
        if name == _TRADES:
            item |= {"side": source.choice(("buy", "sell")), "quantity": round(source.uniform(1, 100), 2)}
        else:
            item |= {"price": round(source.uniform(99.5, 100.5), 2)}
        items.append(item | {"timestamp": now})
    path = "/api/trades/batch" if name == _TRADES else "/api/prices/batch"
    return request(path, json.dumps(items, separators=(",", ":")).encode())


def _settle(service: Side, wanted: int) -> None:
    """Wait until so many trades are processed. Raises WrongResult."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    while (found := _processed(service)) != wanted:
        if time.monotonic() > deadline:
            raise WrongResult(f"{found} trades are processed, and should be {wanted}")
        time.sleep(0.01)


def _processed(service: Side) -> int:
    lines = service.get("/metrics").decode().splitlines()
    found = next(line for line in lines if line.startswith("marketdata_trades_processed_total "))
    return int(float(found.split()[1]))
