"""The list of prices: every symbol, filtered, sorted, grouped, by keyboard and pointer."""

import re
import time
from collections.abc import Callable

from playwright.sync_api import Page, expect

from support.dashboard import SECONDS, cell, minutes, post, post_ticks, row
from support.service import Service

UNKNOWN = "\N{EN DASH}"


def test_prices_move_by_themselves(start: Callable[..., Service], opened: Callable[..., Page]) -> None:
    service = start("--simulation")
    page = opened(service.url)
    expect(page.locator("#connection")).to_have_text("Live", timeout=SECONDS)
    price = cell(page, "EURUSD", "price")
    expect(price).to_have_text(re.compile(r"[\d.]+"), timeout=SECONDS)
    before = price.text_content()
    expect(price).not_to_have_text(before or "", timeout=SECONDS)
    expect(page.locator("#throughput")).to_have_text(re.compile(r"[1-9]"), timeout=SECONDS)
    expect(page.locator("#lag")).to_have_text(re.compile(r"ms$"), timeout=SECONDS)
    expect(page.locator("#welcome")).to_be_hidden()


def test_every_column_and_the_state_of_the_service_are_there(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start()
    now = time.time_ns() // 1_000_000
    for price, ms in ((100.0, now), (101.0, now + 1), (99.0, now - 5000)):
        service.post({"symbol": "ALL", "price": price, "timestamp": ms})
    service.settled()
    page = opened(service.url, size=(2560, 900))
    table = page.get_by_role("table", name="Prices")
    expect(table.get_by_role("rowheader", name="ALL")).to_be_visible()
    page.get_by_role("separator", name="Width of the prices").press("End")
    for name, text in (
        ("price", "101"),
        ("1m", UNKNOWN),
        ("1h", UNKNOWN),
        ("1d", UNKNOWN),
        ("average", r"100\.00"),
        ("min", "99"),
        ("max", "101"),
        ("count", "3"),
        ("age", r"^\d+ s$"),
    ):
        expect(cell(page, "ALL", name)).to_have_text(re.compile(text))
    expect(row(page, "ALL").locator("polyline")).to_be_attached()
    for name, text in (("late", "1"), ("dropped", "0"), ("queued", "0"), ("symbols", "1")):
        expect(page.locator(f"#{name}")).to_have_text(text)


def test_changes_over_a_minute_an_hour_and_a_day_come_from_the_history(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start()
    newest = 1_700_000_000_000
    past = ((25 * 3_600_000, 50), (2 * 3_600_000, 80), (90_000, 160), (30_000, 190), (0, 200))
    post_ticks(service, [{"symbol": "CHG", "price": price, "timestamp": newest - ago} for ago, price in past])
    post_ticks(service, [{"symbol": "NEW", "price": 1, "timestamp": newest}])
    page = opened(service.url, size=(2560, 900))
    for name, text in (("1m", "+25.00%"), ("1h", "+150.00%"), ("1d", "+300.00%")):
        expect(cell(page, "CHG", name)).to_have_text(text)
        expect(cell(page, "CHG", name)).to_have_attribute("data-direction", "1")
        expect(cell(page, "NEW", name)).to_have_text(UNKNOWN)
    expect(page.locator("#quote")).to_contain_text("+25.00% in 1m · +150.00% in 1h · +300.00% in 1d")
    expect(cell(page, "CHG", "age")).to_have_text(re.compile(r"^\d y$"))
    service.post({"symbol": "CHG", "price": 100, "timestamp": newest + 1})
    expect(cell(page, "CHG", "1d")).to_have_text("+100.00%")


def test_rows_sort_by_a_change_that_is_asked_for_all_of_them(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start()
    day = 1_700_000_000_000
    for number in range(60):
        symbol = f"S{number:02}"
        post_ticks(service, [*minutes(symbol, day, [100.0]), *minutes(symbol, day + 90_000_000, [100.0 + number])])
    page = opened(service.url)
    page.get_by_role("button", name="1 day").click()
    rows = page.locator("#rows tr[data-symbol]")
    expect(rows.first).to_have_attribute("data-symbol", "S59")
    expect(page.locator('th[data-key="1d"]')).to_have_attribute("aria-sort", "descending")
    page.reload()
    expect(rows.first).to_have_attribute("data-symbol", "S59")
    page.get_by_role("button", name="1 day").click()
    expect(rows.first).to_have_attribute("data-symbol", "S00")


def test_table_holds_five_thousand_symbols(start: Callable[..., Service], opened: Callable[..., Page]) -> None:
    service = start()
    post(service, *[(f"S{number:04}", 1.0 + number) for number in range(5000)])
    page = opened(service.url)
    expect(page.locator("#shown")).to_have_text("5,000")
    assert page.locator("#rows tr").count() < 100
    page.locator("#scroller").evaluate("element => element.scrollTo(0, element.scrollHeight)")
    expect(cell(page, "S4999", "price")).to_contain_text("5,000")
    post(service, ("S4999", 123456.0))
    expect(cell(page, "S4999", "price")).to_contain_text("▲ 123,456")
    page.get_by_role("button", name="Price", exact=True).click()
    page.locator("#scroller").evaluate("element => element.scrollTo(0, 0)")
    rows = page.locator("#rows tr[data-symbol]")
    expect(rows.first).to_have_attribute("data-symbol", "S4999")
    expect(page.locator('th[data-key="price"]')).to_have_attribute("aria-sort", "descending")
    page.get_by_role("button", name="Price", exact=True).click()
    expect(rows.first).to_have_attribute("data-symbol", "S0000")
    page.get_by_label("Filter symbols").fill("s123")
    expect(page.locator("#shown")).to_have_text("10 of 5,000")
    expect(rows).to_have_count(10)


def test_filter_takes_words_in_any_order_and_says_when_nothing_matches(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start()
    post(service, ("KRAKEN:BTC-USDT", 1.0), ("KRAKEN:BTC-EUR", 1.0), ("BINANCE:BTC-USDT", 1.0))
    page = opened(service.url)
    page.get_by_label("Filter symbols").fill("usdt kraken")
    expect(page.locator("#shown")).to_have_text("1 of 3")
    expect(row(page, "KRAKEN:BTC-USDT")).to_be_visible()
    page.get_by_label("Filter symbols").fill("nosuch")
    expect(page.locator("#no-match")).to_have_text("No symbol has “nosuch” in it.")
    page.keyboard.press("Escape")
    expect(page.locator("#no-match")).to_be_hidden()
    expect(page.locator("#shown")).to_have_text("3")


def test_groups_fold_and_are_remembered(start: Callable[..., Service], opened: Callable[..., Page]) -> None:
    service = start()
    post(service, ("KRAKEN:ETH", 1.0), ("KRAKEN:BTC", 1.0), ("BINANCE:BTC", 1.0), ("EURUSD", 1.0))
    page = opened(service.url)
    page.get_by_role("button", name="Group").click()
    rows = page.locator("#rows tr:not(.spacer)")
    order = ["▾ BINANCE · 1", "BINANCE:BTC", "▾ KRAKEN · 2", "KRAKEN:BTC", "KRAKEN:ETH", "▾ Others · 1", "EURUSD"]
    expect(rows.locator("a, button:not(.star)")).to_have_text(order)
    page.get_by_role("button", name="KRAKEN · 2").click()
    expect(page.get_by_role("button", name="KRAKEN · 2")).to_have_attribute("aria-expanded", "false")
    expect(row(page, "KRAKEN:BTC")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("button", name="KRAKEN · 2")).to_have_attribute("aria-expanded", "false")
    # By keyboard too: headings are rows like others.
    page.keyboard.press("/")
    page.keyboard.press("ArrowDown")
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(row(page, "KRAKEN:BTC")).to_be_visible()
    expect(page.locator(":focus")).to_have_text("▾ KRAKEN · 2")


def test_favourites_are_kept_and_can_be_had_alone(start: Callable[..., Service], opened: Callable[..., Page]) -> None:
    service = start()
    post(service, ("AAA", 1.0), ("BBB", 1.0), ("CCC", 1.0))
    page = opened(service.url)
    page.get_by_role("button", name="Only favourites").click()
    expect(page.locator("#no-match")).to_contain_text("No favourites yet")
    page.get_by_role("button", name="Only favourites").click()
    page.get_by_role("button", name="Favourite BBB").click()
    page.keyboard.press("/")
    page.keyboard.type("ccc")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("f")
    page.reload()
    page.get_by_role("button", name="Only favourites").click()
    expect(page.locator("#rows a")).to_have_text(["BBB", "CCC"])
    # The chart has the same star.
    page.goto(f"{service.url}/#/CCC")
    expect(page.locator("#favourite")).to_have_attribute("aria-pressed", "true")
    page.locator("#favourite").click()
    expect(page.locator("#rows a")).to_have_text(["BBB"])


def test_everything_can_be_done_by_keyboard(start: Callable[..., Service], opened: Callable[..., Page]) -> None:
    service = start()
    post(service, *[(f"K{number:03}", 1.0) for number in range(300)])
    page = opened(service.url)
    expect(page.locator("#shown")).to_have_text("300")
    page.keyboard.press("/")
    page.keyboard.type("k1")
    expect(page.locator("#shown")).to_have_text("100 of 300")
    page.keyboard.press("ArrowDown")
    expect(page.locator(":focus")).to_have_text("K100")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("PageDown")
    expect(page.locator(":focus")).to_have_text("K113")
    page.keyboard.press("End")
    expect(page.locator(":focus")).to_have_text("K199")
    page.keyboard.press("Enter")
    expect(page.locator("#detail-title")).to_have_text("K199")
    assert page.url.endswith("#/K199")
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    expect(page.locator("#shown")).to_have_text("300")


def test_focus_stays_with_its_symbol_and_tab_leaves_the_table(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start()
    post(service, *[(f"F{number:03}", 1.0) for number in range(500)])
    page = opened(service.url)
    expect(page.locator("#shown")).to_have_text("500")
    page.locator("#rows a").first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(":focus")).to_have_text("F001")
    page.locator("#scroller").evaluate("element => element.scrollTo(0, 8000)")
    expect(row(page, "F260")).to_be_attached()
    page.keyboard.press("ArrowDown")
    expect(page.locator(":focus")).to_have_text("F002")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#rows') === null")


def test_row_of_a_deep_link_is_scrolled_into_sight(start: Callable[..., Service], opened: Callable[..., Page]) -> None:
    service = start()
    post(service, *[(f"X:{number:03}", 1.0) for number in range(300)])
    page = opened(f"{service.url}/#/X:250")
    expect(row(page, "X:250")).to_be_in_viewport()
    expect(row(page, "X:250").locator("a")).to_have_attribute("aria-current", "true")
    row(page, "X:249").locator("a").click()
    assert page.url.endswith("/#/X:249")
