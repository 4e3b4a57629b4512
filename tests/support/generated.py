"""A generated recording with every kind of tick that a real one has, and some rare ones."""

import csv
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

_NOON = datetime(2020, 9, 13, 12, tzinfo=UTC)
_NOON_MS = 1_599_998_400_000
# In hundredths. Steps lead upwards, on the whole.
_PRICE_MAX = 10**12


def write_recording(path: Path, ticks: int = 3000, seed: int = 5) -> None:
    """Write CSV with ties, late ticks, long decimals, moves exactly on the threshold, quiet stretches and bursts."""
    chance = random.Random(seed)
    symbols = [f"G{i}" for i in range(8)] + ["PROBIT:X-USDT", "A/B"]
    price = dict.fromkeys(symbols, 10_000)
    moment_ms = _NOON_MS
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["timestamp", "symbol", "price", "volume"])
        for _ in range(ticks):
            symbol = chance.choice(symbols)
            moment_ms += chance.choice([0, 0, 1, 7, 50, 400, 1000])
            # One tick in eight is late, some of them too late for the window.
            stamp = moment_ms - (chance.randrange(2500) if chance.random() < 0.125 else 0)
            step = chance.choice([-200, -30, -1, 0, 1, 30, 200, 201])
            price[symbol] = min(max(price[symbol] + price[symbol] * step // 10_000, 5_000), _PRICE_MAX)
            text = f"{price[symbol] // 100}.{price[symbol] % 100:02}"
            if chance.random() < 0.03:
                text += f"{chance.randrange(10**20):020}"
            at = _NOON + timedelta(milliseconds=stamp - _NOON_MS)
            writer.writerow([at.isoformat(timespec="milliseconds"), symbol, text, chance.choice(["", "1", "0.5"])])
