"""Ticks posted as Arrow IPC streams, over HTTP."""

import gzip
import json
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import httpx
import pyarrow as pa
import pytest
import zstandard

from support.arrow import ARROW, NOON_MS, batch_of, body_of, dictionary_of, stream_of
from support.service import Service, assert_balanced

BATCH, STREAM = "/api/prices/batch", "/api/prices/stream"
CODERS = {"gzip": gzip.compress, "zstd": zstandard.ZstdCompressor().compress}
# With a trailer allowed a request is left to the framework.
WAYS = {"fast path": {}, "framework": {"TE": "trailers"}}


def post(service: Service, path: str, body: bytes | Iterator[bytes], **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return service.client.post(path, content=body, headers={"Content-Type": ARROW} | named)


def errors_of(answer: httpx.Response) -> list[tuple[str, str, int]]:
    return [(error["field"], error["code"], error["index"]) for error in answer.json()["errors"]]


@pytest.mark.parametrize("path", [BATCH, STREAM])
@pytest.mark.parametrize("way", WAYS)
def test_ticks_are_taken_and_bad_ones_named(service: Service, path: str, way: str) -> None:
    symbol = f"A{path[-5:]}{way[:4]}".upper()
    body = body_of(
        symbol=dictionary_of([symbol.lower(), symbol, "G O", None, symbol, symbol, symbol]),
        price=[100.0, 103.5, 1.0, 1.0, float("nan"), -1.0, None],
        timestamp=pa.array([NOON_MS, NOON_MS + 500, *[NOON_MS] * 5]).cast(pa.timestamp("ms", "UTC")),
        volume=pa.array([None, Decimal("2.50"), *[None] * 5], pa.decimal128(10, 2)),
    )
    answer = post(service, path, body, **WAYS[way])
    assert (answer.status_code, answer.json()["accepted"], answer.json()["rejected"]) == (202, 2, 5)
    assert errors_of(answer) == [
        ("symbol", "invalid_symbol", 2),
        ("symbol", "missing", 3),
        ("price", "invalid_number", 4),
        ("price", "not_positive", 5),
        ("price", "missing", 6),
    ]
    assert_balanced(service.settled())
    statistics = service.client.get(f"/api/prices/{symbol}").json()
    assert (statistics["updateCount"], statistics["currentPrice"], statistics["anomalyCount"]) == (2, 103.5, 1)
    assert statistics["lastUpdateTime"] == "2026-01-31T12:00:00.500Z"


@pytest.mark.parametrize("way", WAYS)
def test_answers_are_those_to_the_same_batch_in_json(service: Service, way: str) -> None:
    ticks = [
        {"symbol": "SAME", "price": 1.5, "timestamp": None, "volume": 0.0, "id": "é1"},
        {"symbol": "SAME", "price": 0.0, "id": "2"},
        {"symbol": "SAME", "price": 1.5, "volume": -1.0, "id": ""},
        {"symbol": "SAME", "price": 1.5, "timestamp": 1_700_000_000, "id": "4"},
        {"symbol": "SAME", "price": 1.5, "timestamp": int(time.time() * 1000) + 86_400_000, "id": "5"},
        {"symbol": "SAME", "price": 1.5, "id": "é1"},
    ]
    arrays = pa.RecordBatch.from_pylist(ticks)
    found = post(service, BATCH, stream_of(arrays), **WAYS[way])
    as_json = service.client.post(BATCH, json=ticks)
    assert found.json()["errors"] == as_json.json()["errors"]
    assert found.json()["rejected"] == as_json.json()["rejected"] == 4
    # The ids of the first batch are known to the second.
    assert found.json()["accepted"] + found.json().get("duplicates", 0) == as_json.json()["duplicates"] == 2


@pytest.mark.parametrize("path", [BATCH, STREAM])
@pytest.mark.parametrize("coding", CODERS)
def test_bodies_are_compressed_as_a_whole(service: Service, path: str, coding: str) -> None:
    body = CODERS[coding](body_of(symbol=["CODED"] * 1000, price=[2.0] * 1000))
    answer = post(service, path, body, Content_Encoding=coding)
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1000)
    # Every row of a bomb is a tick, so that it has to be large to decode to much.
    zeros = CODERS[coding](bytes(50_000_000))
    assert post(service, path, zeros, Content_Encoding=coding).status_code in (400, 413)


@pytest.mark.parametrize("path", [BATCH, STREAM])
@pytest.mark.parametrize("way", WAYS)
def test_bodies_that_are_refused_change_nothing(service: Service, path: str, way: str) -> None:
    before = service.settled()
    good = body_of(symbol=["BAD"], price=[1.0])
    compressed = stream_of(batch_of(symbol=["BAD"] * 1000, price=[1.0] * 1000), compression="zstd")
    for body, detail in (
        (b"[]", "is not an Arrow IPC stream"),
        (good[:-20], "ends in the middle"),
        (good + good, "goes on after the end"),
        (compressed, "are compressed"),
        (body_of(symbol=["BAD"], price=[1.0], prize=[1]), "unknown: prize"),
        (body_of(symbol=["BAD"], price=pa.array([1.0], pa.float32())), "Send float64 or a decimal"),
        (body_of(symbol=[7], price=[1.0]), "symbol must be a string"),
    ):
        answer = post(service, path, body, **WAYS[way])
        assert answer.status_code == 400
        assert answer.json()["type"] == "urn:marketdata:problem:malformed-body"
        assert detail in answer.json()["detail"]
        # What is wrong behind the tick of a stream comes too late for it.
        expected = int(path == STREAM and body == good + good)
        assert service.settled()["processed"] == before["processed"] + expected
        before = service.settled()
    assert "Traceback" not in service.log.read_text()


@pytest.mark.parametrize("way", WAYS)
def test_a_batch_has_a_limit_and_a_stream_has_none(service: Service, way: str) -> None:
    columns = {"symbol": dictionary_of(["MANY"] * 10_001), "price": [1.0] * 10_001}
    answer = post(service, BATCH, body_of(**columns), **WAYS[way])
    assert (answer.status_code, answer.json()["detail"]) == (413, "The batch has 10001 ticks; the limit is 10000.")
    assert post(service, STREAM, body_of(**columns), **WAYS[way]).json()["accepted"] == 10_001
    empty = post(service, BATCH, body_of(symbol=pa.array([], pa.string()), price=pa.array([], pa.float64())))
    assert (empty.status_code, empty.json()["errors"][0]["code"]) == (400, "empty")


def test_a_stream_is_processed_as_it_arrives_and_its_messages_are_limited(service: Service) -> None:
    batches = [batch_of(symbol=dictionary_of([f"S{at}", "LIVE"]), price=[1.0, at + 1.0]) for at in range(50)]
    body = stream_of(*batches)

    def parts() -> Iterator[bytes]:
        for at in range(0, len(body), 777):
            yield body[at : at + 777]

    answer = post(service, f"{STREAM}?progress=true", parts())
    assert json.loads(answer.text.splitlines()[-1]) == {"accepted": 100, "rejected": 0, "errors": []}
    service.settled()
    assert service.client.get("/api/prices/LIVE").json()["maxPrice"] == 50.0
    large = body_of(symbol=["LIVE"] * 300_000, price=[1.0] * 300_000)
    answer = post(service, STREAM, stream_of(batches[0])[:-8] + large)
    assert answer.status_code == 400
    assert "2 ticks were accepted and 0 rejected before" in answer.json()["detail"]
    answer = post(service, STREAM, large)
    assert answer.status_code == 413
    assert "send smaller record batches" in answer.json()["detail"]
    assert post(service, STREAM, b"").json() == {"accepted": 0, "rejected": 0, "errors": []}


@pytest.mark.parametrize("way", WAYS)
def test_preferences_and_keys_work_as_for_json(service: Service, way: str) -> None:
    body = body_of(symbol=[f"KEY{way[:4]}"], price=[1.0])
    first = post(service, BATCH, body, Prefer="durable", **WAYS[way])
    assert (first.status_code, first.headers["Preference-Applied"]) == (200, "durable")
    assert post(service, STREAM, body, Prefer="durable").status_code == 200
    key = f"key-{way[:4]}"
    answers = [post(service, BATCH, body, Idempotency_Key=key, **WAYS[way]) for _ in range(2)]
    assert [answer.json()["accepted"] for answer in answers] == [1, 1]
    assert "Idempotency-Replayed" not in answers[0].headers
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert post(service, BATCH, body + b" ", Idempotency_Key=key, **WAYS[way]).status_code == 422
    service.settled()
    assert service.client.get(f"/api/prices/KEY{way[:4].replace(' ', '%20')}").json()["updateCount"] == 3


def test_media_types_are_named_where_another_is_sent(service: Service) -> None:
    wanted = {BATCH: "application/json or application/x-ndjson or ", STREAM: "application/x-ndjson or "}
    for path, others in wanted.items():
        answer = post(service, path, b"x", Content_Type="text/plain")
        assert (answer.status_code, answer.json()["detail"]) == (415, f"Send Content-Type: {others}{ARROW}.")
    assert post(service, "/api/prices", body_of(symbol=["ONE"], price=[1.0])).status_code == 415


def test_what_was_posted_as_arrow_is_there_after_a_restart(start: Callable[..., Service]) -> None:
    service = start()
    prices: Any = pa.array([Decimal("1.00000000000000000001"), Decimal("2.5")], pa.decimal128(38, 20))
    assert post(service, BATCH, body_of(symbol=["KEPT", "KEPT"], price=prices), Prefer="durable").status_code == 200
    service.kill()
    again = start(again=service)
    statistics = again.client.get("/api/prices/KEPT?numbers=string").json()
    assert (statistics["minPrice"], statistics["maxPrice"]) == ("1.00000000000000000001", "2.5")
