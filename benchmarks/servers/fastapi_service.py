"""The same service as a user would write it with FastAPI: typed models, a state per symbol, deques."""

import sys
from collections import deque

import uvicorn
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

WINDOW_MS = 1000
THRESHOLD = 0.02
AVERAGE_SIZE = 64

app = FastAPI()


class Tick(BaseModel):
    symbol: str = Field(min_length=1, max_length=32)
    price: float = Field(gt=0, allow_inf_nan=False)
    timestamp: int


class Symbol:
    def __init__(self) -> None:
        self.prices: deque[float] = deque(maxlen=AVERAGE_SIZE)
        self.total = 0.0
        self.window: deque[tuple[int, float]] = deque()
        self.count = 0
        self.minimum = float("inf")
        self.maximum = 0.0
        self.current = 0.0
        self.newest = 0

    def update(self, price: float, timestamp: int) -> int:
        """Apply a price. Returns the number of spikes: 0, 1 or 2."""
        if len(self.prices) == AVERAGE_SIZE:
            self.total -= self.prices[0]
        self.prices.append(price)
        self.total += price
        self.count += 1
        self.minimum = min(self.minimum, price)
        self.maximum = max(self.maximum, price)
        if timestamp < self.newest:
            return 0
        self.newest = timestamp
        self.current = price
        window = self.window
        window.append((timestamp, price))
        while window[0][0] < timestamp - WINDOW_MS:
            window.popleft()
        prices = [price for _, price in window]
        return (price > min(prices) * (1 + THRESHOLD)) + (price < max(prices) * (1 - THRESHOLD))


class State:
    def __init__(self) -> None:
        self.symbols: dict[str, Symbol] = {}
        self.processed = 0
        self.anomalies = 0

    def take(self, tick: Tick) -> None:
        name = tick.symbol.strip().upper()
        symbol = self.symbols.get(name)
        if symbol is None:
            symbol = self.symbols[name] = Symbol()
        self.anomalies += symbol.update(tick.price, tick.timestamp)
        self.processed += 1


state = State()


@app.post("/api/prices", status_code=202)
async def post_price(tick: Tick) -> dict[str, int]:
    state.take(tick)
    return {"accepted": 1}


@app.post("/api/prices/batch", status_code=202)
async def post_batch(ticks: list[Tick]) -> dict[str, object]:
    for tick in ticks:
        state.take(tick)
    return {"accepted": len(ticks), "rejected": 0, "errors": []}


@app.get("/api/prices/{name}")
async def get_price(name: str) -> dict[str, object]:
    symbol = state.symbols.get(name.upper())
    if symbol is None:
        raise HTTPException(404)
    return {
        "symbol": name.upper(),
        "currentPrice": symbol.current,
        "movingAverage": symbol.total / len(symbol.prices),
        "minPrice": symbol.minimum,
        "maxPrice": symbol.maximum,
        "updateCount": symbol.count,
        "lastUpdateTime": symbol.newest,
    }


@app.get("/api/metrics")
async def get_metrics() -> dict[str, int]:
    return {"processed": state.processed, "anomalies": state.anomalies, "queued": 0}


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False, server_header=False)
