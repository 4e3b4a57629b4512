"""What programs rely on stays as it is: every answer, the documents by their meaning, and data on disk.

`tests/integration/compatibility` holds what version 0.1.0 answered before the code was arranged by subject. A change
that is meant is recorded with `MARKETDATA_RECORD=1 make test ARGS="-k compatibility"`, and shows in the diff.
"""

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.exchanges import answers_of
from support.service import Service

FOLDER = Path(__file__).with_name("compatibility")
RECORD = os.environ.get("MARKETDATA_RECORD") == "1"


def recorded(name: str, found: Any) -> Any:
    """What was recorded under a name; with MARKETDATA_RECORD=1, `found` is recorded first."""
    file = FOLDER / f"{name}.json"
    if RECORD:
        file.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    return json.loads(file.read_text())


def test_every_exchange_is_answered_as_before(start: Callable[..., Service]) -> None:
    service = start(PROCESSING__PARTITIONS="2")
    found = answers_of(service)
    before = recorded("answers", found)
    assert found.keys() == before.keys()
    for name, answer in found.items():
        assert answer == before[name], name


def meaning(document: dict[str, Any]) -> dict[str, Any]:
    """Paths, parameters, schemas and statuses of an OpenAPI document, without words and examples."""
    return {
        "paths": {
            f"{method} {path}": {
                "parameters": {
                    f"{each['in']} {each['name']}": [each.get("required", False), _shape(each["schema"])]
                    for each in operation.get("parameters", ())
                },
                "body": _contents(operation.get("requestBody", {})),
                "responses": {status: _contents(each) for status, each in operation["responses"].items()},
            }
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        },
        "schemas": {name: _shape(schema) for name, schema in document["components"]["schemas"].items()},
    }


def _contents(part: dict[str, Any]) -> dict[str, Any]:
    return {kind: _shape(content.get("schema", {})) for kind, content in part.get("content", {}).items()}


def _shape(schema: Any) -> Any:
    if isinstance(schema, dict):
        wordless = {key: _shape(value) for key, value in schema.items() if not _is_wording(key, value)}
        if "enum" in wordless:
            wordless["enum"] = sorted(wordless["enum"], key=str)
        return wordless
    return [_shape(each) for each in schema] if isinstance(schema, list) else schema


def _is_wording(key: str, value: Any) -> bool:
    return key in ("title", "description", "example", "examples") and not isinstance(value, dict)


@pytest.mark.parametrize("name", ["openapi", "asyncapi"])
def test_documents_mean_what_they_meant(service: Service, name: str) -> None:
    document = service.client.get(f"/schema/{name}.json").json()
    found = meaning(document) if name == "openapi" else _shape(document)
    assert found == recorded(name, found)


def test_data_of_the_version_before_is_opened_and_goes_on(start: Callable[..., Service], tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "marketdata.db").write_bytes(gzip.decompress((FOLDER / "marketdata.db.gz").read_bytes()))
    before = json.loads((FOLDER / "answers.json").read_text())
    service = start(PROCESSING__PARTITIONS="3", STORAGE__DATA_DIR=str(data))
    compared = 0
    for name, answer in before.items():
        method, path, *_ = name.split(" ")[1:]
        # What is in memory only, and what differs from one start to the next, is not compared.
        if method == "GET" and path.startswith(("/api/prices", "/api/anomalies")) and len(name.split()) == 3:
            assert service.client.get(path).text.partition('"traceId"')[0] == answer["body"].partition('"traceId"')[0]
            compared += 1
    assert compared > 40
    count = service.client.get("/api/prices/GOLD").json()["updateCount"]
    assert service.post({"symbol": "GOLD", "price": 105, "id": "new"}).json() == {"accepted": 1}
    service.settled()
    assert service.client.get("/api/prices/GOLD").json()["updateCount"] == count + 1
    assert service.terminate() == 0
    again = start(PROCESSING__PARTITIONS="3", STORAGE__DATA_DIR=str(data))
    assert again.client.get("/api/prices/GOLD").json()["currentPrice"] == 105.0
