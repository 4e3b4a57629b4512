import pytest

from domain.symbol import InvalidSymbol, normalise_symbol


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("AAPL", "AAPL"),
        (" aapl\t\n", "AAPL"),
        ("btc/usd", "BTC/USD"),
        ("PROBIT:CP-USDT", "PROBIT:CP-USDT"),
        ("a.b_c:d/e-9", "A.B_C:D/E-9"),
        ("x" * 32, "X" * 32),
    ],
)
def test_symbols_are_trimmed_and_upper_cased(text: str, symbol: str) -> None:
    assert normalise_symbol(text) == symbol


@pytest.mark.parametrize(
    "text",
    ["", "   ", "x" * 33, "A B", "A\nB", "A\x00", "É", "straße", "\u0131", "AAPL\u2028", "A;B", "a" * 5_000_000],
    ids=["empty", "blank", "33", "space", "line feed", "nul", "accent", "sharp s", "dotless i", "ls", "mark", "5 MB"],
)
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidSymbol, match="1 to 32 characters"):
        normalise_symbol(text)
