"""The page where people sign in, and the dashboard of whoever is signed in, in a real browser."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from domain.access.role import Role
from support.access import api_key, bearer, put_keys
from support.browser import chromium
from support.canaries import CANARY
from support.service import Service, marketdata

PASSWORD = f"{CANARY} horse battery"
FEEDER = api_key(1, Role.FEEDER)


def test_people_accept_an_invitation_watch_prices_and_sign_out_and_in(
    start: Callable[..., Service], tmp_path: Path
) -> None:
    folder = tmp_path / "0"
    put_keys(folder / "data", FEEDER)
    invitation = marketdata("users", "create", "--role", "viewer", "ada", cwd=folder).stdout.strip()
    service = start(AUTH__ENABLED="true")
    service.client.post("/api/prices", json={"symbol": "GOLD", "price": 100}, headers=bearer(FEEDER))
    with chromium() as browser:
        page = browser.new_page()
        uncaught: list[str] = []
        page.on("pageerror", lambda error: uncaught.append(str(error)))
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(service.url)
        expect(page).to_have_url(f"{service.url}/sign-in")
        page.get_by_text("I have an invitation").click()
        form = page.locator("#invitation")
        for name, value in (("name", "ada"), ("invitation", "wrong"), ("newPassword", PASSWORD)):
            form.locator(f"[name={name}]").fill(value)
        form.get_by_role("button").click()
        expect(form.get_by_role("alert")).to_be_visible()
        form.locator("[name=invitation]").fill(invitation)
        form.get_by_role("button").click()
        expect(page).to_have_url(f"{service.url}/")
        expect(page.locator("#account span")).to_have_text("ada")
        expect(page.locator("#connection")).to_have_attribute("data-state", "open")
        expect(page.locator('#rows tr[data-symbol="GOLD"]')).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        expect(page).to_have_url(f"{service.url}/sign-in")
        form = page.locator("#sign-in")
        form.locator("[name=name]").fill("ada")
        form.locator("[name=password]").fill("a wrong one")
        form.get_by_role("button").click()
        expect(form.get_by_role("alert")).to_have_text("The name or the password is wrong.")
        form.locator("[name=password]").fill(PASSWORD)
        form.get_by_role("button").click()
        expect(page.locator("#account span")).to_have_text("ada")
        # The access token has expired, the session has not.
        kept = [each for each in page.context.cookies() if each["name"] != "marketdata_access"]
        page.context.clear_cookies()
        page.context.add_cookies(kept)  # type: ignore[arg-type]
        page.goto(service.url)
        expect(page.locator("#account span")).to_have_text("ada")
        assert uncaught == []
        # Answers that refuse are said on the console too, but nothing that the policy of the page stops.
        assert [text for text in said if "Failed to load resource" not in text] == []


@pytest.mark.parametrize(("role", "may_write"), [("viewer", False), ("admin", True)])
def test_ticket_for_trades_is_for_those_who_may_write(
    start: Callable[..., Service], tmp_path: Path, role: str, may_write: bool
) -> None:
    folder = tmp_path / "0"
    put_keys(folder / "data", FEEDER)
    invitation = marketdata("users", "create", "--role", role, "ada", cwd=folder).stdout.strip()
    service = start(AUTH__ENABLED="true")
    trade = {"symbol": "MINE", "side": "buy", "quantity": 3}
    service.client.post("/api/trades", json=trade, headers={"Prefer": "durable"} | bearer(FEEDER))
    with chromium() as browser:
        page = browser.new_page()
        page.goto(f"{service.url}/sign-in")
        page.get_by_text("I have an invitation").click()
        form = page.locator("#invitation")
        for name, value in (("name", "ada"), ("invitation", invitation), ("newPassword", PASSWORD)):
            form.locator(f"[name={name}]").fill(value)
        form.get_by_role("button").click()
        expect(page.locator("#account span")).to_have_text("ada")
        page.get_by_role("tab", name="Trades").click()
        bought = page.locator('[data-figure="Bought"]')
        expect(bought).to_have_text("3")
        ticket = page.get_by_role("form", name="Send a trade")
        if may_write:
            ticket.get_by_label("Quantity").fill("2")
            ticket.get_by_role("button", name="Buy").click()
            expect(bought).to_have_text("5")
        else:
            expect(ticket).to_have_count(0)
