"""`marketdata trade`, `benchmark` and `replay --trades`, and the simulated flow."""

from collections.abc import Callable
from pathlib import Path

import pytest

from support.publisher import free_address
from support.service import Service, eventually, marketdata


@pytest.fixture(scope="module")
def address() -> str:
    return free_address()


def test_trade_is_sent_over_http(service: Service, tmp_path: Path) -> None:
    ended = marketdata(
        "trade", "sell", "0.25", "--symbol", "cli", "--price", "64250.10", "--url", service.url, cwd=tmp_path
    )
    assert (ended.returncode, ended.stdout) == (0, "accepted\n")
    found = eventually(lambda: service.client.get("/api/trades/CLI").json())
    assert (found["sellVolume"], found["lastPrice"], found["latencyMicros"]["count"]) == (0.25, 64250.1, 1)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("hold", "1"), 2, "hold"),
        (("buy", "much"), 2, "must be a decimal number"),
        (("buy", "1", "--symbol", "A B"), 1, "symbol must be"),
        (("buy", "1", "--url", "http://127.0.0.1:1"), 1, "127.0.0.1:1"),
    ],
)
def test_what_is_wrong_is_said(
    service: Service, tmp_path: Path, arguments: tuple[str, ...], status: int, said: str
) -> None:
    ended = marketdata("trade", "--url", service.url, *arguments, cwd=tmp_path)
    assert ended.returncode == status
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_trade_and_benchmarks_are_sent_over_zeromq(start: Callable[..., Service], address: str, tmp_path: Path) -> None:
    service = start(FEEDS__ZEROMQ__BIND=address)
    ended = marketdata("trade", "buy", "3", "--to", "zeromq", "--address", address, cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (0, "sent\n")
    for kind, more in (("burst", ()), ("sustained", ("--rate", "10000")), ("profile", ())):
        ended = marketdata(
            "benchmark", kind, "--messages", "200", "--name", "cli", "--address", address, *more, cwd=tmp_path
        )
        assert ended.returncode == 0, ended.stderr
        assert ended.stdout.startswith("200 trades in ")
    tests = eventually(
        lambda: len(found := service.client.get("/api/benchmarks/summary").json()["items"]) == 3 and found
    )
    assert [(each["testType"], each["testName"], each["totalTrades"]) for each in tests] == [
        (kind, "cli", 200) for kind in ("burst", "profile", "sustained")
    ]
    assert all(each["p99"]["last"] > 0 and each["throughput"]["last"] > 0 for each in tests)
    eventually(lambda: service.client.get("/api/trades/DEFAULT").json().get("tradeCount") == 601)


def test_recorded_trades_are_replayed(service: Service, tmp_path: Path) -> None:
    (tmp_path / "trades.csv").write_text(
        "timestamp,symbol,side,quantity,price,venue,id\n"
        "2026-01-31T12:00:00Z,REC,buy,1.5,10,X,a\n"
        "1769860801000,REC,sell,2,,,b\n"
        "2026-01-31T12:00:02Z,REC,hold,2,,,\n"
    )
    arguments = ("replay", "trades.csv", "--trades", "--url", service.url)
    ended = marketdata(*arguments, cwd=tmp_path)
    assert ended.returncode == 1
    assert "2 accepted, 1 rejected" in ended.stdout
    assert "trades.csv:4: side: must be one of buy, sell" in ended.stdout
    found = eventually(lambda: service.client.get("/api/trades/REC").json())
    assert (found["buyVolume"], found["sellVolume"], found["vwap"]) == (1.5, 2, 10)
    assert "2 duplicates" in marketdata(*arguments, cwd=tmp_path).stdout


def test_columns_of_ticks_are_not_those_of_trades(service: Service, tmp_path: Path) -> None:
    (tmp_path / "ticks.csv").write_text("symbol,price\nA,1\n")
    ended = marketdata("replay", "ticks.csv", "--trades", "--url", service.url, cwd=tmp_path)
    assert ended.returncode == 1
    assert "only side and quantity are required; missing: 'side', 'quantity'" in ended.stderr


def test_simulation_trades_at_its_prices(start: Callable[..., Service]) -> None:
    service = start("--simulation", SIMULATION__SYMBOLS="SIM1,SIM2", SIMULATION__SEED="1")

    def traded() -> bool:
        found = service.client.get("/api/trades").json()["items"]
        return len(found) == 2 and all(each["lastPrice"] is not None for each in found)

    eventually(traded)
    (first, _) = service.client.get("/api/trades").json()["items"]
    price = service.client.get("/api/prices/SIM1").json()
    assert price["minPrice"] <= first["lastPrice"] <= price["maxPrice"]
    assert first["buyCount"] + first["sellCount"] == first["tradeCount"]
