"""A Prometheus, where one is installed, scrapes the service and answers the queries of dashboards."""

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.service import Service, eventually

PROMETHEUS = shutil.which("prometheus")

pytestmark = pytest.mark.skipif(PROMETHEUS is None, reason="needs prometheus")


@pytest.fixture
def scraped(start: Callable[..., Service], tmp_path: Path) -> Iterator[tuple[Service, httpx.Client]]:
    """A service, and a client of the Prometheus that scrapes it every second."""
    service = start()
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    target = service.url.removeprefix("http://")
    (tmp_path / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
        f"scrape_configs: [{{job_name: marketdata, static_configs: [{{targets: ['{target}']}}]}}]\n"
    )
    process = subprocess.Popen(
        [
            str(PROMETHEUS),
            f"--config.file={tmp_path / 'prometheus.yml'}",
            f"--storage.tsdb.path={tmp_path / 'tsdb'}",
            f"--web.listen-address={address}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with httpx.Client(base_url=f"http://{address}", timeout=30) as client:
            yield service, client
    finally:
        process.kill()
        process.wait()


def test_queries_of_dashboards_are_answered(scraped: tuple[Service, httpx.Client]) -> None:
    service, prometheus = scraped
    run = {
        "testType": "burst",
        "testName": "loop",
        "totalTrades": 10,
        "durationSeconds": 1,
        "tradesPerSecond": 10,
        "latencyStats": {"count": 10, "p99Us": 42.5},
    }
    assert service.client.post("/api/benchmarks", json=run).status_code == 202

    def query(expression: str) -> dict[str, float]:
        """The values by side, or of everything."""
        try:
            response = prometheus.get("/api/v1/query", params={"query": expression})
        except httpx.TransportError:
            return {}
        # It is 503 while Prometheus starts.
        answer: dict[str, Any] = response.json() if response.status_code == 200 else {}
        found = answer.get("data", {}).get("result", ())
        return {each["metric"].get("side", ""): float(each["value"][1]) for each in found}

    def trading() -> bool:
        """Trade on, so that there is a rate."""
        trades = [{"side": "buy", "quantity": 3}, {"side": "buy", "quantity": 5}, {"side": "sell", "quantity": 4}]
        service.client.post("/api/trades/batch", json=trades)
        rates = query("rate(trades_total[1m])")
        return rates.keys() == {"buy", "sell"} and min(rates.values()) > 0

    eventually(trading, seconds=120)
    now = time.time()
    assert eventually(lambda: query("analysis_mean_qty").get("") == 4.0, seconds=60)
    assert query("benchmark_latency_p99_microseconds") == {"": 42.5}
    assert abs(query("last_trade_ts_seconds")[""] - now) < 120
    assert query("volume_total")["buy"] == 2 * query("volume_total")["sell"]
    # The whole exposition is understood.
    assert query("up") == {"": 1.0}
