"""What Prometheus scrapes."""

import os
import shutil
import subprocess
from collections.abc import Callable

import pytest

from support.service import Service, eventually

# Those of the service and of prices, and of each further subject: trades, benchmarks, options, readings.
LINES_MAX = 300 + 4 * 90


@pytest.fixture
def used(start: Callable[..., Service]) -> Service:
    """A service with five symbols, used as a dashboard and a feeder do."""
    service = start("--simulation", SIMULATION__SEED="1")
    eventually(lambda: service.client.get("/api/prices").json()["total"] == 5)
    service.post({"symbol": "AAPL", "price": 1})
    service.post({"symbol": "AAPL", "price": -1})
    service.client.post("/api/prices/batch", json=[{"symbol": "AAPL", "price": 1}])
    for path in ("", "dashboard/main.js", "api/prices/AAPL", "api/moves", "api/anomalies", "api/metrics", "health"):
        assert service.client.get(f"/{path}").status_code == 200
    for path in ("candles?interval=1m", "ticks", "anomalies"):
        assert service.client.get(f"/api/prices/AAPL/{path}").status_code == 200
    assert service.client.get("/metrics").status_code == 200
    return service


def test_a_scrape_is_short(used: Service) -> None:
    lines = used.client.get("/metrics").text.splitlines()
    assert len(lines) <= LINES_MAX
    assert any(line.startswith("marketdata_build_info{") for line in lines)


def test_open_metrics_is_served_where_asked_for(used: Service) -> None:
    accept = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"
    answer = used.client.get("/metrics", headers={"Accept": accept})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_promtool_has_nothing_to_say(used: Service) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        if os.environ.get("CI"):
            pytest.fail("promtool is missing: install prometheus")
        pytest.skip("promtool is missing: install prometheus")
    text = used.client.get("/metrics").text
    ran = subprocess.run(
        [promtool, "check", "metrics"], input=text, capture_output=True, text=True, timeout=60, check=False
    )
    assert (ran.returncode, ran.stdout + ran.stderr) == (0, "")
