"""The OpenAPI document says what the service does: every route, every example, every shape."""

from typing import Any

import jsonschema
import pytest

from api.app import describe
from api.container import Container
from api.reference.option_examples import CHAIN
from api.views.view import encode
from infrastructure.settings import Settings
from support.arrow import ARROW, body_of
from support.service import Service

DOCUMENT, _ = describe(Container(settings=Settings(storage={"enabled": False})))
OF_PRODUCTS = (
    "expiries",
    "chain",
    "contracts/{contract}",
    "pcr",
    "max-pain",
    "open-interest",
    "straddle",
    "greeks",
    "volatility-surface",
    "history",
)
ROUTES = {
    ("/api/prices", "post"),
    ("/api/prices", "get"),
    ("/api/prices/batch", "post"),
    ("/api/prices/stream", "post"),
    ("/api/prices/{symbol}", "get"),
    ("/api/prices/{symbol}", "delete"),
    ("/api/prices/{symbol}/anomalies", "get"),
    ("/api/prices/{symbol}/candles", "get"),
    ("/api/prices/{symbol}/ticks", "get"),
    ("/api/anomalies", "get"),
    ("/api/anomalies/{id}", "get"),
    ("/api/moves", "get"),
    ("/api/rules", "get"),
    ("/api/rules", "post"),
    ("/api/rules/{id}", "get"),
    ("/api/rules/{id}", "put"),
    ("/api/rules/{id}", "delete"),
    ("/api/rules/backtest", "post"),
    ("/api/rules/backtests/{id}", "get"),
    ("/api/rules/backtests/{id}", "delete"),
    ("/api/notifications/dead-letters", "get"),
    ("/api/notifications/dead-letters/{id}/replay", "post"),
    ("/api/alerts", "get"),
    ("/api/alerts/{id}/acknowledge", "post"),
    ("/api/alerts/{id}/resolve", "post"),
    ("/api/trades", "get"),
    ("/api/trades", "post"),
    ("/api/trades/batch", "post"),
    ("/api/trades/{symbol}", "get"),
    ("/api/trades/{symbol}", "delete"),
    ("/api/trades/{symbol}/history", "get"),
    ("/api/trades/{symbol}/candles", "get"),
    ("/api/benchmarks", "get"),
    ("/api/benchmarks", "post"),
    ("/api/benchmarks/summary", "get"),
    ("/api/options", "get"),
    ("/api/options/quotes", "post"),
    ("/api/options/quotes/batch", "post"),
    ("/api/options/chains", "post"),
    ("/api/options/{product}", "delete"),
    *((f"/api/options/{{product}}/{each}", "get") for each in OF_PRODUCTS),
    ("/api/readings", "post"),
    ("/api/readings/batch", "post"),
    ("/api/readings/dead-letters", "get"),
    ("/api/readings/dead-letters/{id}/replay", "post"),
    ("/api/machines", "get"),
    ("/api/machines/{machine}", "get"),
    ("/api/machines/{machine}", "delete"),
    ("/api/machines/{machine}/{sensor}", "get"),
    ("/api/machines/{machine}/{sensor}", "delete"),
    ("/api/machines/{machine}/{sensor}/history", "get"),
    ("/api/machines/{machine}/{sensor}/rollups", "get"),
    ("/api/stream", "get"),
    ("/ws", "get"),
    ("/", "get"),
    ("/schema/asyncapi.json", "get"),
    ("/api/metrics", "get"),
    ("/metrics", "get"),
    ("/health/live", "get"),
    ("/health/ready", "get"),
    ("/health", "get"),
    ("/schema/openapi.json", "get"),
    ("/schema", "get"),
}


def check(value: object, schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator({**schema, "components": DOCUMENT["components"]}).validate(value)


def contents() -> list[Any]:
    found = []
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            parts = [("body", operation.get("requestBody", {})), *operation["responses"].items()]
            for name, part in parts:
                for media_type, content in part.get("content", {}).items():
                    found.append(pytest.param(content, id=f"{method} {path} {name} {media_type}"))
    return found


def test_every_route_of_the_contract_is_in_the_document() -> None:
    assert {(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods} == ROUTES
    assert DOCUMENT["openapi"].startswith("3.1")


@pytest.mark.parametrize("content", contents())
def test_every_example_fits_its_schema(content: dict[str, Any]) -> None:
    if "schema" in content and content["schema"].get("format") != "binary":
        check(content["example"], content["schema"])


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("get", "/api/prices?limit=2", "/api/prices"),
        ("get", "/api/prices/DOC", "/api/prices/{symbol}"),
        ("get", "/api/prices/NONE", "/api/prices/{symbol}"),
        ("get", "/api/prices/DOC/anomalies", "/api/prices/{symbol}/anomalies"),
        ("get", "/api/anomalies?limit=0", "/api/anomalies"),
        ("get", "/api/prices/DOC/candles?interval=1s", "/api/prices/{symbol}/candles"),
        ("get", "/api/prices/DOC/candles", "/api/prices/{symbol}/candles"),
        ("get", "/api/prices/DOC/ticks?limit=2", "/api/prices/{symbol}/ticks"),
        ("get", "/api/anomalies/nosuch", "/api/anomalies/{id}"),
        ("get", "/api/stream?symbols=%25", "/api/stream"),
        ("get", "/ws", "/ws"),
        ("get", "/api/metrics", "/api/metrics"),
        ("get", "/health", "/health"),
        ("get", "/health/live", "/health/live"),
        ("get", "/health/ready", "/health/ready"),
        ("post", "/api/readings", "/api/readings"),
        ("post", "/api/readings/batch", "/api/readings/batch"),
        ("get", "/api/readings/dead-letters", "/api/readings/dead-letters"),
        ("get", "/api/machines", "/api/machines"),
        ("get", "/api/machines/doc", "/api/machines/{machine}"),
        ("get", "/api/machines/doc/t", "/api/machines/{machine}/{sensor}"),
        ("get", "/api/machines/none/t", "/api/machines/{machine}/{sensor}"),
        ("get", "/api/machines/doc/t/history", "/api/machines/{machine}/{sensor}/history"),
        ("get", "/api/machines/doc/t/rollups?interval=1h", "/api/machines/{machine}/{sensor}/rollups"),
        ("get", "/api/machines/doc/t/rollups?interval=5m", "/api/machines/{machine}/{sensor}/rollups"),
        ("post", "/api/prices", "/api/prices"),
        ("post", "/api/prices/batch", "/api/prices/batch"),
        ("post", "/api/prices/stream", "/api/prices/stream"),
        ("post", "/api/prices/stream?progress=maybe", "/api/prices/stream"),
        ("post", "/api/options/quotes", "/api/options/quotes"),
        ("post", "/api/options/quotes/batch", "/api/options/quotes/batch"),
        ("post", "/api/options/chains", "/api/options/chains"),
        ("get", "/api/options", "/api/options"),
        *(
            ("get", f"/api/options/nifty/{each}", f"/api/options/{{product}}/{each}")
            for each in OF_PRODUCTS
            if "{" not in each
        ),
        ("get", "/api/options/NIFTY/pcr?history=3", "/api/options/{product}/pcr"),
        ("get", "/api/options/NIFTY/chain?strikes=5", "/api/options/{product}/chain"),
        ("get", "/api/options/NONE/greeks", "/api/options/{product}/greeks"),
        ("get", "/api/options/NIFTY/contracts/NIFTY-2026-01-29-21500-C", "/api/options/{product}/contracts/{contract}"),
    ],
)
def test_every_answer_fits_the_document(service: Service, method: str, path: str, route: str) -> None:
    for price in ("100", "104.00000000000000000001"):
        service.post({"symbol": "DOC", "price": price})
    service.client.post("/api/options/chains", json=CHAIN, headers={"Prefer": "durable"})
    reading = {"machineId": "DOC", "sensorType": "t", "value": -1}
    service.client.post("/api/readings", json=reading, headers={"Prefer": "durable"})
    service.settled()
    operation = DOCUMENT["paths"][route][method]
    body = operation.get("requestBody", {"content": {"application/json": {"example": None}}})["content"]
    for media_type, content in body.items():
        example = body_of(symbol=["DOC"], price=[1.0]) if media_type == ARROW else content["example"]
        data = {"content": example} if isinstance(example, str | bytes) else {"json": example}
        answer = service.client.request(
            method, path, **({} if example is None else {**data, "headers": {"Content-Type": media_type}})
        )
        described = operation["responses"][str(answer.status_code)]["content"]
        check(answer.json(), described[answer.headers["content-type"]]["schema"])


def test_document_is_served(service: Service) -> None:
    assert service.client.get("/schema/openapi.json").json() == DOCUMENT


def test_every_process_serves_the_same_bytes(service: Service) -> None:
    assert service.client.get("/schema/openapi.json").content == encode(DOCUMENT)
