"""Trades and benchmarks on the page."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from support.dashboard import post
from support.service import Service

BEGIN = 1_699_920_000_000


def trade(symbol: str, side: str, quantity: float, at_ms: int, latency_ms: int | None = None) -> dict[str, Any]:
    sent = {} if latency_ms is None else {"sentAt": at_ms}
    return {"symbol": symbol, "side": side, "quantity": quantity, "price": 10, "timestamp": at_ms} | sent


def post_trades(service: Service, *trades: dict[str, Any]) -> None:
    answer = service.client.post("/api/trades/batch", json=trades, headers={"Prefer": "durable"})
    assert answer.json()["accepted"] == len(trades), answer.text


def tab(service: Service, opened: Callable[..., Page], symbol: str, name: str = "Trades") -> Page:
    page = opened(f"{service.url}/#/{symbol}")
    page.get_by_role("tab", name=name).click()
    return page


def figure(page: Page, name: str) -> Any:
    return page.locator(f'[data-figure="{name}"]')


def test_flow_of_a_symbol_is_shown_and_goes_on(start: Callable[..., Service], opened: Callable[..., Page]) -> None:
    service = start()
    post(service, ("FLOW", 10.0))
    post_trades(service, *[trade("FLOW", "buy", 3, BEGIN + at * 60_000, 0) for at in range(10)])
    post_trades(service, trade("FLOW", "sell", 6, BEGIN + 600_000))
    page = tab(service, opened, "FLOW")
    expect(figure(page, "Bought")).to_have_text("30")
    expect(figure(page, "Sold")).to_have_text("6")
    expect(figure(page, "Imbalance")).to_have_text("+66.67%")
    expect(figure(page, "Latency")).to_contain_text("60 s / 60 s / 60 s")
    bars = page.locator('[data-plot="volume"] svg')
    expect(bars).to_have_attribute("aria-label", re.compile("in 11 bars of 1m; in the last one bought 0, sold 6"))
    expect(page.locator('[data-plot="latency"] svg')).to_have_attribute("aria-label", re.compile("50th percentile"))
    rows = page.locator("#trades tbody tr")
    expect(rows).to_have_count(11)
    expect(rows.first).to_contain_text("sell")
    # What comes is added, once.
    post_trades(service, trade("FLOW", "sell", 4, BEGIN + 601_000), trade("OTHER", "buy", 1, BEGIN))
    expect(rows).to_have_count(12)
    expect(rows.first).to_contain_text("4")
    expect(figure(page, "Sold")).to_have_text("10")
    expect(bars).to_have_attribute("aria-label", re.compile("in the last one bought 0, sold 10"))
    page.get_by_label("Interval of the bars").select_option("1h")
    expect(bars).to_have_attribute("aria-label", re.compile("in 1 bars of 1h; in the last one bought 30, sold 10"))


def test_symbol_without_trades_leads_to_those_with_some(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start()
    post(service, ("QUIET", 10.0))
    post_trades(service, trade("BUSY", "buy", 3, BEGIN))
    page = tab(service, opened, "QUIET")
    expect(page.locator("#trades")).to_contain_text("No trades of QUIET")
    page.locator("#trades").get_by_role("link", name="BUSY").click()
    page.get_by_role("tab", name="Trades").click()
    expect(figure(page, "Bought")).to_have_text("3")


def test_trades_are_seen_where_there_are_no_prices(start: Callable[..., Service], opened: Callable[..., Page]) -> None:
    service = start()
    post_trades(service, trade("DEFAULT", "buy", 3, BEGIN))
    page = opened(service.url)
    page.get_by_role("tab", name="Trades").click()
    expect(figure(page, "Bought")).to_have_text("3")


def test_ticket_sends_a_trade(start: Callable[..., Service], opened: Callable[..., Page]) -> None:
    service = start()
    post(service, ("SENT", 10.0))
    page = opened(f"{service.url}/#/SENT", allow="Failed to load resource")
    page.get_by_role("tab", name="Trades").click()
    form = page.get_by_role("form", name="Send a trade")
    expect(form.get_by_label("Symbol of the trade")).to_have_value("SENT")
    form.get_by_label("Quantity").fill("2.5")
    form.get_by_role("button", name="Sell").click()
    expect(form.get_by_role("status")).to_have_text("Sold 2.5 SENT")
    expect(figure(page, "Sold")).to_have_text("2.5")
    expect(page.locator("#trades tbody tr")).to_have_count(1)
    form.get_by_label("Quantity").fill("many")
    form.get_by_role("button", name="Buy").click()
    expect(form.get_by_role("status")).to_contain_text("quantity")


def test_runs_of_a_benchmark_are_side_by_side(start: Callable[..., Service], opened: Callable[..., Page]) -> None:
    service = start()
    post(service, ("ANY", 10.0))
    for throughput, p99 in ((1000, 20), (1100, 15), (900, 40)):
        run = {"testType": "burst", "testName": "side", "totalTrades": 5000, "durationSeconds": 5}
        stats = {"count": 5000, "minUs": 1, "maxUs": 90, "meanUs": 8, "p50Us": 7, "p95Us": 12, "p99Us": p99}
        answer = service.client.post(
            "/api/benchmarks", json=run | {"tradesPerSecond": throughput, "latencyStats": stats}
        )
        assert answer.is_success, answer.text
    page = tab(service, opened, "ANY", "Benchmarks")
    runs = page.get_by_role("table", name="Runs, newest first")
    expect(runs.get_by_role("row", name="Trades a second")).to_contain_text("9001.1K1K")
    expect(runs.get_by_role("row", name="Latency, p99")).to_contain_text("40 µs15 µs20 µs")
    expect(runs.locator("td.best").first).to_have_text("1.1K")
    expect(page.locator("[data-summary]")).to_contain_text("3 runs")
