"""The chart: candles of the past and of now, timeframes, average, volume, crosshair."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from support.dashboard import AWAY, minutes, post, post_ticks
from support.service import Service, eventually

# A whole hour and day: candles begin with it.
BEGIN = 1_699_920_000_000


def test_values_of_each_timeframe_are_those_of_its_candles(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start()
    prices = [100.0 + (at * 7) % 20 for at in range(180)]
    post_ticks(service, minutes("FRAMES", BEGIN, prices, volume=2))
    page = opened(f"{service.url}/#/FRAMES")
    values = page.locator("#values")
    # The last three hours by the rule of the test, not by the service's.
    for name, minutes_each in (("1m", 1), ("5m", 5), ("15m", 15), ("1h", 60), ("1d", 1440)):
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.get_by_role("button", name=name, exact=True)).to_have_attribute("aria-pressed", "true")
        first = (len(prices) - 1) // minutes_each * minutes_each
        last = prices[first:]
        text = f"O {last[0]:g}  H {max(last):g}  L {min(last):g}  C {last[-1]:g}"
        expect(values).to_contain_text(text)
        expect(values).to_contain_text(f"Vol {2 * len(last)}")
    expect(values).to_contain_text("14 Nov 2023 UTC")
    page.reload()
    expect(page.get_by_role("button", name="1d", exact=True)).to_have_attribute("aria-pressed", "true")


def test_timeframe_fits_what_there_is_of_a_symbol(start: Callable[..., Service], opened: Callable[..., Page]) -> None:
    service = start()
    post_ticks(service, minutes("LONG", BEGIN, [1.0] * 40))
    post_ticks(service, [{"symbol": "SHORT", "price": 1, "timestamp": BEGIN + at * 1000} for at in range(40)])
    page = opened(f"{service.url}/#/LONG")
    expect(page.get_by_role("button", name="1m", exact=True)).to_have_attribute("aria-pressed", "true")
    page.goto(f"{service.url}/#/SHORT")
    expect(page.get_by_role("button", name="1s", exact=True)).to_have_attribute("aria-pressed", "true")
    # By key, and then it is chosen for all.
    page.keyboard.press("3")
    page.goto(f"{service.url}/#/LONG")
    expect(page.get_by_role("button", name="5m", exact=True)).to_have_attribute("aria-pressed", "true")


def test_crosshair_moves_by_keys_and_the_average_is_of_the_history(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start()
    post_ticks(service, minutes("KEYS", BEGIN, [float(at) for at in range(1, 101)]))
    page = opened(f"{service.url}/#/KEYS")
    chart = page.get_by_role("application", name=re.compile("^Chart of KEYS"))
    values = page.locator("#values")
    expect(values).to_contain_text("C 100")
    # The mean of 81 to 100.
    expect(values).to_contain_text("MA 20 90.50")
    chart.press("ArrowLeft")
    expect(values).to_contain_text("C 99")
    expect(values).to_contain_text("MA 20 89.50")
    chart.press("Shift+ArrowLeft")
    expect(values).to_contain_text("C 89")
    expect(page.get_by_role("status").filter(has_text="C 89")).to_be_attached()
    page.get_by_label("Moving average").select_option("50")
    expect(values).to_contain_text("MA 50 64.50")
    page.get_by_label("Moving average").select_option("0")
    expect(values).not_to_contain_text("MA")
    for _ in range(9):
        chart.press("Shift+ArrowLeft")
    expect(values).to_contain_text("C 1 ")


def test_range_and_volume_are_those_of_the_last_24_hours(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start(PROCESSING__MAX_BATCH_SIZE="100000")
    # A day and a half: the first half does not count.
    prices = [999.0] * 719 + [50.0] + [100.0 + at % 30 for at in range(1440)]
    post_ticks(service, minutes("DAY", BEGIN, prices, volume=2))
    page = opened(f"{service.url}/#/DAY")
    expect(page.locator("#day")).to_have_text("· 24 h 100 to 129 · volume 2.88K")
    post_ticks(service, [{"symbol": "DAY", "price": 131, "timestamp": BEGIN + 2159 * 60_000 + 1}])
    expect(page.locator("#day")).to_contain_text("24 h 100 to 131")


def test_past_is_loaded_as_far_as_the_store_goes(start: Callable[..., Service], opened: Callable[..., Page]) -> None:
    service = start(PROCESSING__MAX_BATCH_SIZE="100000")
    post_ticks(service, minutes("DEEP", BEGIN, [float(at) for at in range(1, 3501)]))
    page = opened(f"{service.url}/#/DEEP")
    values = page.locator("#values")
    expect(values).to_contain_text("C 3,500")
    chart = page.locator("#chart")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "cursor=" in request.url else None)

    def is_oldest() -> bool:
        chart.press("Home")
        return re.search(r"C\s1\s", values.text_content() or "") is not None

    # Home is the oldest candle that is loaded: until no older ones come.
    eventually(is_oldest, seconds=60)
    assert len(asked) == 3
    page.get_by_role("button", name="Newest").click()
    expect(values).to_contain_text("C 3,500")


def test_candle_grows_with_the_stream_and_the_next_one_begins(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start()
    post_ticks(service, minutes("GROWS", BEGIN, [100.0] * 40, volume=1))
    page = opened(f"{service.url}/#/GROWS")
    values = page.locator("#values")
    expect(values).to_contain_text("C 100")
    last = BEGIN + 39 * 60_000
    # Of these the stream may tell only the last; the candle has them all.
    for ms, price in ((1, 109), (2, 93), (3, 101)):
        service.post({"symbol": "GROWS", "price": price, "timestamp": last + ms * 5000, "volume": 3})
    expect(values).to_contain_text("O 100  H 109  L 93  C 101")
    expect(values).to_contain_text("Vol 10")
    service.post({"symbol": "GROWS", "price": 102, "timestamp": last + 60_000})
    expect(values).to_contain_text("O 102  H 102  L 102  C 102")


@pytest.mark.parametrize("kind", ["candles", "line"])
def test_kind_of_chart_is_remembered(start: Callable[..., Service], opened: Callable[..., Page], kind: str) -> None:
    service = start()
    post_ticks(service, minutes("KIND", BEGIN, [1.5, 2.5] * 20))
    page = opened(f"{service.url}/#/KIND")
    choice = page.get_by_label("Kind of chart")
    choice.select_option("line")
    choice.select_option(kind)
    expect(page.locator("#values")).to_contain_text("C 2.5")
    page.reload()
    expect(choice).to_have_value(kind)
    expect(page.locator("#values")).to_contain_text("C 2.5")


def test_digits_are_the_most_that_the_symbol_has_had(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start()
    post_ticks(service, minutes("DIGITS", BEGIN, [1.12345, *[1.1] * 40]))
    page = opened(f"{service.url}/#/DIGITS")
    expect(page.locator("#values")).to_contain_text("C 1.10000")
    expect(page.locator("#quote")).to_contain_text("1.10000")


def test_chart_without_stored_history_shows_what_comes(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start(STORAGE__ENABLED="false")
    post(service, ("SHORT", 5.0))
    page = opened(f"{service.url}/#/SHORT")
    expect(page.locator("#values")).to_contain_text("C 5")
    post(service, ("SHORT", 6.0))
    expect(page.locator("#values")).to_contain_text("C 6")


def test_chart_goes_on_with_what_the_service_has_after_a_restart(
    start: Callable[..., Service], opened: Callable[..., Page]
) -> None:
    service = start(STORAGE__ENABLED="false")
    post(service, ("OLD", 100.9))
    page = opened(f"{service.url}/#/OLD", allow=AWAY)
    expect(page.locator("#quote")).to_contain_text("100.9")
    service.kill()
    expect(page.locator("#connection")).to_have_text("No connection")
    again = start("--no-simulation", "--port", service.url.rpartition(":")[2], STORAGE__ENABLED="false")
    expect(page.locator("#quote")).to_contain_text("Nothing is known of it yet")
    # A tick of another time, as in a replayed recording.
    again.post({"symbol": "OLD", "price": 500, "timestamp": 1_700_000_000_000})
    expect(page.locator("#quote")).to_contain_text("500")
    expect(page.locator("#values")).to_contain_text("C 500")
    expect(page.locator("#values")).to_contain_text("14 Nov 2023")
