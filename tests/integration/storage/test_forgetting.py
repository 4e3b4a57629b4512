"""A symbol is removed with its past, and with nothing of anybody else."""

import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from support.service import MARKETDATA, Service, environment

START_MS = 1_700_000_000_000
PATHS = ("", "/ticks?limit=1000", "/candles?interval=1m", "/anomalies")


def fill(service: Service, *symbols: str) -> None:
    """Ticks of all symbols, one after the other, so that they share blocks; the last one is a spike."""
    prices = [100 + at % 3 * 0.1 for at in range(300)] + [110]
    ticks = [
        {"symbol": symbol, "price": price, "timestamp": START_MS + at, "volume": 1}
        for at, price in enumerate(prices)
        for symbol in symbols
    ]
    service.client.post("/api/prices/batch", json=ticks, headers={"Prefer": "durable"})


def known(service: Service, symbol: str) -> list[Any]:
    """Everything that is known of a symbol."""
    found: list[Any] = [service.client.get(f"/api/prices/{symbol}{path}").json() for path in PATHS]
    anomalies = found[3]["items"]
    found += [service.client.get(f"/api/anomalies/{each['id']}").json() for each in anomalies]
    return [*found, service.client.get(f"/api/moves?symbol={symbol}").json()]


def assert_unknown(service: Service, symbol: str) -> None:
    assert [service.client.get(f"/api/prices/{symbol}{path}").status_code for path in PATHS] == [404] * 4
    for path in ("anomalies", "moves"):
        assert service.client.get(f"/api/{path}?symbol={symbol}").json()["items"] == []
    assert symbol not in [item["symbol"] for item in service.client.get("/api/prices").json()["items"]]


def forget(service: Service, *arguments: str, answer: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [MARKETDATA, "db", "forget", *arguments],
        cwd=service.directory,
        env=environment(),
        input=answer,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def sound(service: Service) -> bool:
    ran = subprocess.run([MARKETDATA, "db", "check"], cwd=service.directory, env=environment(), check=False)
    return ran.returncode == 0


def test_a_symbol_is_forgotten_and_begins_anew(start: Callable[..., Service]) -> None:
    service = start(STORAGE__CHECKPOINT_INTERVAL_SECONDS="0.1")
    fill(service, "GONE", "STAYS", "ALSO/STAYS")
    before = [known(service, symbol) for symbol in ("STAYS", "ALSO/STAYS")]
    assert before[0][4]["windowComplete"] is True
    answer = service.client.delete("/api/prices/gone")
    assert (answer.status_code, answer.content) == (204, b"")
    assert_unknown(service, "GONE")
    assert service.client.delete("/api/prices/GONE").status_code == 404
    exported = subprocess.run(
        [MARKETDATA, "export", "ticks", "all.csv"], cwd=service.directory, env=environment(), check=True
    )
    assert exported.returncode == 0
    lines = (service.directory / "all.csv").read_text().splitlines()
    assert {line.partition(",")[0] for line in lines[1:]} == {"STAYS", "ALSO/STAYS"}
    service.client.post("/api/prices", json={"symbol": "GONE", "price": 7, "timestamp": START_MS + 5000})
    service.settled()
    assert service.client.get("/api/prices/GONE").json()["minPrice"] == 7
    assert [tick["price"] for tick in service.client.get("/api/prices/GONE/ticks").json()["items"]] == [7]
    (candle,) = service.client.get("/api/prices/GONE/candles?interval=1h").json()["items"]
    assert candle["count"] == 1
    assert [known(service, symbol) for symbol in ("STAYS", "ALSO/STAYS")] == before
    # Right away, before anything is erased.
    service.kill()
    again = start(again=service)
    assert again.client.get("/api/prices/GONE").json()["updateCount"] == 1
    assert [tick["price"] for tick in again.client.get("/api/prices/GONE/ticks").json()["items"]] == [7]
    assert [known(again, symbol) for symbol in ("STAYS", "ALSO/STAYS")] == before
    again.terminate()
    # The command erases what is left in the log.
    fill_again = forget(again, "gone", "--yes")
    assert (fill_again.returncode, "GONE is removed" in fill_again.stdout) == (0, True)
    assert sound(again)
    third = start(again=again)
    assert_unknown(third, "GONE")
    assert [known(third, symbol) for symbol in ("STAYS", "ALSO/STAYS")] == before
    data = (third.directory / "data" / "marketdata.db").read_bytes()
    assert b"GONE" not in data or b"\nGONE\n" not in data


def test_the_command_asks_first_and_names_what_is_wrong(start: Callable[..., Service]) -> None:
    service = start()
    fill(service, "ASKED")
    running = forget(service, "ASKED", "--yes")
    assert (running.returncode, "in use by another service" in running.stderr) == (1, True)
    service.terminate()
    refused = forget(service, "ASKED", answer="n\n")
    assert refused.returncode == 1
    assert "Remove ASKED and its past" in refused.stdout
    unknown = forget(service, "NOSUCH", "--yes")
    assert (unknown.returncode, "has no symbol NOSUCH" in unknown.stderr) == (1, True)
    assert forget(service, "NO SUCH", "--yes").returncode == 2
    agreed = forget(service, "ASKED", answer="y\n")
    assert agreed.returncode == 0
    again = start(again=service)
    assert_unknown(again, "ASKED")


def test_a_symbol_that_only_the_log_has_is_forgotten_too(start: Callable[..., Service]) -> None:
    service = start(STORAGE__CHECKPOINT_INTERVAL_SECONDS="3600")
    fill(service, "LOGGED", "OTHER")
    before = known(service, "OTHER")
    service.kill()
    assert forget(service, "LOGGED", "--yes").returncode == 0
    again = start(again=service)
    assert_unknown(again, "LOGGED")
    assert known(again, "OTHER") == before


def test_a_service_without_storage_forgets_too(start: Callable[..., Service]) -> None:
    service = start(STORAGE__ENABLED="false")
    service.client.post("/api/prices/batch", json=[{"symbol": "MEMORY", "price": price} for price in (100, 110)])
    service.settled()
    assert service.client.delete("/api/prices/MEMORY").status_code == 204
    assert service.client.get("/api/prices/MEMORY").status_code == 404
    assert service.client.get("/api/anomalies?symbol=MEMORY").json()["items"] == []


@pytest.mark.parametrize("symbol", ["NOSUCH", "NO%20SUCH"])
def test_what_is_not_known_cannot_be_forgotten(start: Callable[..., Service], symbol: str) -> None:
    assert start().client.delete(f"/api/prices/{symbol}").status_code == 404
