"""Examples of the messages that belong to no subject, for the API documents."""

from typing import Any

Json = dict[str, Any]

# (description, message).
CLIENT: dict[str, tuple[str, Json]] = {
    "subscribe": (
        "Watch symbols, prefixes that end in `*`, or `*` for all. Without `channels`: `prices` and `anomalies`.",
        {
            "op": "subscribe",
            "id": 1,
            "symbols": ["AAPL", "BTC*"],
            "channels": ["prices", "anomalies"],
            "intervalMs": 100,
        },
    ),
    "unsubscribe": (
        (
            "Remove subscriptions. Name a symbol or prefix as it was subscribed to. "
            "Without `channels`: `prices` and `anomalies`."
        ),
        {"op": "unsubscribe", "id": 2, "symbols": ["BTC*"], "channels": ["anomalies"]},
    ),
    "ping": ("Ask for a `pong`, to see that all is well and how long it takes.", {"op": "ping", "id": 3}),
}
SERVER: dict[str, tuple[str, Json]] = {
    "subscribed": (
        "The answer to `subscribe`: all that the connection watches by now.",
        {
            "type": "subscribed",
            "seq": 1,
            "subscriptions": {
                "prices": ["AAPL", "BTC*"],
                "anomalies": ["AAPL", "BTC*"],
                "moves": [],
                "trades": [],
                "executions": [],
                "benchmarks": [],
                "regressions": [],
                "readings": [],
                "alerts": [],
            },
            "intervalMs": 100,
            "id": 1,
        },
    ),
    "unsubscribed": (
        "The answer to `unsubscribe`: all that the connection still watches.",
        {
            "type": "unsubscribed",
            "seq": 6,
            "subscriptions": {
                "prices": ["AAPL", "BTC*"],
                "anomalies": ["AAPL"],
                "moves": [],
                "trades": [],
                "executions": [],
                "benchmarks": [],
                "regressions": [],
                "readings": [],
                "alerts": [],
            },
            "intervalMs": 100,
            "id": 2,
        },
    ),
    "pong": ("The answer to `ping`.", {"type": "pong", "seq": 7, "time": "2026-01-31T12:00:01.000Z", "id": 3}),
    "heartbeat": (
        "Every `stream.heartbeat_seconds`, whether anything moves or not.",
        {"type": "heartbeat", "seq": 8, "time": "2026-01-31T12:00:15.000Z"},
    ),
    "error": (
        "What was said cannot be done, and nothing has changed.",
        {
            "type": "error",
            "seq": 9,
            "code": "unknown_op",
            "message": "op must be subscribe, unsubscribe or ping.",
            "id": 4,
        },
    ),
}
