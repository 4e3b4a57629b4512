import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.cursors import from_cursor, to_cursor
from api.http.symbol_paths import SymbolPaths
from api.routes import anomalies
from application.errors import ValidationFailed

PATHS = SymbolPaths(
    [
        "/api/anomalies",
        "/api/prices",
        "/api/prices/batch",
        "/api/prices/{symbol}",
        "/api/prices/{symbol}/anomalies",
        "/api/trades/{symbol}/history",
    ]
)


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ("/api/prices/AAPL", "/api/prices/AAPL"),
        ("/api/prices/aapl?x=/y", "/api/prices/AAPL"),
        ("/api/prices/BTC%2FUSD", "/api/prices/BTC%2FUSD"),
        ("/api/prices/BTC/USD", "/api/prices/BTC%2FUSD"),
        ("/api/prices/BTC%2FUSD/anomalies", "/api/prices/BTC%2FUSD/anomalies"),
        ("/api/prices/BTC/USD/anomalies", "/api/prices/BTC%2FUSD/anomalies"),
        ("/api/prices/BTC%2Fanomalies", "/api/prices/BTC%2FANOMALIES"),
        ("/api/prices/anomalies", "/api/prices/ANOMALIES"),
        ("/api/prices/batch", "/api/prices/BATCH"),
        ("/api/prices", "/api/prices"),
        ("/api/anomalies", "/api/anomalies"),
        # Each subject has segments of its own.
        ("/api/trades/BTC/USD/history", "/api/trades/BTC%2FUSD/history"),
        ("/api/prices/BTC/history", "/api/prices/BTC%2FHISTORY"),
    ],
)
def test_symbol_becomes_one_segment(raw: str, path: str) -> None:
    decoded = raw.partition("?")[0].replace("%2F", "/")
    assert PATHS.routable(decoded, raw.encode(), "GET") == path


def test_posts_are_left_alone() -> None:
    assert PATHS.routable("/api/prices/batch", b"/api/prices/batch", "POST") == "/api/prices/batch"


# No symbol has a NUL or a backslash.
@given(st.tuples(st.integers(), st.text(st.characters(exclude_characters="\0\\")), st.integers(), st.text()))
def test_cursor_gives_its_place_back(place: tuple[int, str, int, str]) -> None:
    place = (place[0] % 2**62, place[1].encode(errors="replace").decode(), place[2] % 2**62, "up")
    assert from_cursor(to_cursor(place), anomalies._PLACES) == place


@pytest.mark.parametrize("text", ["", "x", "é", "bm90IGpzb24", "WzFd", "A" * 10_000])
def test_made_up_cursor_is_refused(text: str) -> None:
    with pytest.raises(ValidationFailed, match="nextCursor"):
        from_cursor(text, anomalies._PLACES)
