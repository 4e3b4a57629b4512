"""The dashboard in a real browser."""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from support.browser import chromium
from support.service import Service

SECONDS = 20_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages; at the end of the test none may have said anything on its console but what it was allowed to."""
    said: list[str] = []
    allowed: list[str] = []
    contexts = []

    def away(url: str) -> bool:
        return re.match(r"(http|ws)://127\.0\.0\.1:", url) is None

    def opener(address: str, allow: str | None = None, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": 1400, "height": 900}, **options)
        context.set_default_timeout(SECONDS)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(f"uncaught: {error}"))
        page.on("request", lambda request: said.append(f"elsewhere: {request.url}") if away(request.url) else None)
        if allow is not None:
            allowed.append(allow)
        page.goto(address)
        return page

    yield opener
    for context in contexts:
        context.close()
    assert [line for line in said if not any(re.search(each, line) for each in allowed)] == []


def post(service: Service, *ticks: tuple[str, float]) -> None:
    answer = service.client.post("/api/prices/batch", json=[{"symbol": name, "price": price} for name, price in ticks])
    assert answer.status_code == 202


def cell(page: Page, symbol: str, name: str) -> Any:
    return page.locator(f'#rows tr[data-symbol="{symbol}"] [data-cell="{name}"]')


def test_prices_move_by_themselves(start: Callable[..., Service], opened: Callable[..., Page]) -> None:
    service = start("--simulation")
    page = opened(service.url)
    expect(page.locator("#connection")).to_have_text("Live", timeout=SECONDS)
    price = cell(page, "EURUSD", "price")
    expect(price).to_have_text(re.compile(r"[\d.]+"), timeout=SECONDS)
    before = price.text_content()
    expect(price).not_to_have_text(before, timeout=SECONDS)
    expect(page.locator("#throughput")).to_have_text(re.compile(r"[1-9]"), timeout=SECONDS)
    expect(page.locator("#lag")).to_have_text(re.compile(r"ms$"), timeout=SECONDS)
    expect(page.locator("#chart canvas").first).to_be_visible()
    expect(page.locator("#welcome")).to_be_hidden()


def test_jump_is_in_the_feed_and_on_the_chart(start: Callable[..., Service], opened: Callable[..., Page]) -> None:
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
            const there = () => document.querySelector("#feed .percent")?.textContent === "▲ +3.00 %"
                && document.querySelector("#chart").dataset.markers === "+3.00 %";
            while (!there()) await new Promise(requestAnimationFrame);
            return performance.now() - start;
        }"""
    )
    print(f"in the feed and on the chart after {took:.0f} ms")  # noqa: T201  # pytest -s shows it
    item = page.locator("#feed li")
    expect(item).to_have_count(1)
    expect(item.locator(".symbol")).to_have_text("AAPL")
    expect(item.locator(".severity")).to_have_text("medium")
    expect(item.locator(".prices")).to_have_text("100 → 103")
    expect(cell(page, "AAPL", "price")).to_contain_text("▲ 103")
    item.locator("a").click()
    assert page.url.endswith("#/AAPL")


def test_every_column_and_the_state_of_the_service_are_there(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start()
    now = time.time_ns() // 1_000_000
    for price, ms in ((100.0, now), (101.0, now + 1), (99.0, now - 5000)):
        service.post({"symbol": "ALL", "price": price, "timestamp": ms})
    page = opened(service.url)
    table = page.get_by_role("table", name="Prices")
    expect(table.get_by_role("rowheader", name="ALL")).to_be_visible()
    for name, text in (
        ("price", "101"),
        ("change", r"\+1\.00 %"),
        ("average", r"100\.00"),
        ("min", "99"),
        ("max", "101"),
        ("count", "3"),
        ("age", r"^[\d.]+ s$"),
    ):
        expect(cell(page, "ALL", name)).to_have_text(re.compile(text))
    assert page.locator('#rows tr[data-symbol="ALL"] polyline').get_attribute("points")
    for name, text in (("late", "1"), ("dropped", "0"), ("queued", "0"), ("symbols", "1")):
        expect(page.locator(f"#{name}")).to_have_text(text)
    expect(page.get_by_role("list", name="Moves, newest first")).to_be_attached()
    expect(page.get_by_role("img", name=re.compile("^Chart of ALL"))).to_be_visible()


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
    expect(jump.locator(".ticks")).to_have_text("\N{MULTIPLICATION SIGN}6")
    expect(jump.locator(".percent")).to_have_text("▲ +6.00 %")
    expect(jump.locator(".severity")).to_have_text("critical")
    expect(page.locator("#chart")).to_have_attribute("data-markers", "+6.00 %")
    at(500, "JUMP", 107.0)
    expect(jump.locator(".percent")).to_have_text("▲ +7.00 %")
    expect(page.locator("#feed li")).to_have_count(2)


def test_times_are_utc_and_can_be_local(start: Callable[..., Service], opened: Callable[..., Page]) -> None:
    service = start()
    # Over three days, so that the axis needs dates.
    for day in range(3):
        for minute in range(100):
            tick = {
                "symbol": "DAYS",
                "price": 100 + minute % 2,
                "timestamp": f"2021-04-{15 + day}T12:{minute // 2:02}:30Z",
            }
            service.post(tick)
    service.post({"symbol": "DAYS", "price": 110, "timestamp": "2021-04-17T12:49:30.5Z"})
    page = opened(f"{service.url}/#/DAYS", timezone_id="America/New_York")
    when = page.locator("#feed .when")
    expect(when).to_have_text("17 Apr 2021 12:49:30")
    zone = page.get_by_role("button", name="UTC")
    zone.click()
    expect(page.locator("#zone")).to_have_text("America/New_York")
    expect(when).to_have_text("17 Apr 2021 08:49:30")
    page.reload()
    expect(page.locator("#zone")).to_have_text("America/New_York")
    expect(page.locator("#feed .when")).to_have_text("17 Apr 2021 08:49:30")


def test_page_says_that_the_service_is_gone_and_recovers(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start(STORAGE__ENABLED="false")
    post(service, ("STAYS", 1.0), ("GOES", 2.0))
    page = opened(service.url, allow="ERR_CONNECTION_REFUSED|Failed to load resource|WebSocket connection|WebSocket is")
    expect(cell(page, "GOES", "price")).to_contain_text("2")
    service.kill()
    expect(page.locator("#lost")).to_contain_text("The connection to the service is lost")
    expect(page.locator("#connection")).to_have_text("No connection")
    again = start("--no-simulation", "--port", service.url.rpartition(":")[2], STORAGE__ENABLED="false")
    post(again, ("STAYS", 7.0))
    expect(page.locator("#connection")).to_have_text("Live", timeout=SECONDS)
    expect(page.locator("#lost")).to_be_hidden()
    expect(cell(page, "STAYS", "price")).to_contain_text("7")
    # It has forgotten the other one, and so has the page.
    expect(page.locator("#rows tr[data-symbol=GOES]")).to_have_count(0)
    post(again, ("STAYS", 8.0))
    expect(cell(page, "STAYS", "price")).to_contain_text("▲ 8")


def test_table_holds_five_thousand_symbols(start: Callable[..., Service], opened: Callable[..., Page]) -> None:
    service = start()
    post(service, *[(f"S{number:04}", 1.0 + number) for number in range(5000)])
    page = opened(service.url)
    expect(page.locator("#shown")).to_have_text("5,000")
    assert page.locator("#rows tr").count() < 100
    page.locator("#scroller").evaluate("element => element.scrollTo(0, element.scrollHeight)")
    expect(cell(page, "S4999", "price")).to_contain_text("5000")
    post(service, ("S4999", 123456.0))
    expect(cell(page, "S4999", "price")).to_contain_text("▲ 123456")
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


def test_deep_link_leads_to_its_symbol_even_before_it_is_there(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start()
    post(service, ("AAA", 1.0))
    page = opened(f"{service.url}/#/btc%2Fusd")
    expect(page.locator("#detail-title")).to_have_text("BTC/USD")
    expect(page.locator("#quote")).to_contain_text("Nothing is known of it yet")
    post(service, ("BTC/USD", 64000.5))
    expect(page.locator("#quote")).to_contain_text("64000.5")
    expect(page.locator('#rows a[aria-current="true"]')).to_have_text("BTC/USD")


def test_first_visit_says_how_to_send_a_price(start: Callable[..., Service], opened: Callable[..., Page]) -> None:
    service = start()
    page = opened(service.url)
    expect(page.locator("#welcome")).to_be_visible()
    line = page.locator("#curl").text_content()
    assert line is not None
    assert line.startswith(f"curl -X POST {service.url}/api/prices ")
    body = re.findall(r"-d '(.*)'", line)[0]
    service.client.post("/api/prices", content=body, headers={"Content-Type": "application/json"})
    expect(page.locator("#welcome")).to_be_hidden()
    expect(cell(page, "AAPL", "price")).to_contain_text("101.5")


def test_page_of_the_api_shows_every_route(service: Service, opened: Callable[..., Page]) -> None:
    page = opened(f"{service.url}/schema")
    expect(page.locator("#about")).to_contain_text("Ticks in")
    page.locator("#search").fill("forget")
    expect(page.locator("details:visible")).to_have_count(0)
    page.locator("#search").fill("delete")
    expect(page.locator("details:visible").first).to_contain_text("/api/prices/{symbol}")


def test_what_looks_like_markup_is_shown_as_text(start: Callable[..., Service], opened: Callable[..., Page]) -> None:
    service = start()
    # As markup, these would be shown as < and &.
    ticks = [
        {"symbol": symbol, "price": price, "timestamp": 1_700_000_000_000 + price, "id": f"<b>{symbol}{price}</b>"}
        for symbol in ("&LT", "A&AMP")
        for price in (100, 104)
    ]
    service.client.post("/api/prices/batch", json=ticks).raise_for_status()
    page = opened(f"{service.url}/#/%3Cimg%20src%3Dx%20onerror%3D%22document.title%3D%27run%27%22%3E")
    expect(page.locator("#detail-title")).to_have_text("<IMG SRC=X ONERROR=\"DOCUMENT.TITLE='RUN'\">")
    assert page.locator("img[onerror]").count() == 0
    for symbol in ("&LT", "A&AMP"):
        expect(page.locator("#rows a").filter(has_text=symbol)).to_have_text(symbol)
        expect(page.locator("#feed").get_by_text(symbol, exact=True).first).to_have_text(symbol)
        page.locator("#rows a").filter(has_text=symbol).click()
        expect(page.locator("#detail-title")).to_have_text(symbol)


@pytest.mark.parametrize("hash_", ["%E0%A4%A", "%", "prices", ""])
def test_addresses_that_name_nothing_do_no_harm(
    start: Callable[..., Service], opened: Callable[..., Page], hash_: str
) -> None:
    service = start()
    post(service, ("AAA", 1.0))
    page = opened(f"{service.url}/#/{hash_}" if hash_ != "prices" else f"{service.url}/#prices")
    expect(cell(page, "AAA", "price")).to_contain_text("1")
    expect(page.locator("#detail-title")).to_have_text("AAA" if hash_ in {"", "prices"} else hash_.upper())


def test_chart_goes_on_with_what_the_service_has_after_a_restart(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start(STORAGE__ENABLED="false")
    post(service, ("OLD", 100.9))
    page = opened(
        f"{service.url}/#/OLD", allow="ERR_CONNECTION_REFUSED|Failed to load resource|WebSocket connection|WebSocket is"
    )
    expect(page.locator("#quote")).to_contain_text("100.9")
    service.kill()
    expect(page.locator("#connection")).to_have_text("No connection")
    again = start("--no-simulation", "--port", service.url.rpartition(":")[2], STORAGE__ENABLED="false")
    expect(page.locator("#quote")).to_contain_text("Nothing is known of it yet")
    # A tick of another time, as in a replayed recording.
    again.post({"symbol": "OLD", "price": 500, "timestamp": 1_700_000_000_000})
    expect(page.locator("#quote")).to_contain_text("500")
    assert page.evaluate("document.querySelector('#chart').ariaLabel").startswith("Chart of OLD")


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
    assert service.client.post("/api/prices/batch", json=ticks).json()["accepted"] == len(ticks)
    service.settled()
    page = opened(f"{service.url}/#/MANY")
    marks = page.locator("#chart")
    expect(marks).to_have_attribute("data-markers", re.compile(r"^(\+3\.0\d %(, )?){5}$"))
    expect(page.locator("#feed li")).to_have_count(5)


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
    page.locator("#scroller").evaluate("element => element.scrollTo(0, 9000)")
    expect(page.locator("#rows tr[data-symbol=F260]")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.locator(":focus")).to_have_text("F002")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#rows') === null")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(
    start: Callable[..., Service], opened: Callable[..., Page], scheme: str
) -> None:
    service = start()
    post(service, ("UP", 1.0), ("UP", 1.5), ("DOWN", 3.0), ("DOWN", 2.9), ("DOWN", 2.8))
    service.settled()
    page = opened(service.url, color_scheme=scheme)
    expect(page.locator("#feed li")).to_have_count(2)
    # WCAG 2.2, success criterion 1.4.3: 4.5 to 1.
    poor = page.evaluate(
        """() => {
            const numbers = colour => colour.match(/[0-9.]+/g).map(Number);
            const light = rgb => rgb.slice(0, 3).map(v => v / 255)
                .map(v => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
                .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
            const behind = element => {
                for (let at = element; at; at = at.parentElement) {
                    const colour = numbers(getComputedStyle(at).backgroundColor);
                    if ((colour[3] ?? 1) > 0.5) return colour;
                }
            };
            const seen = [...document.querySelectorAll("header *, main *")].filter(element =>
                [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())
                && element.checkVisibility() && !element.closest("#chart") && element.getAnimations().length === 0);
            return seen.map(element => {
                const [one, other] = [light(numbers(getComputedStyle(element).color)), light(behind(element))];
                const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
                return [element.textContent.trim().slice(0, 30), ratio];
            }).filter(([, ratio]) => ratio < 4.5);
        }"""
    )
    assert poor == []


def test_phone_shows_it_all_without_scrolling_sideways(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start()
    post(service, ("PHONE", 100.0), ("PHONE", 104.0))
    page = opened(service.url)
    page.set_viewport_size({"width": 360, "height": 740})
    for part in ("#connection", "#chart canvas", "#feed li", '#rows [data-cell="price"]'):
        expect(page.locator(part).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("width", [320, 390, 700, 900, 1100, 1200, 1400])
def test_nothing_is_cut_off_at_any_width(
    start: Callable[..., Service], opened: Callable[..., Page], width: int
) -> None:
    service = start()
    post(service, ("BTCUSD", 99.01234), ("BTCUSD", 103.98765), ("EURUSD", 105.12345))
    page = opened(service.url)
    page.set_viewport_size({"width": width, "height": 800})
    expect(page.locator("#feed li")).to_have_count(1)
    cut = page.evaluate(
        """() => [...document.querySelectorAll("#scroller th, #scroller td, #feed span")]
            .filter(part => part.checkVisibility() && part.clientWidth > 0 && part.scrollWidth > part.clientWidth + 1)
            .map(part => part.textContent)"""
    )
    assert cut == []


def test_page_is_asked_for_again_only_where_it_has_changed(service: Service) -> None:
    page = service.client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    parts = ["/", *(f"/{part}" for part in re.findall(r'(?:src|href)="(dashboard/[^"]+)"', page.text))]
    assert len(parts) > 4
    for part in parts:
        answer = service.client.get(part)
        assert answer.status_code == 200
        again = service.client.get(part, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert answer.headers["content-encoding"] == "gzip"
        plain = service.client.get(part, headers={"Accept-Encoding": "identity"})
        assert plain.content == answer.content
        assert "content-encoding" not in plain.headers
        assert plain.headers["content-type"].count("charset") <= 1
    assert service.client.get("/dashboard/nothing.js").status_code == 404
    assert service.client.get("/dashboard/..%2f..%2fpyproject.toml").status_code == 404


def test_charts_are_the_library_as_its_makers_ship_it(service: Service) -> None:
    script = service.client.get("/dashboard/lightweight-charts.js").text
    assert "TradingView Lightweight Charts" in script[:200]
    assert re.search(r"v5\.\d+\.\d+", script[:200])
