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
        ("^gspc", "^GSPC"),
        ("es=f", "ES=F"),
        ("a+b&c#d@e$f", "A+B&C#D@E$F"),
        ("x" * 64, "X" * 64),
    ],
)
def test_symbols_are_trimmed_and_upper_cased(text: str, symbol: str) -> None:
    assert normalise_symbol(text) == symbol


@pytest.mark.parametrize(
    "text",
    ["", "   ", "x" * 65, "A B", "A\nB", "A\x00", "É", "straße", "\u0131", "AAPL\u2028", "A;B", "A,B", "a" * 5_000_000],
    ids=["", "blank", "65", "space", "feed", "nul", "É", "ß", "dotless i", "ls", "semicolon", "comma", "5 MB"],
)
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidSymbol, match="1 to 64 characters"):
        normalise_symbol(text)
