"""The engine alone: applies decoded ticks to the states of their symbols."""

import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.ingest import WrongResult
from benchmarks.rows import row, rows_of
from benchmarks.sides import pin
from benchmarks.ticks import Tick, Walks, count_spikes
from domain.prices.spike_rule import SpikeRule
from domain.prices.symbol_book import SymbolBook
from domain.prices.symbol_state import StatisticsRules
from domain.prices.ticks import Ticks

_TICKS = 400_000
_BATCH = 1000
_MANY_SYMBOLS = 1_000_000
# Each symbol has 64 prices for its average, and only the last in its window.
_MEASURED_SYMBOLS = 100_000
_PRICES_EACH = 70


def engine(rounds: int) -> list[dict[str, Any]]:
    """100 symbols with 20 ticks in each window, against a C program on the same ticks."""
    pin(1)
    ticks = Walks(100, 20).take(_TICKS)
    spikes = count_spikes(ticks)
    with _c_program(ticks) as run_c:
        rates: dict[str, list[float]] = {"engine": [], "C program": []} if run_c else {"engine": []}
        for _ in range(rounds):
            rates["engine"].append(_rate(new_book(), _batches(ticks), spikes))
            if run_c:
                rates["C program"].append(_TICKS / run_c(spikes))
    return rows_of(rates, "engine", "ticks/s")


def dense(rounds: int) -> list[dict[str, Any]]:
    """One symbol with 1,001 ticks in its window, against 100 symbols with 20 each."""
    pin(1)
    shapes = {"1 symbol, 1,001 in window": (1, 1001), "100 symbols, 20 in window": (100, 20)}
    ticks = {side: Walks(*shape).take(_TICKS) for side, shape in shapes.items()}
    spikes = {side: count_spikes(these[:50_000]) for side, these in ticks.items()}
    rates: dict[str, list[float]] = {side: [] for side in shapes}
    for _ in range(rounds):
        for side, these in ticks.items():
            _rate(new_book(), _batches(these[:50_000]), spikes[side])
            rates[side].append(_rate(new_book(), _batches(these)))
    return rows_of(rates, next(iter(shapes)), "ticks/s")


def symbols(rounds: int) -> list[dict[str, Any]]:
    """A million symbols against 100, at the same tick rate: the more symbols, the emptier their windows."""
    pin(1)
    walks = {"1,000,000 symbols": Walks(_MANY_SYMBOLS, 0.002, step=0.001), "100 symbols": Walks(100, 20)}
    books = {side: new_book() for side in walks}
    rates: dict[str, list[float]] = {side: [] for side in walks}
    for side, walk in walks.items():
        # Before timing, every symbol is known and every average full.
        for _ in range(5 if side == "1,000,000 symbols" else 1):
            _rate(books[side], _batches(walk.take(_MANY_SYMBOLS)))
    for _ in range(rounds):
        for side, walk in walks.items():
            rates[side].append(_rate(books[side], _batches(walk.take(_TICKS))))
    return rows_of(rates, "1,000,000 symbols", "ticks/s")


def memory(rounds: int) -> list[dict[str, Any]]:
    """Bytes per symbol, at 100,000 symbols with full averages and idle windows."""
    del rounds
    names = [f"S{i:07}" for i in range(_MEASURED_SYMBOLS)]
    before = _resident_bytes()
    book = new_book()
    for turn in range(_PRICES_EACH):
        # Separate float objects, as a decoder makes them.
        prices = [100.0 + i / _MEASURED_SYMBOLS + turn for i in range(_MEASURED_SYMBOLS)]
        book.apply(Ticks(names, list(prices), [turn * 2_000_000] * _MEASURED_SYMBOLS))
    del prices
    if len(book) != _MEASURED_SYMBOLS:
        raise WrongResult("not every symbol has a state")
    return [row("a symbol", (_resident_bytes() - before) / _MEASURED_SYMBOLS, "bytes")]


def new_book() -> SymbolBook:
    return SymbolBook(StatisticsRules(64, 1_000_000, SpikeRule(Decimal("2.0"))))


def _batches(ticks: list[Tick]) -> list[Ticks]:
    return [
        Ticks(
            [tick.symbol for tick in part], [tick.price for tick in part], [tick.timestamp_ms * 1000 for tick in part]
        )
        for part in (ticks[at : at + _BATCH] for at in range(0, len(ticks), _BATCH))
    ]


def _rate(book: SymbolBook, batches: list[Ticks], spikes: int | None = None) -> float:
    found = 0
    start = time.perf_counter()
    for batch in batches:
        found += len(book.apply(batch).events)
    seconds = time.perf_counter() - start
    if spikes is not None and found != spikes:
        raise WrongResult(f"the engine found {found} spikes, there are {spikes}")
    return sum(map(len, batches)) / seconds


@contextmanager
def _c_program(ticks: list[Tick]) -> Iterator[Callable[[int], float] | None]:
    """Yield a function that runs the C program and returns its seconds; None without a C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        print("  no C compiler here: the C program is left out")
        yield None
        return
    with tempfile.TemporaryDirectory() as directory:
        program, data = Path(directory, "engine"), Path(directory, "ticks")
        source = Path(__file__).with_name("engine.c")
        subprocess.run([compiler, "-O3", "-march=native", "-o", program, source, "-lm"], check=True)
        data.write_bytes(
            b"".join(struct.pack("16sdq", tick.symbol.encode(), tick.price, tick.timestamp_ms * 1000) for tick in ticks)
        )

        def run(spikes: int) -> float:
            ended = subprocess.run([program, data, str(len(ticks))], check=True, capture_output=True, text=True)
            seconds, found = ended.stdout.split()
            if int(found) != spikes:
                raise WrongResult(f"the C program found {found} spikes, there are {spikes}")
            return float(seconds)

        yield run


def _resident_bytes() -> int:
    with Path("/proc/self/statm").open() as statm:
        return int(statm.read().split()[1]) * 4096
