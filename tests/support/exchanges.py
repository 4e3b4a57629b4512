"""Requests to every route with their answers, normalised so that runs can be compared."""

import re
from dataclasses import dataclass
from typing import Any

from support.service import Service

JSON = "application/json"
NDJSON = "application/x-ndjson"
_T0 = 1769860800000
# The answer headers that programs read.
_HEADERS = (
    "allow",
    "cache-control",
    "content-encoding",
    "content-type",
    "etag",
    "idempotency-replayed",
    "next-cursor",
    "preference-applied",
    "retry-after",
    "upgrade",
    "vary",
)
_VOLATILE = (
    (r'"traceId":"[0-9a-f]{32}"', '"traceId":""'),
    (r'"(uptimeSeconds|throughputPerSecond)":[0-9.]+', r'"\1":0'),
    (r'"engine":"(compiled|interpreted)"', '"engine":""'),
    (r'"latencyMs":\{[^}]*\}', '"latencyMs":{}'),
)


@dataclass(frozen=True)
class Exchange:
    """known_bytes: how much of the body is compared, None for all; 0 for bodies that differ between versions."""

    method: str
    path: str
    body: str | None = None
    media_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    known_bytes: int | None = None

    @property
    def name(self) -> str:
        headers = " ".join(f"{name}={value}" for name, value in self.headers)
        shown = "" if self.body is None else f" {self.body[:60]!r}"
        return f"{self.method} {self.path} {headers}{shown} {self.media_type or ''}".strip()


def _tick(price: object, offset_ms: int = 0, symbol: str = "GOLD", more: str = "") -> str:
    return f'{{"symbol":"{symbol}","price":{price},"timestamp":{_T0 + offset_ms}{more}}}'


def _post(body: str, path: str = "/api/prices", media_type: str | None = JSON, **headers: str) -> Exchange:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Exchange("POST", path, body, media_type, named)


def _get(path: str, known_bytes: int | None = None, **headers: str) -> Exchange:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Exchange("GET", path, headers=named, known_bytes=known_bytes)


_LINES = "\n".join((_tick(40, 100, "NICKEL"), "nonsense", _tick('"41.50"', 200, "NICKEL", ',"volume":"2.5"')))
_BATCH = f"[{','.join((_tick(10, 0, 'TIN', ',#id#:#b1#'), _tick(-1, 0, 'TIN'), _tick(10.5, 400, 'BTC/USD')))}]".replace(
    "#", '"'
)

EXCHANGES = (
    # In.
    _post(_tick(100)),
    _post(_tick('"103.50"', 500, more=',"volume":2,"id":"g-2"')),
    _post(_tick(103.5, 500, more=',"id":"g-2"')),
    _post(_tick(104, 600, more=',"id":"g-3"'), Prefer="durable"),
    _post(_tick(104, 600, more=',"id":"g-3"'), Prefer="respond-async, durable"),
    _post('{"symbol":"GOLD","price":"1.10000000000000000001","timestamp":"2026-01-31T12:00:01.123456+00:00"}'),
    _post(_tick(0)),
    _post('{"symbol":"GO LD","price":true,"prize":1}'),
    _post('{"symbol":"X","price":1,"price":2}'),
    _post("nonsense"),
    _post(""),
    _post(_tick(1), media_type="text/plain"),
    _post(_tick(1), media_type="application/json; charset=utf-8"),
    _post(_tick(1, symbol="LEAD"), path="/api/prices/"),
    _post(_tick(1, symbol="LEAD"), path="/api/%70rices"),
    _post(_tick(1, symbol="LEAD"), path="/api/prices?x=1"),
    _post(_BATCH, "/api/prices/batch"),
    _post(_BATCH, "/api/prices/batch", Prefer="durable"),
    _post(_BATCH, "/api/prices/batch", Idempotency_Key="one"),
    _post(_BATCH, "/api/prices/batch", Idempotency_Key="one"),
    _post("[]", "/api/prices/batch", Idempotency_Key="one"),
    _post("[]", "/api/prices/batch", Idempotency_Key="not a key"),
    _post("[]", "/api/prices/batch"),
    _post("{}", "/api/prices/batch"),
    _post('[{"symbol":"X"}]', "/api/prices/batch"),
    _post(f"[{','.join(['1'] * 10_001)}]", "/api/prices/batch"),
    _post(_LINES, "/api/prices/batch", NDJSON),
    _post(_LINES, "/api/prices/stream", NDJSON),
    _post(_LINES, "/api/prices/stream", NDJSON, Prefer="durable"),
    _post(_LINES, "/api/prices/stream", JSON),
    _post(_LINES, "/api/prices/stream?progress=true", NDJSON),
    _post(_LINES, "/api/prices/stream?progress=maybe", NDJSON),
    _post(_LINES, "/api/prices/stream?speed=1", NDJSON),
    _post(" " * 4_194_305, "/api/prices"),
    # Out.
    _get("/api/prices"),
    _get("/api/prices?limit=2"),
    _get("/api/prices?limit=2&cursor=IkdPTEQi"),
    _get("/api/prices?symbols=gold,NONE,%20tin%20"),
    _get("/api/prices?symbols="),
    _get("/api/prices?symbols=GO%20LD"),
    _get("/api/prices?limit=0"),
    _get("/api/prices?limit=10001"),
    _get("/api/prices?limit=ten"),
    _get("/api/prices?limit="),
    _get("/api/prices?limit=1&limit=2"),
    _get("/api/prices?cursor=nonsense"),
    _get("/api/prices?page=2"),
    _get("/api/prices/GOLD"),
    _get("/api/prices/gold"),
    _get("/api/prices/gold?x=1"),
    _get("/api/prices/gold/"),
    _get("/api/prices/BTC%2FUSD"),
    _get("/api/prices/BTC/USD"),
    _get("/api/prices/BATCH"),
    _get("/api/prices/batch"),
    _get("/api/prices/NO%20SUCH"),
    _get("/api/prices/%C3%B6"),
    _get("/api/prices/GOLD/anomalies"),
    _get("/api/prices/GOLD/anomalies?symbol=TIN"),
    _get("/api/prices/NONE/anomalies"),
    _get("/api/prices/BTC/USD/anomalies"),
    _get("/api/anomalies"),
    _get("/api/anomalies?limit=1"),
    _get("/api/anomalies", Accept="text/csv"),
    _get("/api/anomalies?limit=1", Accept=NDJSON),
    _get("/api/anomalies", Accept="application/xml"),
    _get("/api/anomalies?symbol=gold&direction=up&severity=high&since=2026-01-31T12:00:00.500Z"),
    _get("/api/anomalies?since=1769860800500&direction=down"),
    _get("/api/anomalies?since=2026-01-31T13:00:00.500%2B01:00"),
    _get("/api/anomalies?since=2026-01-31T13:00:00.500+01:00"),
    _get("/api/anomalies?since=yesterday"),
    _get("/api/anomalies?since=99999999999999999"),
    _get("/api/anomalies?direction=sideways"),
    _get("/api/anomalies?severity=low"),
    _get("/api/anomalies?symbol=GO%20LD"),
    _get("/api/anomalies?cursor=IkdPTEQi"),
    _get("/api/anomalies?until=1"),
    _get("/api/anomalies/5e6a1e4bd2cf0ab4c8e6d4b7a4b0c9d1"),
    _get("/api/anomalies/nosuch?x=1"),
    _get("/api/anomalies/n%C3%B6"),
    _get("/api/prices/GOLD/candles?interval=1s"),
    _get("/api/prices/GOLD/candles?interval=1m"),
    _get("/api/prices/gold/candles?interval=1s&limit=1&from=2026-01-31T12:00:00Z"),
    _get("/api/prices/GOLD/candles?interval=1s&from=1769860800000&to=1769860801000", Accept="text/csv"),
    _get("/api/prices/GOLD/candles"),
    _get("/api/prices/GOLD/candles?interval=2s"),
    _get("/api/prices/GOLD/candles?interval=1s&from=200000000002&to=200000000001"),
    _get("/api/prices/GOLD/candles?interval=1s&from=x"),
    _get("/api/prices/GOLD/candles?interval=1s&cursor=x"),
    _get("/api/prices/GOLD/candles?interval=1s&limit=0"),
    _get("/api/prices/NONE/candles?interval=1s"),
    _get("/api/prices/GOLD/ticks"),
    _get("/api/prices/GOLD/ticks?limit=1", Accept="text/csv"),
    _get("/api/prices/GOLD/ticks?limit=2", Accept=NDJSON),
    _get("/api/prices/GOLD/ticks?from=2026-01-31T12:00:00.600Z&to=2026-01-31T12:00:01Z"),
    _get("/api/prices/GOLD/ticks?from=x"),
    _get("/api/prices/GOLD/ticks?interval=1s"),
    _get("/api/prices/NONE/ticks"),
    _get("/api/metrics"),
    _get("/api/metrics?x=1"),
    _get("/health"),
    _get("/health/live"),
    _get("/health/ready"),
    _get("/metrics", known_bytes=0),
    _get("/", known_bytes=15),
    _get("/dashboard/main.js", known_bytes=0),
    _get("/dashboard/nosuch.js"),
    _get("/schema", known_bytes=15),
    _get("/schema/openapi.json", known_bytes=0),
    _get("/schema/asyncapi.json", known_bytes=0),
    _get("/ws"),
    _get("/api/stream?symbols=%25"),
    _get("/api/stream?channels=x"),
    _get("/api/stream?channels=prices,anomalies,prices&intervalMs=1"),
    _get("/api/stream?x=1"),
    _get("/nowhere"),
    # Other methods.
    *(
        Exchange(method, path)
        for path in (
            "/api/prices",
            "/api/prices/batch",
            "/api/prices/stream",
            "/api/prices/GOLD",
            "/api/prices/GOLD/ticks",
            "/api/anomalies",
            "/api/stream",
            "/ws",
            "/health",
            "/",
            "/schema",
            "/nowhere",
        )
        for method in ("HEAD", "DELETE", "OPTIONS")
    ),
    Exchange("POST", "/api/prices/GOLD", "{}", JSON),
    Exchange("PUT", "/api/prices", "{}", JSON),
    Exchange("POST", "/health", "{}", JSON),
)


def answers_of(service: Service) -> dict[str, dict[str, Any]]:
    """The answer to every exchange, in order: later exchanges depend on earlier ones."""
    answers: dict[str, dict[str, Any]] = {}
    for number, exchange in enumerate(EXCHANGES):
        headers = list(exchange.headers)
        if exchange.media_type is not None:
            headers.append(("Content-Type", exchange.media_type))
        content = None if exchange.body is None else exchange.body.encode()
        answer = service.client.request(exchange.method, exchange.path, content=content, headers=headers)
        body = answer.text
        for pattern, stable in _VOLATILE:
            body = re.sub(pattern, stable, body)
        answers[f"{number:03} {exchange.name}"] = {
            "status": answer.status_code,
            "headers": {
                name: _stable(name, answer.headers[name])
                for name in _HEADERS
                # The tag of an answer tells whether its body is as before.
                if name in answer.headers and (name != "etag" or exchange.known_bytes is None)
            },
            "body": body[: exchange.known_bytes],
        }
        service.settled()
    return answers


def _stable(name: str, value: str) -> str:
    if name == "etag":
        # The tag of a state begins with what differs from process to process; the rest is its number of updates.
        return re.sub(r'^W/"[0-9a-f]+-', 'W/"...-', value)
    # The position of a tick in the log depends on which ticks were written together.
    if name == "next-cursor":
        return "..."
    # So does a tag that counts updates: each process begins it with a number of its own.
    return re.sub(r'(?<=")[0-9a-f]+-', "...-", value) if name == "etag" else value
