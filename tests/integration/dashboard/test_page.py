"""The page as a whole: its connection, its addresses, its first visit, its files."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from support.dashboard import AWAY, SECONDS, cell, post
from support.service import Service


def test_page_says_that_the_service_is_gone_and_recovers(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start(STORAGE__ENABLED="false")
    post(service, ("STAYS", 1.0), ("GOES", 2.0))
    page = opened(service.url, allow=AWAY)
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


def test_deep_link_leads_to_its_symbol_even_before_it_is_there(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start()
    post(service, ("AAA", 1.0))
    page = opened(f"{service.url}/#/btc%2Fusd")
    expect(page.locator("#detail-title")).to_have_text("BTC/USD")
    expect(page.locator("#quote")).to_contain_text("Nothing is known of it yet")
    post(service, ("BTC/USD", 64000.5))
    expect(page.locator("#quote")).to_contain_text("64,000.5")
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
