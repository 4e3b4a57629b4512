import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from support.browser import chromium
from support.dashboard import SECONDS

# A browser shares its machine with other tests.
expect.set_options(timeout=SECONDS)


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

    def opener(address: str, allow: str | None = None, size: tuple[int, int] = (1400, 900), **options: Any) -> Page:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **options)
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
