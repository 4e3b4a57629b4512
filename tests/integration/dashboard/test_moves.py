"""The list of moves, and what explains them."""

import re
import time
from collections.abc import Callable

from playwright.sync_api import Page, expect

from support.dashboard import cell, post, post_ticks
from support.service import Service


def test_jump_is_in_the_list_and_on_the_chart(start: Callable[..., Service], opened: Callable[..., Page]) -> None:
    service = start()
    post(service, ("AAPL", 100.0), ("MSFT", 50.0))
    page = opened(f"{service.url}/#/AAPL")
    expect(page.locator("#detail-title")).to_have_text("AAPL")
    expect(page.locator("#none")).to_be_visible()
    expect(cell(page, "AAPL", "price")).to_contain_text("100")  # what the arrow is told from
    # How long it took, by the page's own clock: from the answer to the tick until both are there.
    took = page.evaluate(
        """async () => {
            const body = JSON.stringify([{symbol: "AAPL", price: 100}, {symbol: "AAPL", price: 103}]);
            await fetch("api/prices/batch", {method: "POST", body, headers: {"Content-Type": "application/json"}});
            const start = performance.now();
            const there = () => document.querySelector("#feed .percent")?.textContent === "▲ +3.00%"
                && document.querySelector("#chart").dataset.markers === "+3.00%";
            while (!there()) await new Promise(requestAnimationFrame);
            return performance.now() - start;
        }"""
    )
    print(f"in the list and on the chart after {took:.0f} ms")  # noqa: T201  # pytest -s shows it
    item = page.locator("#feed li")
    expect(item).to_have_count(1)
    expect(item.locator(".symbol")).to_have_text("AAPL")
    expect(item.locator(".severity")).to_have_text("medium")
    expect(item.locator(".prices")).to_have_text("100 → 103")
    expect(cell(page, "AAPL", "price")).to_contain_text("▲ 103")
    expect(page.locator("#aloud")).to_have_text("AAPL up +3.00%, medium")


def test_many_anomalies_of_one_move_are_one_line(start: Callable[..., Service], opened: Callable[..., Page]) -> None:
    service = start()
    now = time.time_ns() // 1_000_000

    def at(ms: int, symbol: str, price: float) -> None:
        service.post({"symbol": symbol, "price": price, "timestamp": now + ms})

    for ms, price in enumerate([100.0] * 3 + [104.0] * 5 + [106.0]):
        at(ms, "JUMP", price)
    at(0, "OTHER", 1.0)
    at(1, "OTHER", 0.5)
    service.settled()
    page = opened(f"{service.url}/#/JUMP")
    expect(page.locator("#feed li")).to_have_count(2)
    jump = page.locator('#feed li[data-direction="up"]')
    expect(jump.locator(".ticks")).to_have_text("6 ticks")
    expect(jump.locator(".percent")).to_have_text("▲ +6.00%")
    expect(jump.locator(".severity")).to_have_text("critical")
    expect(page.locator("#chart")).to_have_attribute("data-markers", "+6.00%")
    at(500, "JUMP", 107.0)
    expect(jump.locator(".percent")).to_have_text("▲ +7.00%")
    expect(page.locator("#feed li")).to_have_count(2)
    page.get_by_role("button", name="This symbol").click()
    expect(page.locator("#feed li")).to_have_count(1)


def test_move_leads_to_its_place_in_the_past_and_to_the_ticks_that_explain_it(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start(PROCESSING__MAX_BATCH_SIZE="100000", LIMITS__MAX_BODY_BYTES="100000000")
    begin = 1_700_000_000_000
    jump = [(0, 100.0), (300, 101.0), (400, 103.0), (700, 104.0)]
    ticks = [{"symbol": "PAST", "price": price, "timestamp": begin + ms} for ms, price in jump]
    # More candles than a page behind it.
    ticks += [{"symbol": "PAST", "price": 104.0, "timestamp": begin + 60_000 * at} for at in range(1, 2500)]
    post_ticks(service, [*ticks, {"symbol": "OTHER", "price": 1}])
    page = opened(f"{service.url}/#/OTHER")
    link = page.locator("#feed a")
    link.press("Enter")
    expect(page.locator("#detail-title")).to_have_text("PAST")
    told = page.get_by_role("complementary", name="▲ +4.00% · high")
    expect(told).to_contain_text("Rose from 100 to 104, over 300 ms: 2 ticks beyond the threshold")
    expect(told.get_by_role("row")).to_have_text(
        [re.compile(text) for text in ("Time", r"\.000.*100", r"\.300.*101", r"\.400.*103", r"\.700.*104")]
    )
    expect(told.locator("tr.beyond")).to_have_count(2)
    expect(told.get_by_role("img", name="Price from 100 to 104 within 700 ms")).to_be_visible()
    expect(told.locator("circle")).to_have_count(4)
    expect(link).to_have_attribute("aria-current", "true")
    # The candles up to there are loaded, so it is marked.
    expect(page.locator("#chart")).to_have_attribute("data-markers", "+4.00%")
    told.get_by_role("button", name="Close the explanation").click()
    expect(told).to_be_hidden()


def test_ticks_that_are_stored_no_more_are_said_to_be(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start(STORAGE__ENABLED="false")
    post(service, ("GONE", 100.0), ("GONE", 104.0))
    page = opened(service.url, allow="Failed to load resource")
    page.locator("#feed a").click()
    expect(page.locator("#explanation")).to_contain_text("Its ticks are not stored any more.")


def test_older_moves_come_in_pages(start: Callable[..., Service], opened: Callable[..., Page]) -> None:
    service = start()
    begin = 1_700_000_000_000
    for symbol, count in (("MANY", 250), ("ONE", 1)):
        ticks = [
            {"symbol": symbol, "price": price, "timestamp": begin + at * 10_000 + ms}
            for at in range(count)
            for ms, price in ((0, 100), (1, 103))
        ]
        post_ticks(service, ticks)
    page = opened(service.url)
    expect(page.locator("#feed li")).to_have_count(100)
    for shown in (200, 251):
        page.get_by_role("button", name="Older moves").click()
        expect(page.locator("#feed li")).to_have_count(shown)
    page.get_by_label("Least severity").select_option("high")
    expect(page.locator("#feed li")).to_have_count(0)


def test_all_spikes_in_sight_are_marked_with_their_peaks(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start(PROCESSING__MAX_BATCH_SIZE="100000", LIMITS__MAX_BODY_BYTES="100000000")
    newest = 1_700_000_300_000
    ticks = []
    for second in range(60):
        # A jump every ten seconds, and two hundred ticks behind each that are anomalies all.
        base = 100.0 * 1.03 ** (second // 10)
        times = [newest - 60_000 + second * 1000 + at * 4 for at in range(240)]
        ticks += [{"symbol": "MANY", "price": round(base, 2), "timestamp": time} for time in times]
    post_ticks(service, ticks)
    page = opened(f"{service.url}/#/MANY")
    marks = page.locator("#chart")
    expect(marks).to_have_attribute("data-markers", re.compile(r"^(\+3\.0\d%(, )?){5}$"))
    expect(page.locator("#feed li")).to_have_count(5)
    # In candles of a minute several share one, and are explained one by one.
    page.get_by_role("button", name="1m", exact=True).click()
    expect(marks).to_have_attribute("data-markers", re.compile(r"^\+3\.0\d% .3, \+3\.0\d% .2$"))
    page.keyboard.press("]")
    told = page.locator("#explanation")
    expect(told).to_contain_text("1 of 3")
    told.get_by_role("button", name="Next in this candle").click()
    expect(told).to_contain_text("2 of 3")
    told.get_by_role("button", name="Next in this candle").press("Escape")
    expect(told).to_be_hidden()
