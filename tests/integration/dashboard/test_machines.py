"""Machines as cards, one sensor with its band and its alarms, and the wall."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from support.service import Service, eventually

NOON = 1769860800000


def post(service: Service, *readings: dict[str, Any]) -> None:
    answer = service.client.post("/api/readings/batch", json=readings, headers={"Prefer": "durable"})
    assert answer.json()["accepted"] == len(readings), answer.text


def reading(machine: str, value: float, at: int, **more: object) -> dict[str, Any]:
    return {"machineId": machine, "sensorType": "temp", "value": value, "timestamp": NOON + at * 60_000, **more}


def test_cards_say_how_machines_stand_in_words_and_live(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start(READINGS__SENSOR_TYPES='{"temp":{"unit":"°C","high":50}}')
    service.client.delete("/api/rules/readings-stale")
    post(service, *[reading("PRESS-1", 20 + at % 3, at) for at in range(40)], reading("PRESS-2", 21.5, 0, unit="°C"))
    # Without any price there is a desk too.
    page = opened(service.url)
    page.get_by_role("tab", name="Machines").click()
    first, second = (page.locator(f'#machines > li[data-machine="PRESS-{number}"]') for number in (1, 2))
    expect(first.locator(".state")).to_have_text("✓ OK")
    expect(second.locator(".value")).to_have_text("21.5 °C")
    post(service, reading("PRESS-2", 75, 1), reading("PRESS-1", 24, 40))
    expect(second.locator(".state")).to_have_text("▲ Alert")
    expect(second.locator(".value")).to_have_text("75 °C")
    expect(first.locator(".distance")).to_contain_text("\N{GREEK SMALL LETTER SIGMA}")
    second.get_by_role("button").click()
    expect(page.locator("#sensor-title")).to_have_text("PRESS-2/temp")
    expect(page.locator("#sensor .alarms li")).to_contain_text("is above 50")
    expect(page.locator("#sensor svg .alarm")).to_have_count(1)
    expect(page.locator("#sensor .rollups")).to_contain_text("2 roll-ups")
    page.get_by_role("button", name="← All machines").click()
    page.locator("#wall").click()
    assert eventually(lambda: page.evaluate("document.body.classList.contains('wall')"))
    expect(first).to_be_visible()
    page.locator("#wall").click()
    service.client.delete("/api/machines/PRESS-2")
    expect(second).to_have_count(0)
