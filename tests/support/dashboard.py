"""The dashboard in a browser: what its tests share."""

from typing import Any

from playwright.sync_api import Locator, Page

from support.service import Service

SECONDS = 20_000
# What a browser says when the service is away.
AWAY = "ERR_CONNECTION_REFUSED|Failed to load resource|WebSocket connection|WebSocket is"
DAY_MS = 86_400_000


def post(service: Service, *ticks: tuple[str, float]) -> None:
    post_ticks(service, [{"symbol": name, "price": price} for name, price in ticks])


def post_ticks(service: Service, ticks: list[dict[str, Any]]) -> None:
    """Post ticks, and wait until they are processed."""
    answer = service.client.post("/api/prices/batch", json=ticks)
    assert answer.json()["accepted"] == len(ticks), answer.text
    service.settled()


def row(page: Page, symbol: str) -> Locator:
    return page.locator(f'#rows tr[data-symbol="{symbol}"]')


def cell(page: Page, symbol: str, name: str) -> Locator:
    return row(page, symbol).locator(f'[data-cell="{name}"]')


def minutes(symbol: str, start_ms: int, prices: list[float], volume: float | None = None) -> list[dict[str, Any]]:
    """One tick a minute."""
    more = {} if volume is None else {"volume": volume}
    return [
        {"symbol": symbol, "price": price, "timestamp": start_ms + at * 60_000} | more
        for at, price in enumerate(prices)
    ]
