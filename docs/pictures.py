"""Takes the pictures of the dashboard: `.venv/bin/python docs/pictures.py`. Needs Chromium.

They show a service of its own with the simulated feed, and a few symbols more.
"""

import asyncio
import random
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.async_api import async_playwright

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from marketdata_client import MarketDataClient, Tick  # noqa: E402  # sorted behind it
from support.service import Service  # noqa: E402  # found by the line above

MARKET = {
    "ETHUSD": 3104.0,
    "GBPUSD": 1.3105,
    "NVDA": 188.2,
    "SOLUSD": 141.9,
    "TSLA": 412.5,
    "USDJPY": 156.4,
    "XAUUSD": 4062.0,
}
PICTURES = {
    "dashboard-light": ({"width": 1440, "height": 900}, "light", 1),
    "dashboard-dark": ({"width": 1440, "height": 900}, "dark", 1),
    "dashboard-phone": ({"width": 390, "height": 1180}, "light", 2),
}


async def move(url: str) -> None:
    """Move a few more symbols, ten times a second."""
    source = random.Random(2)  # noqa: S311  # chance for a picture
    prices = dict(MARKET)
    async with MarketDataClient(url) as client:
        while True:
            for symbol, price in prices.items():
                prices[symbol] = price * (1 + source.gauss(0, 0.0004))
            await client.post_many(Tick(symbol, float(f"{price:.5g}")) for symbol, price in prices.items())
            await asyncio.sleep(0.1)


async def take(url: str) -> None:
    moving = asyncio.create_task(move(url))
    await asyncio.sleep(60)
    async with async_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        for name, (size, scheme, scale) in PICTURES.items():
            page = await browser.new_page(viewport=size, color_scheme=scheme, device_scale_factor=scale)
            await page.goto(f"{url}/#/EURUSD")
            await asyncio.sleep(10)
            await page.screenshot(path=HERE / f"{name}.png")
            await page.close()
        await browser.close()
    moving.cancel()


if __name__ == "__main__":
    with TemporaryDirectory() as directory, Service(Path(directory), "--simulation") as service:
        asyncio.run(take(service.url))
