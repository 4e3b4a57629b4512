"""Option chains on the page."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from support.dashboard import post
from support.option_chains import EXPIRY, T0_US, chain_body
from support.service import Service

T0_MS = T0_US // 1000
MINUTE_MS = 60_000


def send(service: Service, body: dict[str, Any]) -> None:
    answer = service.client.post("/api/options/chains", json=body, headers={"Prefer": "durable"})
    assert (answer.status_code, answer.json()["rejected"]) == (200, 0), answer.text


def options_of(service: Service, opened: Callable[..., Page], **size: Any) -> Page:
    page = opened(service.url, **size)
    page.get_by_role("tab", name="Options").click()
    return page


def look(page: Page, view: str) -> None:
    page.get_by_role("group", name="View of the options").get_by_role("button", name=view, exact=True).click()


def row(page: Page, strike: float) -> Locator:
    return page.locator(f'#chain tr[data-strike="{strike:g}"]')


def test_chain_has_calls_left_strikes_in_the_middle_and_puts_right(
    service: Service, opened: Callable[..., Page]
) -> None:
    body = chain_body("VIEWED")
    body["calls"][3] |= {"previousOpenInterest": 300, "previousClose": 0.1}
    body["puts"][0] |= {"bid": 0}
    send(service, body)
    page = options_of(service, opened, size=(1900, 900))
    page.get_by_label("Product").select_option("VIEWED")
    expect(page.locator("#chain tbody tr")).to_have_count(5)
    expect(page.locator("#chain .atm")).to_have_attribute("data-strike", "100")
    expect(row(page, 102).locator('[data-column="built"]').first).to_have_text("Long build-up")
    expect(row(page, 102).locator('[data-column="change"]').first).to_have_text("+100")
    cells = row(page, 102).locator('[data-column="interest"]')
    expect(cells.first).to_have_text("400")
    expect(cells.last).to_have_text("280")
    assert [cell.evaluate("each => each.style.getPropertyValue('--share')") for cell in cells.all()] == ["0.8", "0.56"]
    # In the money are calls below the spot, and puts above it.
    for strike, sides in ((96, [True, False]), (100, [False, False]), (104, [False, True])):
        shaded = row(page, strike).locator('[data-column="iv"]')
        assert [cell.evaluate("each => each.classList.contains('in')") for cell in shaded.all()] == sides
    put = row(page, 96).locator('[data-column="iv"]').last
    expect(put).to_have_text("–")  # noqa: RUF001  # as the page writes it
    expect(put).to_have_attribute("title", "no price")
    expect(row(page, 96).locator('[data-column="bid"]').last).to_have_attribute("title", "bid of 0")
    figures = {each: page.locator(f'[data-figure="{each}"]') for each in ("spot", "pcr", "iv")}
    expect(figures["spot"]).to_have_text("100 (chain)")
    expect(figures["pcr"]).to_have_text("0.70")
    expect(figures["iv"]).to_have_text("30.0%")
    # What comes is shown.
    send(service, chain_body("VIEWED", 103.0, at_ms=T0_MS + 1000))
    expect(figures["spot"]).to_have_text("103 (chain)")
    expect(page.locator("#chain .atm")).to_have_attribute("data-strike", "102")


def test_build_up_is_told_over_a_chosen_window(service: Service, opened: Callable[..., Page]) -> None:
    for minute, price, interest in ((0, 5.0, 100), (10, 4.0, 120)):
        call = {"strike": 100, "bid": price, "ask": price, "openInterest": interest}
        at_ms = T0_MS + minute * MINUTE_MS
        send(service, chain_body("WINDOWED", at_ms=at_ms, calls=[call | {"previousClose": 1}], puts=[]))
    page = options_of(service, opened, size=(1900, 900))
    page.get_by_label("Product").select_option("WINDOWED")
    built = row(page, 100).locator('[data-column="built"]').first
    expect(built).to_have_text("")
    page.get_by_label("Changes").select_option("over 5 min")
    expect(built).to_have_text("Short build-up")
    expect(row(page, 100).locator('[data-column="change"]').first).to_have_text("+20")


def test_charts_show_interest_pain_history_and_smile_and_are_read_by_keys(
    service: Service, opened: Callable[..., Page]
) -> None:
    for minute in range(4):
        send(service, chain_body("CHARTED", 100.0 + minute, at_ms=T0_MS + minute * MINUTE_MS))
    page = options_of(service, opened)
    page.get_by_label("Product").select_option("CHARTED")
    look(page, "Open interest")
    interest = page.locator('[data-figure="Open interest by strike"]')
    expect(interest.locator("rect")).to_have_count(10)
    interest.locator(".figure-stage").press("End")
    expect(interest.locator(".readout")).to_have_text("104: Calls 500, Puts 350")
    expect(page.locator(".levels")).to_contain_text("Resistance 104 (500)")
    look(page, "Max pain")
    pain = page.locator('[data-figure^="What writers owe"]')
    found = service.client.get("/api/options/CHARTED/max-pain").json()
    expect(pain.locator("text.mark").first).to_have_text("max pain")
    stage = pain.locator(".figure-stage")
    stage.press("Home")
    expect(pain.locator(".readout")).to_have_text(re.compile(r"^96: Pain "))
    for _ in range([each["strike"] for each in found["pain"]].index(found["maxPainStrike"])):
        stage.press("ArrowRight")
    expect(pain.locator(".readout")).to_contain_text(f"{found['maxPainStrike']:g}: Pain ")
    look(page, "History")
    ratio = page.locator('[data-figure="Put-call ratio"]')
    expect(ratio.locator("path.s1")).to_have_attribute("d", re.compile("L"))
    ratio.locator(".figure-stage").press("End")
    expect(ratio.locator(".readout")).to_have_text("04:33: of open interest 0.70, of volume 1.00")
    page.get_by_label("Interval", exact=True).select_option("5m")
    # All four minutes are in one point now, and a line needs two.
    expect(ratio.locator("path.s1")).not_to_have_attribute("d", re.compile("L"))
    ratio.locator(".figure-stage").press("Home")
    expect(ratio.locator(".readout")).to_contain_text("04:30: of open interest 0.70")
    look(page, "Smile")
    smile = page.locator('[data-figure^="Implied volatility"]')
    expect(smile.locator("path")).to_have_count(1)
    smile.locator(".figure-stage").press("Home")
    expect(smile.locator(".readout")).to_contain_text(f"{EXPIRY} ")


def test_surface_is_a_heat_map_that_names_arbitrage(service: Service, opened: Callable[..., Page]) -> None:
    send(service, chain_body("MAPPED"))
    send(service, chain_body("MAPPED", expiry="2026-03-26"))
    # Half of what the nearer one costs.
    planted = {"strike": 102, "bid": 0.2, "ask": 0.2}
    send(service, chain_body("MAPPED", expiry="2026-04-30", calls=[planted], puts=[]))
    page = options_of(service, opened, size=(1900, 900))
    page.get_by_label("Product").select_option("MAPPED")
    look(page, "Surface")
    surface = page.locator("#surface tbody tr")
    expect(surface).to_have_count(3)
    filled = surface.nth(1).locator("td:not(:empty)")
    expect(filled.nth(3)).to_have_text("30.0")
    expect(page.get_by_role("list", name="Arbitrage")).to_contain_text("calendar")


def test_chains_follow_the_symbol_that_is_chosen_and_need_no_prices(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start()
    # The browser notes the answer to the question that comes after the chain is gone.
    page = opened(service.url, allow="404")
    expect(page.locator("#welcome")).to_be_visible()
    for product in ("ONE", "TWO"):
        send(service, chain_body(product))
    page.reload()
    expect(page.locator("#welcome")).to_be_hidden()
    page.get_by_role("tab", name="Options").click()
    chosen = page.get_by_label("Product")
    expect(chosen).to_have_value("ONE")
    post(service, ("TWO", 100.0))
    page.goto(f"{service.url}/#/TWO")
    expect(chosen).to_have_value("TWO")
    page.get_by_label("Expiry").select_option(EXPIRY)
    expect(page.locator("#chain tbody tr")).to_have_count(5)
    service.client.delete("/api/options/TWO")
    service.client.delete("/api/options/ONE")
    expect(page.get_by_text("No option chains yet")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_chain_fits_a_phone(service: Service, opened: Callable[..., Page], scheme: Any) -> None:
    send(service, chain_body("PHONED"))
    page = opened(service.url, size=(390, 844), color_scheme=scheme)
    page.locator("#panels").get_by_text("Options").click()
    page.get_by_label("Product").select_option("PHONED")
    expect(row(page, 100)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    table = page.locator("#chain")
    assert table.evaluate("each => each.scrollWidth") <= 390
