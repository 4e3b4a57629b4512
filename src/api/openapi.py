"""The OpenAPI 3.1 document: every route with its parameters, answers, errors and examples."""

from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

import msgspec

from api.examples import (
    ANOMALIES,
    BATCH,
    BATCH_ANSWER,
    CANDLES,
    EXPLAINED,
    HEALTH,
    NDJSON_BATCH,
    PAGE,
    PROBLEM,
    PROCESSING,
    STATISTICS,
    TICK,
    TICKS,
)
from api.live.event_stream import EVENTS_TYPE
from api.schemas import (
    AcceptedView,
    AnomalyPageView,
    BatchView,
    CandlePageView,
    ExplainedAnomalyView,
    HealthView,
    ProblemView,
    ProcessingView,
    StatisticsPageView,
    StatisticsView,
    StatusView,
    TickPageView,
)
from domain.candle import Interval
from domain.price_anomaly import Direction, Severity
from domain.symbol import SYMBOL_RULE

Json = dict[str, Any]

_MOMENT = "RFC 3339, or milliseconds since the Unix epoch"
_EVENT = "id: 3\nevent: prices\ndata: {...}\n\n"
_REF = "#/components/schemas/"
_PROBLEMS = {
    400: "The body or a parameter is bad; `errors` says what.",
    403: "The page that asks is of another address.",
    404: "Nothing is known of the symbol.",
    409: "The first request with this Idempotency-Key is not answered yet.",
    408: "Nothing came for longer than `limits.stream_idle_seconds`.",
    413: "The body, or the batch, is too large.",
    415: "The body is of another media type.",
    422: "This Idempotency-Key was sent before, with another body.",
    507: "What should be on disk is not; `detail` says whether the ticks are in memory.",
    426: "Only a WebSocket is spoken here.",
    503: "The queue is full under a rejecting policy, or the service is shutting down. Retry after `Retry-After`.",
}


def openapi_document() -> Json:
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "marketdata",
            "version": version("marketdata"),
            "summary": "Ticks in, statistics and spikes out.",
            "description": "Every error is application/problem+json (RFC 9457).",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": _paths(),
        "components": {"schemas": _schemas()},
    }


def _paths() -> Json:
    symbol = _parameter("symbol", f"In any case; {SYMBOL_RULE}.", {"type": "string"}, "AAPL", where="path")
    paging = [
        _parameter("limit", "Items on a page.", {"type": "integer", "minimum": 1, "default": 100}, 100),
        _parameter("cursor", "The `nextCursor` of the page before.", {"type": "string"}),
    ]
    filters = [
        _parameter("direction", "Only moves this way.", {"enum": [item.value for item in Direction]}, "up"),
        _parameter("severity", "Only of this severity.", {"enum": [item.value for item in Severity]}, "high"),
        _parameter(
            "since",
            "Detected at this moment or later: RFC 3339, or milliseconds since the Unix epoch.",
            {"type": "string"},
            "2026-01-31T12:00:00Z",
        ),
    ]
    span = [
        _parameter("from", f"From this moment on: {_MOMENT}.", {"type": "string"}, "2026-01-31T12:00:00Z"),
        _parameter("to", f"Before this moment: {_MOMENT}.", {"type": "string"}, "2026-01-31T13:00:00Z"),
    ]
    prefer = _parameter(
        "Prefer",
        "`durable`: answer with 200 once the ticks are on disk.",
        {"type": "string"},
        "durable",
        where="header",
    )
    key = _parameter(
        "Idempotency-Key", "A retry with the same key gets the first answer.", {"type": "string"}, where="header"
    )
    return {
        "/api/prices": {
            "post": _operation(
                "Take one tick",
                _answer(202, AcceptedView, "The tick is in memory, and on disk soon.", {"accepted": 1})
                | _answer(200, AcceptedView, "The tick is on disk.", {"accepted": 0, "duplicates": 1}),
                (400, 413, 415, 503, 507),
                [prefer],
                body={"application/json": {"schema": _ref("Tick"), "example": TICK}},
            ),
            "get": _operation(
                "List statistics, sorted by symbol",
                _answer(200, StatisticsPageView, "One page.", PAGE),
                (400,),
                [_parameter("symbols", "Only these, separated by commas.", {"type": "string"}, "AAPL,BTCUSD"), *paging],
            ),
        },
        "/api/prices/batch": {
            "post": _operation(
                "Take many ticks",
                _answer(202, BatchView, "The good ticks are taken, the bad ones named.", BATCH_ANSWER)
                | _answer(200, BatchView, "The good ticks are on disk.", BATCH_ANSWER),
                (400, 409, 413, 415, 422, 503, 507),
                [prefer, key],
                body={
                    "application/json": {"schema": {"type": "array", "items": _ref("Tick")}, "example": BATCH},
                    "application/x-ndjson": {"schema": {"type": "string"}, "example": NDJSON_BATCH},
                },
            )
        },
        "/api/prices/stream": {
            "post": _operation(
                "Take ticks without end, one a line, as they arrive",
                _answer(202, BatchView, "The accounting, once the body has ended.", BATCH_ANSWER)
                | _answer(200, BatchView, "The same, once the ticks are on disk.", BATCH_ANSWER),
                (400, 408, 415, 503, 507),
                [
                    prefer,
                    _parameter(
                        "progress",
                        "Answer at once, with a line of `accepted` and `rejected` a second; the accounting comes last.",
                        {"type": "boolean", "default": False},
                        False,
                    ),
                ],
                body={"application/x-ndjson": {"schema": {"type": "string"}, "example": NDJSON_BATCH}},
            )
        },
        "/api/prices/{symbol}": {
            "get": _operation(
                "The statistics of one symbol",
                _answer(200, StatisticsView, "What is known of it.", STATISTICS),
                (404,),
                [symbol],
            )
        },
        "/api/prices/{symbol}/anomalies": {
            "get": _operation(
                "The spikes of one symbol, newest first",
                _page(AnomalyPageView, ANOMALIES),
                (400, 404, 503),
                [symbol, *filters, *paging],
            )
        },
        "/api/prices/{symbol}/candles": {
            "get": _operation(
                "The candles of one symbol, old to new",
                _page(CandlePageView, CANDLES),
                (400, 404, 503),
                [
                    symbol,
                    _parameter("interval", "How long a candle is.", {"enum": [each.value for each in Interval]}, "1m")
                    | {"required": True},
                    *span,
                    *paging,
                ],
            )
        },
        "/api/prices/{symbol}/ticks": {
            "get": _operation(
                "The ticks of one symbol, in order of arrival",
                _page(TickPageView, TICKS),
                (400, 404, 503),
                [symbol, *span, *paging],
            )
        },
        "/api/anomalies/{id}": {
            "get": _operation(
                "One spike, with the ticks that explain it",
                _answer(200, ExplainedAnomalyView, "The spike.", EXPLAINED),
                (400, 404, 503),
                [_parameter("id", "Its id.", {"type": "string"}, EXPLAINED["id"], where="path")],
            )
        },
        "/api/anomalies": {
            "get": _operation(
                "The spikes of all symbols, newest first",
                _page(AnomalyPageView, ANOMALIES),
                (400, 503),
                [_parameter("symbol", "Only of this symbol.", {"type": "string"}, "AAPL"), *filters, *paging],
            )
        },
        "/api/stream": {
            "get": _operation(
                "Watch prices and anomalies as server-sent events; the messages are those of the WebSocket",
                _text(200, EVENTS_TYPE, "Events, until somebody leaves.", _EVENT),
                (400, 503),
                [
                    _parameter(
                        "symbols",
                        "Symbols, and starts of symbols with a * behind them, separated by commas; all without.",
                        {"type": "string"},
                        "AAPL,BTC*",
                    ),
                    _parameter("channels", "Without it both.", {"type": "string"}, "prices,anomalies"),
                    _parameter("intervalMs", "How often prices come, at most.", {"type": "integer"}, 100),
                ],
            )
        },
        "/ws": {
            "get": _operation(
                "Watch prices and anomalies over a WebSocket; its messages are in /schema/asyncapi.json",
                {"101": {"description": "The WebSocket is open."}},
                (400, 403, 426, 503),
            )
        },
        "/": {"get": _operation("The dashboard", _text(200, "text/html; charset=utf-8", "A page.", "<!doctype html>"))},
        "/api/metrics": {
            "get": _operation("The accounting", _answer(200, ProcessingView, "Counted so far.", PROCESSING))
        },
        "/metrics": {
            "get": _operation(
                "Metrics for Prometheus",
                _text(200, "text/plain", "Prometheus text.", "marketdata_ticks_received_total 1.0\n"),
            )
        },
        "/health/live": {
            "get": _operation("Does the process turn", _answer(200, StatusView, "It does.", {"status": "live"}))
        },
        "/health/ready": {
            "get": _operation("Can it do its work", _answer(200, StatusView, "It can.", {"status": "ready"}), (503,))
        },
        "/health": {
            "get": _operation(
                "How it is, in more words",
                _answer(200, HealthView, "It is well.", HEALTH)
                | _answer(503, HealthView, "It is not.", HEALTH | {"status": "unavailable"}),
            )
        },
        "/schema/openapi.json": {
            "get": _operation(
                "This document", {"200": {"description": "OpenAPI 3.1.", "content": {"application/json": {}}}}
            )
        },
        "/schema/asyncapi.json": {
            "get": _operation(
                "The messages of the WebSocket",
                {"200": {"description": "AsyncAPI 3.0.", "content": {"application/json": {}}}},
            )
        },
        "/schema": {
            "get": _operation("This document as a page", _text(200, "text/html", "A page.", "<!doctype html>"))
        },
    }


def _schemas() -> Json:
    views = (
        AcceptedView,
        AnomalyPageView,
        BatchView,
        CandlePageView,
        ExplainedAnomalyView,
        TickPageView,
        HealthView,
        ProblemView,
        ProcessingView,
        StatisticsPageView,
        StatisticsView,
        StatusView,
    )
    return component_schemas(views) | {"Tick": _TICK}


def component_schemas(structs: Iterable[type[msgspec.Struct]]) -> Json:
    """The JSON Schemas of structs by their names, for `#/components/schemas`."""
    _, schemas = msgspec.json.schema_components(structs, ref_template=_REF + "{name}")
    # A Decimal goes out as a number, which msgspec does not know here.
    text = msgspec.json.encode(schemas).replace(b'{"type":"string","format":"decimal"}', b'{"type":"number"}')
    decoded: Json = msgspec.json.decode(text)
    return decoded


_NUMBER = [{"type": "number"}, {"type": "string", "description": "A decimal number, as exchanges send it."}]
_TICK: Json = {
    "type": "object",
    "required": ["symbol", "price"],
    "additionalProperties": False,
    "properties": {
        "symbol": {"type": "string", "description": f"{SYMBOL_RULE}; trimmed and upper-cased."},
        "price": {"description": "Greater than 0, up to 64 significant digits.", "anyOf": _NUMBER},
        "timestamp": {
            "description": "RFC 3339 with an offset, or milliseconds since the Unix epoch; now, where absent.",
            "anyOf": [{"type": "string", "format": "date-time"}, {"type": "integer"}, {"type": "null"}],
        },
        "volume": {"description": "At least 0.", "anyOf": [*_NUMBER, {"type": "null"}]},
        "id": {"description": "The feeder's own name for it.", "type": ["string", "null"], "maxLength": 128},
    },
}


def _operation(
    summary: str,
    answers: Json,
    problems: tuple[int, ...] = (),
    parameters: list[Json] | None = None,
    body: Json | None = None,
) -> Json:
    operation: Json = {
        "summary": summary,
        "responses": answers | {str(status): _problem(status) for status in problems},
    }
    if parameters:
        operation["parameters"] = parameters
    if body:
        operation["requestBody"] = {"required": True, "content": body}
    return operation


def _answer(status: int, view: type[msgspec.Struct], description: str, example: object) -> Json:
    content = {"application/json": {"schema": _ref(view.__name__), "example": example}}
    return {str(status): {"description": description, "content": content}}


def _page(view: type[msgspec.Struct], example: object) -> Json:
    answer = _answer(200, view, "One page; as NDJSON or CSV, with the next cursor in `Next-Cursor`.", example)
    for media_type in ("application/x-ndjson", "text/csv"):
        answer["200"]["content"][media_type] = {"schema": {"type": "string"}, "example": ""}
    return answer


def _text(status: int, media_type: str, description: str, example: str) -> Json:
    content = {media_type: {"schema": {"type": "string"}, "example": example}}
    return {str(status): {"description": description, "content": content}}


def _problem(status: int) -> Json:
    content = {"application/problem+json": {"schema": _ref("ProblemView"), "example": PROBLEM | {"status": status}}}
    return {"description": _PROBLEMS[status], "content": content}


def _parameter(name: str, description: str, schema: Json, example: object = None, where: str = "query") -> Json:
    parameter: Json = {"name": name, "in": where, "description": description, "schema": schema}
    if where == "path":
        parameter["required"] = True
    if example is not None:
        parameter["example"] = example
    return parameter


def _ref(name: str) -> Json:
    return {"$ref": _REF + name}
