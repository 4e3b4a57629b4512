"""What the dashboard takes in a browser: until it paints, and for each frame while ticks pour in. Needs Chromium.

The budget is a 95th percentile of 24 ms a frame with 5,000 symbols at 10,000 ticks a second.
"""

import http.client
import os
import shutil
import threading
import time
from statistics import quantiles
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks.ingest import WrongResult
from benchmarks.rows import row
from benchmarks.sides import SERVICE, Side, sides
from benchmarks.ticks import Walks

_SYMBOLS = 5000
_RATE_PER_SECOND = 10_000
_BATCH = 200
_SETTLE_SECONDS = 5
_SECONDS = 15
_ROUNDS_MAX = 3
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
_FRAMES = """seconds => new Promise(done => {
    const frames = [];
    let last = performance.now();
    const end = last + seconds * 1000;
    const frame = now => {
        frames.push(now - last);
        last = now;
        if (now < end) requestAnimationFrame(frame); else done(frames.slice(1));
    };
    requestAnimationFrame(frame);
})"""


class _Feeder(threading.Thread):
    """Posts batches at a steady rate, from a thread, until it is stopped."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.sent = 0
        self._connection = http.client.HTTPConnection("127.0.0.1", port)
        self._walks = Walks(_SYMBOLS, _RATE_PER_SECOND / _SYMBOLS)
        self._stopping = threading.Event()

    def post(self, count: int) -> None:
        body = b"[" + b",".join(tick.json for tick in self._walks.take(count)) + b"]"
        self._connection.request("POST", "/api/prices/batch", body, {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        answer.read()
        if answer.status != http.client.ACCEPTED:
            raise WrongResult(f"a batch was answered with {answer.status}")
        self.sent += count

    def run(self) -> None:
        start, before = time.perf_counter(), self.sent
        while not self._stopping.wait(
            max(0.0, (self.sent - before) / _RATE_PER_SECOND - (time.perf_counter() - start))
        ):
            self.post(_BATCH)

    def stop(self) -> None:
        self._stopping.set()
        self.join()


def desk(rounds: int) -> list[dict[str, Any]]:
    """First paint, the list of all symbols, and frames while each symbol ticks twice a second."""
    figures: dict[tuple[str, str], list[float]] = {}
    with sides(SERVICE, STORAGE__ENABLED="true") as (side,):
        # The browser has processes of its own.
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
        feeder = _Feeder(side.port)
        for _ in range(_SYMBOLS // 1000):
            feeder.post(1000)
        feeder.start()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=_FLAGS)
            for _ in range(min(rounds, _ROUNDS_MAX)):
                page = browser.new_page(viewport={"width": 1440, "height": 900})
                for name, value in _look(page, side).items():
                    figures.setdefault(name, []).append(value)
                page.close()
            browser.close()
        feeder.stop()
        if side.metrics()["processed"] != feeder.sent:
            raise WrongResult("not every tick was processed")
    return [row(name, sorted(values)[len(values) // 2], unit) for (name, unit), values in figures.items()]


def _look(page: Page, side: Side) -> dict[tuple[str, str], float]:
    page.goto(f"http://127.0.0.1:{side.port}/")
    page.get_by_text(f"{_SYMBOLS:,}", exact=True).first.wait_for()
    listed = page.evaluate("performance.now()")
    painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    # The chart and the changes of the rows in sight come a moment later.
    page.wait_for_timeout(1000 * _SETTLE_SECONDS)
    frames: list[float] = page.evaluate(_FRAMES, _SECONDS)
    percentiles = quantiles(frames, n=100)
    return {
        ("first contentful paint", "ms"): painted,
        (f"all {_SYMBOLS:,} symbols listed", "ms"): listed,
        ("frame, median", "ms"): percentiles[49],
        ("frame, 95th percentile", "ms"): percentiles[94],
        ("frame, 99th percentile", "ms"): percentiles[98],
        ("frames", "a second"): len(frames) / _SECONDS,
        ("memory of the page", "MiB"): page.evaluate("performance.memory.usedJSHeapSize") / 2**20,
    }
