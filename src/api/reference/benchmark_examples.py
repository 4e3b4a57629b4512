"""Examples of benchmarks for the routes."""

from typing import Any

RUN: dict[str, Any] = {
    "testType": "burst",
    "testName": "loopback",
    "timestamp": "2026-01-31T12:00:00.500Z",
    "config": {"messages": 10000},
    "totalTrades": 10000,
    "durationSeconds": 0.5,
    "tradesPerSecond": 20000.0,
    "queueFullCount": 0,
    "errorCount": 0,
    "latencyStats": {
        "count": 10000,
        "minUs": 1.5,
        "maxUs": 900.0,
        "meanUs": 4.5,
        "p50Us": 4.0,
        "p95Us": 8.0,
        "p99Us": 20.0,
    },
}
PAGE = {"items": [RUN], "nextCursor": None}
_THROUGHPUT = {"last": 20000.0, "best": 21000.0, "median": 20500.0, "trendPercent": -4.8}
SUMMARY: dict[str, Any] = {
    "testType": "burst",
    "testName": "loopback",
    "runs": 2,
    "regressions": 0,
    "totalTrades": 20000,
    "queueFullCount": 0,
    "errorCount": 0,
    "lastRunTime": "2026-01-31T12:00:00.500Z",
    "throughput": _THROUGHPUT,
    "p99": {"last": 20.0, "best": 19.0, "median": 19.5, "trendPercent": 5.3},
}
SUMMARIES = {
    "items": [SUMMARY | {"status": {"status": "completed", "timestamp": "2026-01-31T12:00:00.500Z", "message": "done"}}]
}
REGRESSION = {
    "testType": "burst",
    "testName": "loopback",
    "figure": "p99",
    "value": 40.0,
    "expected": 20.0,
    "changePercent": 100.0,
    "detectedAt": "2026-01-31T12:00:00.500Z",
}
RUN_LINES = {
    "application/x-ndjson": '{"testType":"burst","testName":"loopback","timestamp":"2026-01-31T12:00:00.500Z",'
    '"config":{"messages":10000},"totalTrades":10000,"durationSeconds":0.5,"tradesPerSecond":20000.0,'
    '"queueFullCount":0,"errorCount":0,"latencyStats":{"count":10000,"minUs":1.5,"maxUs":900.0,"meanUs":4.5,'
    '"p50Us":4.0,"p95Us":8.0,"p99Us":20.0}}\n',
}
