"""Alerts and rules on the page."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from support.dashboard import minutes, post, post_ticks
from support.service import Service

BEGIN = 1_699_920_000_000


def desk_of(service: Service, opened: Callable[..., Page], symbol: str) -> Page:
    """The page of a symbol. The browser notes every answer that is an error, such as that to a rule that is wrong."""
    page = opened(f"{service.url}/#/{symbol}", allow="Failed to load resource")
    expect(page.get_by_role("tab", name="Rules")).to_be_visible()
    return page


def rule_above(page: Page, above: float) -> None:
    """Fill the form for a new rule of the charted symbol."""
    page.get_by_role("tab", name="Rules").click()
    page.get_by_role("button", name="New rule").click()
    form = page.get_by_role("form", name="Rule")
    form.get_by_label("Name").fill("Too high")
    form.get_by_label("When one").select_option("level")
    form.get_by_label("Above").fill(f"{above:g}")


def test_rule_is_tried_on_the_past_while_it_is_typed(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start(READINGS__DEFAULT_RULES="false")
    # Above 104 three times.
    post_ticks(service, minutes("TRY", BEGIN, [100.0, 105.0, 100.0, 106.0, 106.5, 100.0, 107.0, *[100.0] * 40]))
    page = desk_of(service, opened, "TRY")
    rule_above(page, 104)
    would = page.locator("#would")
    expect(would).to_contain_text("Would have fired 3 times in the day before 14 Nov 2023 00:46, 3 marked on the chart")
    expect(page.locator("#chart")).to_have_attribute("data-markers", re.compile("Too high, Too high, Too high"))
    page.get_by_label("Above").fill("106.7")
    expect(would).to_contain_text("Would have fired 1 time in the day")
    page.get_by_label("Period of the preview").select_option("hour")
    expect(would).to_contain_text("Would have fired 1 time in the hour")
    page.get_by_label("Above").fill("")
    expect(page.get_by_role("form", name="Rule").get_by_role("alert")).to_contain_text("condition.level")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#chart")).not_to_have_attribute("data-markers", re.compile("Too high"))


def test_rules_are_saved_changed_switched_off_and_deleted(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start(READINGS__DEFAULT_RULES="false")
    post(service, ("RULED", 1.0))
    page = desk_of(service, opened, "RULED")
    rule_above(page, 110)
    page.get_by_role("button", name="Save").click()
    item = page.locator("#rules li")
    expect(item).to_contain_text("Too high")
    expect(item).to_contain_text("RULED crosses a level: above 110")
    expect(page.get_by_role("form", name="Rule")).to_be_hidden()
    page.get_by_role("button", name="Edit Too high").click()
    form = page.get_by_role("form", name="Rule")
    expect(form.get_by_label("Above")).to_have_value(re.compile(r"110"))
    form.get_by_label("Above").fill("120")
    form.get_by_label("Severity").select_option("critical")
    form.get_by_label("Note").press("Enter")
    expect(item).to_contain_text("above 120")
    expect(item).to_have_attribute("data-severity", "critical")
    page.get_by_role("button", name="Switch off Too high").click()
    expect(item).to_have_attribute("data-enabled", "false")
    page.reload()
    page.get_by_role("tab", name="Rules").click()
    expect(item).to_have_attribute("data-enabled", "false")
    page.get_by_role("button", name="Delete Too high").click()
    expect(item).to_have_count(0)


def test_alert_is_shown_marked_acknowledged_and_resolved(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start(READINGS__DEFAULT_RULES="false")
    post_ticks(service, minutes("HOT", BEGIN, [100.0] * 40))
    page = desk_of(service, opened, "HOT")
    rule_above(page, 104)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#rules li")).to_have_count(1)
    post_ticks(service, [{"symbol": "HOT", "price": 105, "timestamp": BEGIN + 40 * 60_000}])
    # The tab tells how many nobody has acknowledged.
    tab = page.get_by_role("tab", name=re.compile("^Alerts"))
    expect(tab).to_have_text("Alerts1")
    tab.click()
    alert = page.locator("#alerts li")
    expect(alert).to_contain_text("Too high value 105 is above 104")
    expect(alert.locator(".severity")).to_have_text("warning")
    expect(page.locator("#chart")).to_have_attribute("data-markers", re.compile("Too high"))
    alert.get_by_role("link", name="HOT").press("Enter")
    told = page.get_by_role("complementary", name="Too high · warning")
    expect(told).to_contain_text("value 105 is above 104")
    expect(told.locator("tr.beyond")).to_contain_text("105")
    page.get_by_role("button", name="Acknowledge Too high of HOT").click()
    expect(alert).to_have_attribute("data-state", "acknowledged")
    expect(tab).to_have_text("Alerts")
    page.get_by_role("button", name="Resolve Too high of HOT").click()
    expect(alert).to_have_count(0)
    page.get_by_label("State of alerts").select_option("resolved")
    expect(alert).to_have_attribute("data-state", "resolved")
