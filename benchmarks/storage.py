"""What storage costs: ingest with and without it, durable posts, recovery, and candle queries."""

import asyncio
import sqlite3
import time
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.ingest import WrongResult, arrow_slices, batch_slices, single_slices
from benchmarks.load import drive, request
from benchmarks.rows import row, rows_of
from benchmarks.sides import sides
from benchmarks.ticks import START_MS, Tick, Walks
from domain.bars import Interval, in_chunks
from domain.numbers import Number
from domain.prices.candle_book import CandleBook
from domain.prices.spike_rule import SpikeRule
from domain.prices.symbol_book import SymbolBook
from domain.prices.symbol_state import StatisticsRules
from domain.prices.ticks import Ticks
from infrastructure.prices.price_format import PRICES, encode_candles
from infrastructure.prices.price_store import SqlPriceStore
from infrastructure.prices.stored_history import StoredHistory
from infrastructure.prices.subject import prices_by
from infrastructure.storage.block_builder import BlockBuilder
from infrastructure.storage.candle_chunks import CHUNK
from infrastructure.storage.checkpoints import Checkpoints
from infrastructure.storage.journal import Journal
from infrastructure.storage.payloads import seal
from infrastructure.storage.records import Batch, Position
from infrastructure.storage.recovery import recover
from infrastructure.storage.schema import CANDLE_CHUNK
from infrastructure.storage.sqlite_store import SqliteStore
from infrastructure.storage.subject_log import SubjectLog
from infrastructure.system_clock import SystemClock

_ON = "storage on"
_OFF = "storage off"
_SETTINGS = {_ON: {"STORAGE__ENABLED": "true"}}
_DURABLE_PER_CONNECTION = 40
_RECOVERED = 10_000_000
_BLOCK_TICKS = 1000
_DAY_SYMBOLS = 1000
_DAY_MINUTES = 1440
_QUERIES = 100
RULES = StatisticsRules(moving_average_size=64, window_us=1_000_000, spike=SpikeRule(Decimal("2.0")))
SUBJECT = prices_by(RULES)


def singles_stored(rounds: int) -> list[dict[str, Any]]:
    """One tick per request over 64 connections."""
    return _measure(*single_slices(rounds), "req/s")


def batches_stored(rounds: int) -> list[dict[str, Any]]:
    """JSON arrays of 1,000 ticks over 4 connections."""
    return _measure(*batch_slices(rounds), "ticks/s")


def arrow_stored(rounds: int) -> list[dict[str, Any]]:
    """Arrow IPC streams of 10,000 ticks over 4 connections."""
    return _measure(*arrow_slices(rounds), "ticks/s")


def durable(rounds: int) -> list[dict[str, Any]]:
    """Posts that are answered once on disk; many share a commit."""
    rows = []
    walks = Walks(512, 20)
    with sides(_ON, own=_SETTINGS) as running:
        for connections in (64, 512):
            rates = []
            for number in range(rounds + 1):
                ticks = walks.take(connections * _DURABLE_PER_CONNECTION)
                shares = [
                    [
                        request("/api/prices", tick.json, headers="Prefer: durable\r\n")
                        for tick in ticks[at::connections]
                    ]
                    for at in range(connections)
                ]
                seconds = drive(running[0].port, shares, 200)
                if number:
                    rates.append(len(ticks) / seconds)
            rows.append(row(f"{connections} connections", sorted(rates)[len(rates) // 2], "req/s"))
    return rows


def recovery(rounds: int) -> list[dict[str, Any]]:
    """Recovery of ten million logged ticks, against the same ticks applied without a log."""
    with TemporaryDirectory(prefix="marketdata-bench-") as name:
        return asyncio.run(_recovery(Path(name), min(rounds, 3)))


async def _recovery(directory: Path, rounds: int) -> list[dict[str, Any]]:
    rates: dict[str, list[float]] = {"recovery": [], "the engine alone": []}
    walks = Walks(1000, 20)
    recorded = []
    for _ in range(_RECOVERED // _BLOCK_TICKS // 10):
        ticks = walks.take(_BLOCK_TICKS)
        recorded.append(
            Ticks([x.symbol for x in ticks], [x.price for x in ticks], [x.timestamp_ms * 1000 for x in ticks])
        )
    store = SqliteStore(directory, [SUBJECT])
    await store.open()
    seq = 1
    for number in range(1, 11):
        blocks = BlockBuilder(SUBJECT)
        for columns in recorded:
            blocks.add(columns)
        batch = Batch(number, 0, seq, [], blocks.count)
        batch.blocks = blocks.take()
        await store.write(batch)
        seq = batch.last_seq + 1
    await store.close()
    for _ in range(rounds):
        store = SqliteStore(directory, [SUBJECT], read_only=True)
        book = SymbolBook(RULES)
        start = time.perf_counter()
        await store.open()
        count = await recover(store, {PRICES: [book]}, _Nobody())
        rates["recovery"].append(count / (time.perf_counter() - start))
        await store.close()
        alone = SymbolBook(RULES)
        start = time.perf_counter()
        for _ in range(10):
            for columns in recorded:
                alone.apply(columns)
        rates["the engine alone"].append(count / (time.perf_counter() - start))
        counts = [sum(each.update_count(symbol) for symbol in each.keys()) for each in (book, alone)]
        if counts != [_RECOVERED, _RECOVERED]:
            raise WrongResult(f"{counts} ticks were counted of {_RECOVERED}")
    return rows_of(rates, "recovery", "ticks/s")


class _Nobody:
    """A journal that stores nothing."""

    is_crowded = False

    def __init__(self) -> None:
        self._log = SubjectLog(SUBJECT, self)

    async def wait_for_room(self) -> None:
        pass

    def admits(self, count: int) -> bool:
        return True

    def recorder(self, subject: str) -> SubjectLog:
        return self._log

    def resume_from(self, position: Position) -> None:
        pass


def candles(rounds: int) -> list[dict[str, Any]]:
    """A day of one-minute candles of one symbol among 1,000, against hand-written SQLite with a row per candle."""
    with TemporaryDirectory(prefix="marketdata-bench-") as name:
        return asyncio.run(_candles(Path(name), rounds))


async def _candles(directory: Path, rounds: int) -> list[dict[str, Any]]:
    store = SqliteStore(directory, [SUBJECT])
    await store.open()
    by_hand = sqlite3.connect(directory / "by_hand.db")
    by_hand.execute(
        "CREATE TABLE candle (symbol TEXT, start_us INTEGER, open REAL, high REAL, low REAL, close REAL, volume REAL, "
        "vwap REAL, count INTEGER, PRIMARY KEY (symbol, start_us)) WITHOUT ROWID"
    )
    for symbol in (f"S{at:04}" for at in range(_DAY_SYMBOLS)):
        times_us = [(START_MS + minute * 60_000) * 1000 for minute in range(_DAY_MINUTES)]
        prices: list[Number] = [100.0 + minute % 7 for minute in range(_DAY_MINUTES)]
        rows = [
            (60, symbol, start_us, 0, payload, seal(payload, 60, symbol, start_us, 0))
            for start_us, payload in _chunks(times_us, prices)
        ]
        await store.writing(lambda connection, rows=rows: store.put(connection, CANDLE_CHUNK, rows))  # type: ignore[misc]
        starts = [time_us - time_us % 60_000_000 for time_us in times_us]
        by_hand.executemany(
            f"INSERT INTO candle VALUES ('{symbol}', ?, ?, ?, ?, ?, 1.0, ?, 1)",  # noqa: S608  # a generated name
            zip(starts, prices, prices, prices, prices, prices, strict=True),
        )
    by_hand.commit()
    journal = Journal(store, Checkpoints({}, SystemClock(), 10.0), [SUBJECT], SystemClock(), 0.05, 10_000)
    history = StoredHistory(store, SqlPriceStore(store), journal)
    from_us, to_us = START_MS * 1000 - 60_000_000, (START_MS + 86_400_000) * 1000
    rates: dict[str, list[float]] = {"history": [], "SQLite by hand": []}
    query = "SELECT * FROM candle WHERE symbol = ? AND start_us >= ? AND start_us < ? ORDER BY start_us"
    for number in range(-1, rounds):
        start = time.perf_counter()
        for at in range(_QUERIES):
            page = await history.candles(f"S{at * 7:04}", Interval.M1, from_us, to_us, 10_000)
        took = time.perf_counter() - start
        start = time.perf_counter()
        for at in range(_QUERIES):
            rows_found = by_hand.execute(query, (f"S{at * 7:04}", from_us, to_us)).fetchall()
        took_by_hand = time.perf_counter() - start
        if [candle.close for candle in page.items] != [row[5] for row in rows_found]:
            raise WrongResult("history and SQLite by hand disagree")
        if number >= 0:
            rates["history"].append(_QUERIES / took)
            rates["SQLite by hand"].append(_QUERIES / took_by_hand)
    by_hand.close()
    await store.close()
    return rows_of(rates, "history", "queries/s")


def _chunks(times_us: list[int], prices: list[Number]) -> Iterator[tuple[int, bytes]]:
    """(start, payload) of each chunk of one-minute candles, with one tick per candle."""
    book = CandleBook()
    book.apply(Ticks(["A"] * len(prices), prices, times_us, [1.0] * len(prices)))
    for interval, start_us, found in in_chunks(book.candles("A"), CHUNK):
        if interval is Interval.M1:
            yield start_us, encode_candles({candle.start_us: candle for candle in found})


def _measure(slices: Sequence[Sequence[Sequence[bytes]]], ticks: list[Tick], unit: str) -> list[dict[str, Any]]:
    per_round = len(ticks) / len(slices)
    rates: dict[str, list[float]] = {_ON: [], _OFF: []}
    with sides(_ON, _OFF, own=_SETTINGS, PROCESSING__CHANNEL_CAPACITY="1000000") as running:
        for number, shares in enumerate(slices):
            for side in running if number % 2 else running[::-1]:
                seconds = drive(side.port, shares)
                start = time.perf_counter()
                # Wait for accepted ticks to be processed: they belong to this slice.
                side.metrics()
                if number:
                    rates[side.name].append(per_round / (seconds + time.perf_counter() - start))
        for side in running:
            if side.metrics()["processed"] != len(ticks):
                raise WrongResult(f"{side.name} processed {side.metrics()['processed']} of {len(ticks)} ticks")
    return rows_of(rates, _ON, unit)
