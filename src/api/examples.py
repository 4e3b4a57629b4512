"""Examples for the OpenAPI document: one story of a tick, told the same everywhere."""

from typing import Any

TICK = {"symbol": "AAPL", "price": 103.5, "timestamp": "2026-01-31T12:00:00.500Z", "volume": 20}
BATCH = [
    {"symbol": "AAPL", "price": 100, "timestamp": "2026-01-31T12:00:00.000Z"},
    TICK,
    {"symbol": "AAPL", "price": -1},
]
NDJSON_BATCH = '{"symbol":"AAPL","price":100}\n{"symbol":"BTCUSD","price":"64250.10"}\n'
BATCH_ANSWER = {
    "accepted": 2,
    "rejected": 1,
    "errors": [{"field": "price", "code": "not_positive", "message": "must be greater than 0", "index": 2}],
}
STATISTICS = {
    "symbol": "AAPL",
    "currentPrice": 103.5,
    "movingAverage": 101.75,
    "minPrice": 100.0,
    "maxPrice": 103.5,
    "updateCount": 2,
    "lateCount": 0,
    "anomalyCount": 1,
    "lastUpdateTime": "2026-01-31T12:00:00.500Z",
}
PAGE = {"items": [STATISTICS], "total": 1, "nextCursor": None}
ANOMALIES: dict[str, Any] = {
    "items": [
        {
            "id": "f3c0a1d2b4958677a9b8c7d6e5f40312",
            "symbol": "AAPL",
            "direction": "up",
            "referencePrice": 100.0,
            "newPrice": 103.5,
            "changePercent": 3.5,
            "severity": "high",
            "detectedAt": "2026-01-31T12:00:00.500Z",
        }
    ],
    "nextCursor": None,
}
STORED_TICK = {
    "symbol": "AAPL",
    "price": 103.5,
    "timestamp": "2026-01-31T12:00:00.500Z",
    "volume": 20.0,
    "id": None,
}
TICKS = {"items": [STORED_TICK], "nextCursor": None}
EXPLAINED = {
    "id": "f3c0a1d2b4958677a9b8c7d6e5f40312",
    "symbol": "AAPL",
    "direction": "up",
    "referencePrice": 100.0,
    "newPrice": 103.5,
    "changePercent": 3.5,
    "severity": "high",
    "detectedAt": "2026-01-31T12:00:00.500Z",
    "window": [STORED_TICK | {"price": 100.0, "timestamp": "2026-01-31T12:00:00.000Z"}, STORED_TICK],
    "windowComplete": True,
}
CANDLES = {
    "items": [
        {
            "symbol": "AAPL",
            "interval": "1m",
            "start": "2026-01-31T12:00:00.000Z",
            "open": 100.0,
            "high": 103.5,
            "low": 100.0,
            "close": 103.5,
            "volume": 20,
            "vwap": 103.5,
            "count": 2,
            "closed": False,
        }
    ],
    "nextCursor": None,
}
PROCESSING = {
    "received": 3,
    "accepted": 2,
    "rejected": 1,
    "duplicates": 0,
    "processed": 2,
    "dropped": 0,
    "queued": 0,
    "failed": 0,
    "late": 0,
    "anomalies": 1,
    "activeSymbols": 1,
    "throughputPerSecond": 0.4,
    "partitions": [
        {
            "partition": 0,
            "queued": 0,
            "capacity": 100000,
            "processed": 2,
            "dropped": 0,
            "failed": 0,
            "restarts": 0,
            "latencyMs": {"mean": 0.05, "p50": 0.05, "p99": 0.099},
        }
    ],
}
HEALTH = {
    "status": "ok",
    "version": "0.1.0",
    "engine": "interpreted",
    "uptimeSeconds": 12.5,
    "checks": {"workers": "ok", "storage": "ok"},
}
PROBLEM = {
    "type": "urn:marketdata:problem:validation-failed",
    "title": "The input breaks a rule",
    "status": 400,
    "detail": "price must be greater than 0.",
    "instance": "/api/prices",
    "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
    "errors": [{"field": "price", "code": "not_positive", "message": "must be greater than 0"}],
}
