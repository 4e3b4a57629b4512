"""The OpenAPI document as other programs use it: schemathesis tests by it, and a client is generated from it."""

import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.service import Service

_SUPPORT = Path(__file__).parents[1]
_BIN = Path(sys.executable).parent


def test_schemathesis_finds_nothing_with_all_its_checks(service: Service, tmp_path: Path) -> None:
    service.post({"symbol": "AAPL", "price": 1})
    service.settled()
    ran = subprocess.run(
        [
            _BIN / "schemathesis",
            "run",
            f"{service.url}/schema/openapi.json",
            *("--checks", "all", "--max-examples", "20", "--seed", "1", "--suppress-health-check", "all"),
            # These have no end, and no answer without a handshake.
            *("--exclude-path", "/api/stream", "--exclude-path", "/ws"),
        ],
        env={**os.environ, "SCHEMATHESIS_HOOKS": "support.schemathesis_hooks", "PYTHONPATH": str(_SUPPORT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-10_000:]
    assert re.search(r"[1-9]\d\d+ generated, [1-9]\d\d+ passed", ran.stdout)
    assert "Traceback" not in service.log.read_text()


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory, service: Service) -> Any:
    """The package that openapi-python-client makes of the document."""
    folder = tmp_path_factory.mktemp("generated")
    (folder / "openapi.json").write_text(service.client.get("/schema/openapi.json").text)
    subprocess.run(
        [
            _BIN / "openapi-python-client",
            "generate",
            "--path",
            "openapi.json",
            "--output-path",
            "made",
            "--meta",
            "none",
        ],
        env={**os.environ, "PATH": f"{_BIN}{os.pathsep}{os.environ['PATH']}"},
        cwd=folder,
        check=True,
        capture_output=True,
        timeout=120,
    )
    sys.path.insert(0, str(folder))
    yield importlib.import_module("made")
    sys.path.remove(str(folder))


def test_a_generated_client_reads_what_it_has_posted(generated: Any, service: Service) -> None:
    with generated.Client(service.url) as client:
        models = importlib.import_module("made.models")

        def call(tag: str, operation: str, **arguments: Any) -> Any:
            return importlib.import_module(f"made.api.{tag}.{operation}").sync(client=client, **arguments)

        tick = models.Tick(symbol="made", price=103.5, timestamp=1_700_000_000_500)
        assert call("prices", "post_price", body=tick).accepted == 1
        batch = [models.Tick(symbol="MADE", price=each, timestamp=1_700_000_001_000) for each in (104, "110.25")]
        assert call("prices", "post_price_batch", body=batch).accepted == 2
        service.settled()
        assert call("prices", "get_statistics", symbol="MADE").max_price == 110.25
        assert [item.symbol for item in call("prices", "list_statistics", symbols="MADE").items] == ["MADE"]
        candles = call("history", "list_candles", symbol="MADE", interval=models.ListCandlesInterval("1m")).items
        assert [(candle.open_, candle.close, candle.count) for candle in candles] == [(103.5, 110.25, 3)]
        (move,) = call("anomalies", "list_moves", symbol="MADE").items
        assert (move.direction, move.ended_at, move.count) == ("up", None, 1)
        unknown = call("prices", "get_statistics", symbol="NOSUCH")
        assert (unknown.status, unknown.type_) == (404, "urn:marketdata:problem:symbol-not-found")


def test_the_document_names_every_operation_and_tags_it(service: Service) -> None:
    document = json.loads(service.client.get("/schema/openapi.json").text)
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    assert all(name[0].islower() and "_" not in name for name in names)
    assert all(operation["tags"] and operation["summary"] for operation in operations)
    for operation in operations:
        for status, answer in operation["responses"].items():
            problem = answer.get("content", {}).get("application/problem+json")
            if problem is not None:
                assert problem["example"]["status"] == int(status)
                assert ("errors" in problem["example"]) == (status == "400")
    types = {
        answer["content"]["application/problem+json"]["example"]["type"]
        for operation in operations
        for answer in operation["responses"].values()
        if "application/problem+json" in answer.get("content", {})
    }
    assert len(types) >= 12
