import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.feeds.csv_cells import defused, text_of


@pytest.mark.parametrize("text", ["=1+1", "+A", "-A", "@SUM(A1)", "\tA", "\rA", "\uff1dA", "'=A", "'"])
def test_what_a_spreadsheet_would_run_becomes_text(text: str) -> None:
    assert defused(text) == f"'{text}"


@pytest.mark.parametrize("text", ["AAPL", "BTC/USD", "A=B", "1", "", "#N"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert defused(text) == text
    assert text_of(text) == text


@given(st.text(st.sampled_from("=+-@\t\r'A"), max_size=4))
def test_what_was_written_is_read_again(text: str) -> None:
    assert text_of(defused(text)) == text
