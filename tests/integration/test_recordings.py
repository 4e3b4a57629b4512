"""Recordings through the running service, against a reference worked out the slow way in exact arithmetic."""

import csv
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import pytest

from support.generated import write_recording
from support.reference import ReferenceSymbol
from support.service import Service, assert_balanced, marketdata

FOLDER = os.environ.get("MARKETDATA_RECORDINGS")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What is known of the recordings from elsewhere.
KNOWN_ANOMALIES = {"probit-trades": 29, "eurusd-bid": 0}


def recordings() -> Iterator[Any]:
    yield pytest.param(None, id="generated")
    if FOLDER is None:
        reason = "MARKETDATA_RECORDINGS names no folder"
        yield pytest.param(None, id="recorded", marks=pytest.mark.skip(reason=reason))
        return
    # Relative to where the tests were started.
    for path in sorted(Path(FOLDER).resolve().glob("*.csv")):
        yield pytest.param(path, id=path.stem)


@pytest.mark.parametrize("recording", list(recordings()))
def test_replay_equals_the_reference_and_itself_whatever_the_partitions(
    recording: Path | None, start: Callable[..., Service], tmp_path: Path
) -> None:
    if recording is None:
        recording = tmp_path / "generated.csv"
        write_recording(recording)
    answers = []
    for partitions, batch_size in (("1", "1000"), ("7", "333")):
        service = start(PROCESSING__PARTITIONS=partitions)
        ended = marketdata(
            "replay", str(recording), "--url", service.url, "--speed", "max", "--batch-size", batch_size, cwd=tmp_path
        )
        assert ended.returncode == 0, ended.stderr
        accounts = service.settled()
        assert_balanced(accounts)
        answers.append(everything(service))
        if partitions == "1":
            assert_equals_reference(service, accounts, recording)
            # And again after a restart, orderly or not, with another number of partitions.
            service.client.post("/api/prices", json={"symbol": "LAST", "price": 1}, headers={"Prefer": "durable"})
            for orderly in (False, True):
                if orderly:
                    service.terminate()
                else:
                    service.kill()
                service = start(again=service, PROCESSING__PARTITIONS="3")
                assert everything(service, without="LAST") == answers[0]
    assert answers[0] == answers[1]


def everything(service: Service, without: str = "") -> list[bytes]:
    """The bytes of every answer about prices and anomalies, but for one symbol."""
    symbols = ",".join(item["symbol"] for item in service.pages("/api/prices") if item["symbol"] != without)
    paths = [f"/api/prices?limit=1000&symbols={symbols}", "/api/anomalies?limit=1000"]
    for symbol in symbols.replace("/", "%2F").split(","):
        paths += [f"/api/prices/{symbol}", f"/api/prices/{symbol}/anomalies?limit=1000"]
    return [service.client.get(path).content for path in paths]


def assert_equals_reference(service: Service, accounts: dict[str, Any], recording: Path) -> None:
    reference: dict[str, ReferenceSymbol] = defaultdict(ReferenceSymbol)
    with recording.open(newline="") as stream:
        for row in csv.DictReader(stream):
            moment_us = (datetime.fromisoformat(row["timestamp"]) - EPOCH) // timedelta(microseconds=1)
            reference[row["symbol"]].take(row["price"], moment_us)
    ticks = sum(len(symbol.ticks) for symbol in reference.values())
    spikes = sum(len(symbol.spikes) for symbol in reference.values())
    assert (accounts["received"], accounts["processed"], accounts["dropped"]) == (ticks, ticks, 0)
    assert accounts["late"] == sum(symbol.late for symbol in reference.values())
    assert accounts["anomalies"] == spikes == KNOWN_ANOMALIES.get(recording.stem, spikes)
    assert accounts["activeSymbols"] == len(reference)
    shown = {item["symbol"]: item for item in exact_items(service, "/api/prices?limit=1000")}
    assert set(shown) == set(reference)
    for name, symbol in reference.items():
        assert_symbol(shown[name], symbol)
        path = f"/api/prices/{name.replace('/', '%2F')}/anomalies?limit=1000"
        assert [exact_spike(item) for item in exact_items(service, path)] == newest_first(symbol)


def assert_symbol(shown: dict[str, Any], symbol: ReferenceSymbol) -> None:
    current, newest_us = symbol.current
    assert shown["updateCount"] == len(symbol.ticks)
    assert shown["lateCount"] == symbol.late
    assert shown["anomalyCount"] == len(symbol.spikes)
    assert shown["minPrice"] == symbol.lowest
    assert shown["maxPrice"] == symbol.highest
    assert shown["currentPrice"] == current
    assert shown["lastUpdateTime"] == text_of(newest_us)
    assert abs(shown["movingAverage"] - symbol.average) <= symbol.average * Fraction(1, 10**9)


def newest_first(symbol: ReferenceSymbol) -> list[tuple[str, str, Fraction, Fraction]]:
    ordered = sorted(symbol.spikes, key=lambda each: (each.time_us, each.sequence, each.direction), reverse=True)
    return [(text_of(spike.time_us), spike.direction, spike.reference, spike.price) for spike in ordered]


def exact_spike(item: dict[str, Any]) -> tuple[str, str, Fraction, Fraction]:
    return item["detectedAt"], item["direction"], item["referencePrice"], item["newPrice"]


def exact_items(service: Service, path: str) -> list[dict[str, Any]]:
    """The items of an answer, its numbers as fractions of what is written there."""
    text = re.sub(r'(?<=[a-zA-Z]":)(-?[0-9][0-9.eE+-]*)', r'"#\1"', service.client.get(path).text)
    page = msgspec.json.decode(text)
    return [
        {key: Fraction(value[1:]) if str(value).startswith("#") else value for key, value in item.items()}
        for item in page["items"]
    ]


def text_of(moment_us: int) -> str:
    return (EPOCH + timedelta(microseconds=moment_us)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
