"""Takes the pictures of the dashboard: `.venv/bin/python docs/pictures.py [FOLDER]`. Needs Chromium.

The light ones show a service of its own with the simulated feed, and a few symbols more. The dark and the wide one show
the recordings of a folder, replayed, if one is given.
"""

import asyncio
import random
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.async_api import Page, Playwright, async_playwright

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from marketdata_client import MarketDataClient, Tick  # noqa: E402  # sorted behind it
from support.service import MARKETDATA, Service  # noqa: E402  # found by the line above

MARKET = {
    "ETHUSD": 3104.0,
    "GBPUSD": 1.3105,
    "NVDA": 188.2,
    "SOLUSD": 141.9,
    "TSLA": 412.5,
    "USDJPY": 156.4,
    "XAUUSD": 4062.0,
}
FILLING_SECONDS = 90


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


async def opened(playwright: Playwright, address: str, size: tuple[int, int], scheme: str, scale: int = 1) -> Page:
    # By a flag, as a scale that is only emulated blurs what is drawn on a canvas.
    flags = ["--no-sandbox", "--disable-gpu", f"--force-device-scale-factor={scale}"]
    browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if scheme == "dark" else "light",
        device_scale_factor=scale,
    )
    page = await context.new_page()
    await page.goto(address)
    await asyncio.sleep(6)
    return page


async def taken(page: Page, name: str) -> None:
    await page.screenshot(path=HERE / f"dashboard-{name}.png")
    assert page.context.browser is not None
    await page.context.browser.close()


async def take_machines(playwright: Playwright, url: str) -> None:
    page = await opened(playwright, f"{url}/#/AAPL", (1440, 900), "light")
    await page.get_by_role("tab", name="Machines").click()
    for _ in range(3):
        await page.get_by_role("separator", name="Height of the dock").press("Shift+ArrowUp")
    # There is one every few minutes.
    await page.locator("#machines [data-state=alert]").wait_for(timeout=300_000)
    await asyncio.sleep(3)
    await taken(page, "machines")


async def take_simulated(url: str) -> None:
    moving = asyncio.create_task(move(url))
    await asyncio.sleep(FILLING_SECONDS)
    async with async_playwright() as playwright:
        await taken(await opened(playwright, f"{url}/#/AAPL", (1440, 900), "light"), "light")
        for scheme in ("light", "dark"):
            page = await opened(playwright, f"{url}/#/AAPL", (1440, 900), scheme)
            await page.get_by_role("tab", name="Options").click()
            for _ in range(3):
                await page.get_by_role("separator", name="Height of the dock").press("Shift+ArrowUp")
            await asyncio.sleep(3)
            await taken(page, f"options-{scheme}")
        await take_machines(playwright, url)
        page = await opened(playwright, f"{url}/#/AAPL", (390, 844), "light", 2)
        await page.locator("#panels").get_by_text("Options").click()
        await asyncio.sleep(3)
        await taken(page, "options-phone")
        page = await opened(playwright, f"{url}/#/AAPL", (390, 844), "light", 2)
        await page.locator("#panels").get_by_text("Chart").click()
        await asyncio.sleep(2)
        await taken(page, "phone")
    moving.cancel()


async def take_recorded(url: str) -> None:
    async with async_playwright() as playwright:
        page = await opened(playwright, f"{url}/#/PROBIT:RM-USDT", (1440, 900), "dark")
        await page.locator("#feed a").filter(has_text="+25.00%").first.click()
        await asyncio.sleep(2)
        await taken(page, "dark")
        await taken(await opened(playwright, f"{url}/#/EURUSD", (2560, 1300), "light"), "wide")


if __name__ == "__main__":
    with TemporaryDirectory() as directory, Service(Path(directory), "--simulation") as service:
        asyncio.run(take_simulated(service.url))
    if len(sys.argv) > 1:
        with TemporaryDirectory() as directory, Service(Path(directory)) as service:
            for file in sorted(Path(sys.argv[1]).glob("*.csv")):
                subprocess.run([MARKETDATA, "replay", str(file), "--url", service.url], check=True)  # noqa: S603  # ours
            asyncio.run(take_recorded(service.url))
