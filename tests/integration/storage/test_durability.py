"""What an answer means, and what a restart brings back."""

import random
import threading
import time
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx

from domain.prices.price_update import PriceUpdate
from domain.prices.spike_rule import SpikeRule
from domain.prices.symbol_book import SymbolBook
from domain.prices.symbol_state import StatisticsRules
from domain.prices.ticks import Ticks
from support.service import Service, assert_balanced, eventually

DURABLE = {"Prefer": "durable"}
RULES = StatisticsRules(moving_average_size=64, window_us=1_000_000, spike=SpikeRule(Decimal("2.0")))
KILLS = 50
# A flush interval and the commit after it, on a machine that is busy.
FLUSH_SECONDS = 1.0


def statistics(service: Service) -> list[dict[str, Any]]:
    return list(service.pages("/api/prices"))


def anomalies(service: Service) -> list[dict[str, Any]]:
    return list(service.pages("/api/anomalies"))


def test_what_was_posted_durably_is_there_after_a_kill_and_counts_once(start: Callable[..., Service]) -> None:
    service = start()
    first = service.client.post("/api/prices", json={"symbol": "A", "price": 100, "id": "x"}, headers=DURABLE)
    assert (first.status_code, first.json(), first.headers["Preference-Applied"]) == (200, {"accepted": 1}, "durable")
    batch = [{"symbol": "A", "price": 103}, {"symbol": "B", "price": "1.00000000000000000001", "id": "y"}]
    assert service.client.post("/api/prices/batch", json=batch, headers=DURABLE).status_code == 200
    before = statistics(service), anomalies(service)
    service.kill()
    service = start(again=service)
    assert (statistics(service), anomalies(service)) == before
    again = service.client.post("/api/prices", json={"symbol": "A", "price": 100, "id": "x"})
    assert (again.status_code, again.json()) == (202, {"accepted": 0, "duplicates": 1})
    answer = service.client.post("/api/prices/batch", json=[*batch, {"symbol": "A", "price": 0}]).json()
    assert (answer["accepted"], answer["rejected"], answer["duplicates"]) == (1, 1, 1)
    accounts = service.settled()
    assert (accounts["received"], accounts["duplicates"]) == (4, 2)
    assert_balanced(accounts)


def test_an_orderly_stop_brings_everything_back_without_replaying_the_log(start: Callable[..., Service]) -> None:
    service = start(TELEMETRY__LOG_FORMAT="json")
    for number in range(50):
        service.post({"symbol": f"S{number % 7}", "price": 100 + number % 5, "volume": 1})
    service.settled()
    candles = service.client.get("/api/prices/S0/candles", params={"interval": "1d"}).json()
    before = statistics(service), anomalies(service)
    assert service.terminate() == 0
    service = start(again=service, TELEMETRY__LOG_FORMAT="json")
    assert (statistics(service), anomalies(service)) == before
    assert service.client.get("/api/prices/S0/candles", params={"interval": "1d"}).json() == candles
    assert '"replayed": 0' in service.log.read_text()


def test_with_sync_durability_every_answer_is_durable(start: Callable[..., Service]) -> None:
    service = start(STORAGE__DURABILITY="sync")
    tick = {"symbol": "A", "price": 1}
    assert service.post(tick).status_code == 200
    assert service.client.post("/api/prices/batch", json=[tick]).status_code == 200
    stream = service.client.post(
        "/api/prices/stream",
        content=b'{"symbol":"A","price":1}\n' * 3,
        headers={"Content-Type": "application/x-ndjson"},
    )
    assert (stream.status_code, stream.json()["accepted"]) == (200, 3)
    service.kill()
    service = start(again=service)
    assert statistics(service)[0]["updateCount"] == 5


def test_without_storage_nothing_is_written_and_nothing_is_promised(start: Callable[..., Service]) -> None:
    service = start(STORAGE__ENABLED="false")
    tick = {"symbol": "A", "price": 1, "id": "x"}
    assert service.post(tick).status_code == 202
    assert service.post(tick).json() == {"accepted": 0, "duplicates": 1}
    assert service.client.post("/api/prices", json=tick, headers=DURABLE).status_code == 507
    assert service.client.get("/api/prices/A/ticks").json()["type"].endswith("history-disabled")
    assert service.client.get("/health").json()["checks"]["storage"] == "off"
    assert service.client.get("/health/ready").status_code == 200
    assert not (service.directory / "data").exists()
    assert_balanced(service.settled())


def test_an_idempotency_key_gives_a_retry_the_first_answer(start: Callable[..., Service]) -> None:
    service = start()
    key = {"Idempotency-Key": '"8e03978e"', **DURABLE}
    batch = [{"symbol": "A", "price": 1}, {"symbol": "A", "price": 0}]
    first = service.client.post("/api/prices/batch", json=batch, headers=key)
    again = service.client.post("/api/prices/batch", json=batch, headers=key)
    assert (again.status_code, again.content) == (first.status_code, first.content) == (200, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    other = service.client.post("/api/prices/batch", json=batch * 2, headers=key)
    assert (other.status_code, other.json()["type"]) == (422, "urn:marketdata:problem:key-reused")
    bad = service.client.post("/api/prices/batch", json=batch, headers={"Idempotency-Key": "x" * 129})
    assert (bad.status_code, bad.json()["errors"][0]["code"]) == (400, "invalid_key")
    # A request that failed may be sent again, mended.
    failed = {"Idempotency-Key": "other"}
    assert service.client.post("/api/prices/batch", json=[{}], headers=failed).status_code == 400
    assert service.client.post("/api/prices/batch", json=batch, headers=failed).status_code == 202
    assert service.settled()["processed"] == 2
    service.kill()
    service = start(again=service)
    replayed = service.client.post("/api/prices/batch", json=batch, headers=key)
    assert (replayed.status_code, replayed.content) == (200, first.content)
    assert statistics(service)[0]["updateCount"] in (1, 2)


class Feeder(threading.Thread):
    """Posts ticks of one symbol until the service is gone, and remembers what it said to each."""

    def __init__(self, service: Service, symbol: str, durable: bool, chance: random.Random) -> None:
        super().__init__()
        self._url = service.url
        self._symbol = symbol
        self._headers = DURABLE if durable else {}
        self._chance = chance
        # Not that of any other feeder, of this or an earlier run.
        self._name_of_run = uuid4().hex
        # When each was answered, by its id.
        self.acknowledged: dict[str, float] = {}
        self.number = 0

    def run(self) -> None:
        with httpx.Client(base_url=self._url, timeout=30) as client:
            while True:
                self.number += 1
                tick_id = f"{self._name_of_run}-{self.number}"
                price, moment_ms = 100 + self._chance.randrange(4), int(time.time() * 1000)
                tick = {"symbol": self._symbol, "price": price, "timestamp": moment_ms, "id": tick_id}
                try:
                    answer = client.post("/api/prices", json=tick, headers=self._headers)
                except httpx.HTTPError:
                    return
                if answer.is_success:
                    self.acknowledged[tick_id] = time.monotonic()


def answers(feeder: Feeder) -> int:
    return len(feeder.acknowledged)


def recomputed(service: Service, symbol: str) -> tuple[SymbolBook, list[str], set[str]]:
    """The state of a symbol worked out from all of its log; the ids in it, and those of its anomalies."""
    book = SymbolBook(RULES)
    ids, spikes = [], set()
    for item in service.pages(f"/api/prices/{symbol}/ticks"):
        ids.append(item["id"])
        ticks = Ticks.of([PriceUpdate(symbol, float(item["price"]), _micros(item["timestamp"]))])
        spikes |= {anomaly.id for anomaly in book.apply(ticks).events}
    return book, ids, spikes


def _micros(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


def test_fifty_kills_under_load_lose_nothing_that_was_promised(start: Callable[..., Service]) -> None:
    chance = random.Random(11)
    promised: dict[str, set[str]] = {"D0": set(), "D1": set(), "M0": set(), "M1": set()}
    settings = {"STORAGE__CHECKPOINT_INTERVAL_SECONDS": "0.1"}
    service = start(**settings)
    for _ in range(KILLS):
        begun_ms = int(time.time() * 1000)
        feeders = {name: Feeder(service, name, name.startswith("D"), chance) for name in promised}
        for feeder in feeders.values():
            feeder.start()
        eventually(lambda feeders=feeders: all(each.acknowledged for each in feeders.values()))  # type: ignore[misc]
        # A moment that nobody can foresee: after so many answers, which end anywhere between two flushes.
        enough = chance.randrange(4, 400)
        eventually(lambda feeders=feeders, enough=enough: sum(map(answers, feeders.values())) > enough)  # type: ignore[misc]
        killed_at = time.monotonic()
        service.kill()
        for feeder in feeders.values():
            feeder.join()
        service = start(again=service, **settings)
        for name, feeder in feeders.items():
            logged = {item["id"] for item in service.pages(f"/api/prices/{name}/ticks", **{"from": str(begun_ms)})}
            missing = set(feeder.acknowledged) - logged
            if name.startswith("D"):
                assert not missing
            else:
                assert all(feeder.acknowledged[each] > killed_at - FLUSH_SECONDS for each in missing)
            promised[name] |= set(feeder.acknowledged) - missing
    for name, ids in promised.items():
        book, logged_ids, spikes = recomputed(service, name)
        assert len(logged_ids) == len(set(logged_ids))
        assert ids <= set(logged_ids)
        (shown,) = service.client.get("/api/prices", params={"symbols": name}).json()["items"]
        own = book.snapshot(name)
        assert own is not None
        assert (shown["updateCount"], shown["anomalyCount"]) == (own.update_count, own.anomaly_count)
        assert (shown["movingAverage"], shown["currentPrice"]) == (own.moving_average, own.current_price)
        seen = [each["id"] for each in service.pages("/api/anomalies", symbol=name)]
        assert len(seen) == len(set(seen))
        assert set(seen) == spikes
