"""A million symbols from one key. `python -m benchmarks.symbol_flood [--json FILE]`.

One feeder fills `processing.max_symbols` with symbols that it goes on to feed, and then invents others: in batches and
one by one, read and written. Prints the memory after each of ten rounds. Fails if it grows beyond a bound after the
first, a known symbol misses a tick, or an account is wrong.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.guarding import bearer, guarded, new_key
from benchmarks.load import drive, request
from benchmarks.sides import Side, resident_mib

_MAX_SYMBOLS = 10_000
_INVENTED = 1_000_000
_ROUNDS = 10
_SINGLES = 10_000
_BATCH = 1000
_TIME_MS = time.time_ns() // 1_000_000
# For buffers, caches of heads, and what the allocator keeps.
_GROWTH_MAX_MIB = 32.0


def _batch(symbols: list[str], header: str) -> bytes:
    # All at one time, so that the known ones have no more candles from round to round.
    ticks = [{"symbol": symbol, "price": 1.5, "timestamp": _TIME_MS} for symbol in symbols]
    return request("/api/prices/batch", json.dumps(ticks).encode(), header)


def _known(header: str) -> list[bytes]:
    names = [f"K{number}" for number in range(_MAX_SYMBOLS)]
    return [_batch(names[at : at + _BATCH], header) for at in range(0, len(names), _BATCH)]


def _invented(header: str, first: int, count: int) -> Iterator[bytes]:
    for at in range(first, first + count, _BATCH):
        yield _batch([f"INVENTED:{number}" for number in range(at, at + _BATCH)], header)


def _read(name: str, header: str) -> bytes:
    return f"GET /api/prices/READ:{name} HTTP/1.1\r\nHost: localhost\r\n{header}\r\n".encode()


def measure(side: Side, feeder: str, admin: str) -> list[float]:
    """The memory after each round, in MiB: a tenth of the invented symbols in batches, then singles and reads."""
    header = bearer(feeder)
    memory = []
    for number in range(_ROUNDS):
        drive(side.port, [_known(header)])
        drive(side.port, [list(_invented(header, number * _INVENTED // _ROUNDS, _INVENTED // _ROUNDS))], status=400)
        names = [f"{number}:{each}" for each in range(_SINGLES)]
        posts = [request("/api/prices", b'{"symbol":"SINGLE:%b","price":1}' % each.encode(), header) for each in names]
        drive(side.port, [posts[at::64] for at in range(64)], status=400)
        reads = [_read(each, bearer(admin)) for each in names]
        drive(side.port, [reads[at::64] for at in range(64)], status=404)
        memory.append(round(resident_mib(side.pid), 1))
    return memory


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    with guarded("feeder", PROCESSING__MAX_SYMBOLS=str(_MAX_SYMBOLS)) as (side, feeder, directory):
        admin = new_key(directory, "admin")
        memory = measure(side, feeder, admin)
        accounts = side.metrics(bearer(admin))
    totals = {name: value for name, value in accounts.items() if isinstance(value, int)}
    figures = {"memory_mib_after_each_round": memory, "accounts": totals}
    print(json.dumps(figures, indent=2))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")
    expected = {
        "processed": _ROUNDS * _MAX_SYMBOLS,
        "rejected": _INVENTED + _ROUNDS * _SINGLES,
        "activeSymbols": _MAX_SYMBOLS,
        "dropped": 0,
        "failed": 0,
    }
    wrong = {name: accounts[name] for name, value in expected.items() if accounts[name] != value}
    if wrong:
        print(f"expected {expected}, found {wrong}")
    return int(bool(wrong) or memory[-1] > memory[0] + _GROWTH_MAX_MIB)


if __name__ == "__main__":
    sys.exit(main())
