"""Searching all symbols and commands, and the list of keys."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from support.dashboard import post
from support.service import Service


def test_symbol_is_found_and_opened_by_keyboard_alone(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start()
    post(service, *[(f"X:{number:04}", 1.0) for number in range(2000)], ("KRAKEN:BTC-USD", 64000.5), ("BTC", 1.0))
    page = opened(service.url)
    expect(page.locator("#shown")).to_have_text("2,002")
    page.keyboard.press("Control+k")
    search = page.get_by_role("combobox", name="Search symbols and commands")
    expect(search).to_be_focused()
    options = page.locator("#found").get_by_role("option")
    expect(options).to_have_count(50)
    page.keyboard.type("btc")
    # What begins with it comes first, then what has it behind the exchange.
    expect(options).to_have_text(["BTC1", "KRAKEN:BTC-USD64,000.5"])
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    active = search.get_attribute("aria-activedescendant")
    expect(page.locator(f"#{active}")).to_contain_text("KRAKEN:BTC-USD")
    page.keyboard.press("Enter")
    expect(page.locator("#detail-title")).to_have_text("KRAKEN:BTC-USD")
    expect(search).to_be_hidden()
    page.keyboard.press("Control+k")
    page.keyboard.type("nosuchthing")
    expect(page.locator("#palette")).to_contain_text("Nothing has that in its name.")
    page.keyboard.press("Escape")
    expect(search).to_be_hidden()


def test_commands_are_found_by_name_and_listed_with_their_keys(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start()
    post(service, ("AAA", 1.0))
    page = opened(service.url)
    expect(page.locator("#detail-title")).to_have_text("AAA")
    page.get_by_role("button", name="Search").click()
    page.keyboard.type("dark theme")
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_contain_text("Filter the prices")
    expect(keys).to_contain_text("Timeframe 1h")
    keys.get_by_role("button", name="Close").click()
    expect(keys).to_be_hidden()


def test_keys_are_text_where_one_types(start: Callable[..., Service], opened: Callable[..., Page]) -> None:
    service = start()
    post(service, ("AAA", 1.0))
    page = opened(service.url)
    expect(page.locator("#detail-title")).to_have_text("AAA")
    page.keyboard.press("/")
    page.keyboard.type("a/?1[")
    expect(page.get_by_label("Filter symbols")).to_have_value("a/?1[")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator('[data-interval="1s"]')).to_have_attribute("aria-pressed", "true")
