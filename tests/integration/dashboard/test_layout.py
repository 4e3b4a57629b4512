"""Where the panels are, on every screen; theme and time zone by choice."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from support.dashboard import minutes, post, post_ticks, row
from support.service import Service


def width_of(part: Locator) -> float:
    box = part.bounding_box()
    assert box is not None
    return box["width"]


def test_panels_are_resized_by_pointer_and_keys_and_stay_so(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start()
    post(service, ("AAA", 1.0))
    page = opened(service.url)
    prices = page.locator("#prices")
    bar = page.get_by_role("separator", name="Width of the prices")
    usual = width_of(prices)
    box = bar.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 2, 400)
    page.mouse.down()
    page.mouse.move(box["x"] + 102, 400, steps=4)
    page.mouse.up()
    assert width_of(prices) == pytest.approx(usual + 100, abs=2)
    bar.press("ArrowLeft")
    wide = usual + 100 - 16
    assert width_of(prices) == pytest.approx(wide, abs=2)
    expect(bar).to_have_attribute("aria-valuenow", re.compile(r"^\d+$"))
    page.reload()
    expect(row(page, "AAA")).to_be_visible()
    assert width_of(prices) == pytest.approx(wide, abs=2)
    bar.dblclick()
    assert width_of(prices) == pytest.approx(usual, abs=2)
    height = page.get_by_role("separator", name="Height of the dock")
    before = page.locator("#dock").bounding_box()
    height.press("Shift+ArrowUp")
    after = page.locator("#dock").bounding_box()
    assert before is not None
    assert after is not None
    assert after["height"] == pytest.approx(before["height"] + 64, abs=2)
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("button", name="Usual sizes").click()
    assert page.locator("#dock").bounding_box() == before


def test_dock_goes_to_the_right_by_choice_and_on_wide_screens(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start()
    post(service, ("AAA", 1.0))
    page = opened(service.url)
    expect(page.locator("#desk")).to_have_attribute("data-dock", "below")
    page.set_viewport_size({"width": 2560, "height": 1300})
    expect(page.locator("#desk")).to_have_attribute("data-dock", "right")
    page.set_viewport_size({"width": 1400, "height": 900})
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("combobox", name="Dock").select_option("right")
    expect(page.locator("#desk")).to_have_attribute("data-dock", "right")
    page.reload()
    expect(page.locator("#desk")).to_have_attribute("data-dock", "right")


def test_theme_is_the_system_s_until_one_is_chosen(start: Callable[..., Service], opened: Callable[..., Page]) -> None:
    service = start()
    post(service, ("AAA", 1.0))
    page = opened(service.url, color_scheme="dark")
    root = page.locator("html")
    expect(root).to_have_attribute("data-theme", "dark")
    page.emulate_media(color_scheme="light")
    expect(root).to_have_attribute("data-theme", "light")
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Theme").select_option("dark")
    expect(root).to_have_attribute("data-theme", "dark")
    background = page.evaluate("getComputedStyle(document.querySelector('#prices')).backgroundColor")
    assert background == "rgb(18, 22, 28)"
    page.reload()
    expect(root).to_have_attribute("data-theme", "dark")
    # Nothing is painted in the other one first: it is set before the body is there.
    assert page.evaluate("document.querySelector('script').src").endswith("theme.js")


def test_times_are_utc_and_can_be_of_any_zone(start: Callable[..., Service], opened: Callable[..., Page]) -> None:
    service = start()
    for day in range(3):
        post_ticks(service, minutes("DAYS", 1_618_488_030_000 + day * 86_400_000, [100.0, 101.0] * 30))
    service.post({"symbol": "DAYS", "price": 110, "timestamp": 1_618_488_030_500 + 2 * 86_400_000 + 59 * 60_000})
    page = opened(f"{service.url}/#/DAYS", timezone_id="America/New_York")
    when = page.locator("#feed .when")
    values = page.locator("#values")
    expect(when).to_have_text("17 Apr 2021 12:59:30")
    expect(values).to_contain_text("17 Apr 2021 12:59 UTC")
    page.get_by_role("button", name="Settings").click()
    zone = page.get_by_label("Time zone")
    zone.select_option("local")
    expect(when).to_have_text("17 Apr 2021 08:59:30")
    expect(values).to_contain_text("17 Apr 2021 08:59 America/New_York")
    zone.select_option("Asia/Tokyo")
    expect(when).to_have_text("17 Apr 2021 21:59:30")
    page.reload()
    expect(when).to_have_text("17 Apr 2021 21:59:30")
    expect(values).to_contain_text("Asia/Tokyo")


def test_phone_has_one_panel_at_a_time_the_prices_first(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start()
    post(service, ("PHONE", 100.0), ("PHONE", 104.0), ("OTHER", 1.0))
    page = opened(service.url, size=(360, 740), has_touch=True)
    panels = page.get_by_role("navigation", name="Panels")
    expect(row(page, "PHONE")).to_be_visible()
    expect(page.locator("#connection")).to_have_text("Live")
    expect(page.locator("#chart")).to_be_hidden()
    row(page, "PHONE").locator("a").tap()
    expect(page.locator("#chart canvas").first).to_be_visible()
    expect(row(page, "PHONE")).to_be_hidden()
    expect(page.locator("#detail-title")).to_have_text("PHONE")
    panels.get_by_role("button", name="Moves").tap()
    expect(page.locator("#feed li")).to_be_visible()
    expect(panels.get_by_role("button", name="Moves")).to_have_attribute("aria-current", "true")
    # A move leads to its chart and what explains it.
    page.locator("#feed a").tap()
    expect(page.locator("#explanation")).to_contain_text("Rose from 100 to 104")
    panels.get_by_role("button", name="Prices").tap()
    # The one that is charted already, too.
    row(page, "PHONE").locator("a").tap()
    expect(page.locator("#chart canvas").first).to_be_visible()


LONG = "EXCHANGE:A-VERY-LONG-SYMBOL-OF-AN-OPTION-2027-12-31-C-100000-USDT"


@pytest.mark.parametrize("width", [320, 390, 700, 900, 1100, 1200, 1400, 2560])
def test_nothing_is_cut_off_at_any_width(
    start: Callable[..., Service], opened: Callable[..., Page], width: int
) -> None:
    service = start()
    post(service, ("BTCUSD", 99.01234), ("BTCUSD", 103.98765), ("EURUSD", 105.12345), (LONG[:64], 1234567.125))
    old = [{"symbol": "BINANCE:LRCBTC", "price": price, "timestamp": 1_600_000_000_000} for price in (6.38e-6, 7e-6)]
    post_ticks(service, old)
    page = opened(service.url, size=(width, 800))
    expect(page.locator("#connection")).to_have_text("Live")
    expect(row(page, "BTCUSD")).to_be_visible()
    cut = """() => [...document.querySelectorAll("#scroller :is(th, td, a), #feed span, .bar *, header *")]
        .filter(part => part.checkVisibility() && part.clientWidth > 0)
        .filter(part => part.scrollWidth > part.clientWidth + 1
            || (part.matches("#scroller *") && part.scrollHeight > part.clientHeight + 1))
        .map(part => part.textContent)"""
    for panel in ("Prices", "Chart", "Moves"):
        button = page.get_by_role("navigation", name="Panels").get_by_role("button", name=panel)
        if button.is_visible():
            button.click()
        if panel == "Moves":
            expect(page.locator("#feed li")).to_have_count(2)
        assert page.evaluate(cut) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_nothing_moves_for_those_who_ask_for_it(start: Callable[..., Service], opened: Callable[..., Page]) -> None:
    service = start()
    post(service, ("STILL", 1.0))
    page = opened(service.url, reduced_motion="reduce")
    price = row(page, "STILL").locator('[data-cell="price"]')
    expect(price).to_contain_text("1")
    page.evaluate("() => { Element.prototype.animate = () => { throw new Error('it moves'); }; }")
    post(service, ("STILL", 2.0))
    expect(price).to_contain_text("▲ 2")
