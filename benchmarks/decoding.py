"""From bytes to columns: bodies of 10,000 ticks in Arrow and in JSON, decoded in turns in one process."""

import time
from decimal import Decimal
from typing import Any

import pyarrow as pa

from api.ingest.arrow_ticks import decode_arrow
from api.ingest.tick_decoding import decode_array
from benchmarks.ingest import WrongResult
from benchmarks.load import arrow_stream
from benchmarks.rows import rows_of
from benchmarks.ticks import Tick, Walks

_SYMBOLS = 128
_TICKS = 10_000
_DECODINGS = 100
_JSON = "JSON"
_DICTIONARY = "Arrow: dictionary, float64"
_STRINGS = "Arrow: string, float64"
_DECIMALS = "Arrow: dictionary, decimal128"


def decoding(rounds: int) -> list[dict[str, Any]]:
    """Symbol, price and timestamp, with 128 symbols."""
    ticks = Walks(_SYMBOLS, 20).take(_TICKS)
    symbols = pa.array([tick.symbol for tick in ticks])
    prices = pa.array([tick.price for tick in ticks])
    decimals = pa.array([Decimal(repr(tick.price)) for tick in ticks], pa.decimal128(18, 5))
    bodies = {
        _DICTIONARY: _columns(ticks, symbols.dictionary_encode(), prices),
        _STRINGS: _columns(ticks, symbols, prices),
        _DECIMALS: _columns(ticks, symbols.dictionary_encode(), decimals),
        _JSON: b"[" + b",".join(tick.json for tick in ticks) + b"]",
    }
    rates: dict[str, list[float]] = {name: [] for name in bodies}
    for _ in range(rounds):
        for name, body in bodies.items():
            decode = decode_array if name == _JSON else decode_arrow
            start = time.perf_counter()
            for _ in range(_DECODINGS):
                command = decode(body, 0, _TICKS)
            rates[name].append(_TICKS * _DECODINGS / (time.perf_counter() - start))
            if [(each.symbol, each.price, each.timestamp_us // 1000) for each in command.ticks] != [
                (tick.symbol, tick.price, tick.timestamp_ms) for tick in ticks
            ]:
                raise WrongResult(f"{name} decodes to other ticks")
    return rows_of(rates, _DICTIONARY, "ticks/s")


def _columns(ticks: list[Tick], symbols: Any, prices: Any) -> bytes:
    times = pa.array([tick.timestamp_ms for tick in ticks]).cast(pa.timestamp("ms", "UTC"))
    return arrow_stream(symbol=symbols, price=prices, timestamp=times)
