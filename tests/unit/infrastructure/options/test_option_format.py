from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.columns import numbered
from domain.options.option_book import OptionBook, SummaryPoint, summary_at
from domain.options.option_model import OptionModel
from domain.options.option_quote import OptionQuote
from domain.options.option_quotes import OptionQuotes
from domain.options.positions import positions_of
from domain.options.summary_interval import SummaryInterval
from infrastructure.options.option_format import (
    OptionLogFormat,
    positions_of_row,
    positions_row,
    summary_of_row,
    summary_row,
)
from infrastructure.storage.payloads import Corrupt
from support.option_chains import EXPIRY, T0_US, chain_of, quote

WIDE = Decimal("0.12345678901234567890123")
AMOUNTS = st.one_of(st.none(), st.floats(0, 1e15), st.just(WIDE))
QUOTES = st.builds(
    OptionQuote,
    st.sampled_from(["NIFTY", "BTC/USD"]),
    st.sampled_from([EXPIRY, "2026-02-26"]),
    st.one_of(st.floats(0.1, 1e6), st.just(WIDE)),
    st.booleans(),
    st.integers(T0_US, T0_US + 10**9),
    *([AMOUNTS] * 11),
    st.sampled_from([None, "X"]),
    st.sampled_from([None, "id 1"]),
)


@given(st.lists(QUOTES, max_size=8))
def test_quotes_come_back_from_the_log_as_they_were(quotes: list[OptionQuote]) -> None:
    log = OptionLogFormat()
    columns = OptionQuotes(quotes)
    keys, places = numbered(columns.keys)
    assert log.decode(log.encode(keys, places, columns)).quotes == quotes


@given(st.lists(QUOTES, min_size=1, max_size=8))
def test_states_come_back_from_their_checkpoints(quotes: list[OptionQuote]) -> None:
    book = OptionBook(OptionModel(), 100)
    book.apply(OptionQuotes(quotes))
    log = OptionLogFormat()
    for product in book.keys():
        state = book.checkpoint(product)
        assert log.decode_checkpoint(product, log.encode_checkpoint(state)) == state


@pytest.mark.parametrize("spot", [None, 100.5, WIDE])
def test_summaries_come_back_from_their_rows(spot: float | None) -> None:
    chain = chain_of([quote(100, True, bid=1.0, ask=2.0, open_interest=WIDE, spot=spot), quote(90, False)])
    point = SummaryPoint(SummaryInterval.M5, 60_000_000, summary_at(chain, OptionModel()))
    assert summary_of_row(summary_row(point)) == point


def test_a_row_that_was_changed_is_noticed() -> None:
    row = summary_row(SummaryPoint(SummaryInterval.M1, 0, summary_at(chain_of([quote(100, True)]), OptionModel())))
    with pytest.raises(Corrupt, match="summary of NIFTY"):
        summary_of_row((*row[:3], 60_000_000, *row[4:]))


def test_positions_come_back_from_their_rows_unless_they_were_changed() -> None:
    quotes = [
        quote(100, True, bid=1.0, ask=2.0, open_interest=WIDE),
        quote(90, False, last=3.0),
        quote(90, True)._replace(strike=WIDE, open_interest=5.0),
        quote(80, False, bid=0.0),
    ]
    found = positions_of(chain_of(quotes), 60_000_000, OptionModel())
    assert len(found.contracts) == 3
    row = positions_row(found)
    assert positions_of_row(row) == found
    with pytest.raises(Corrupt, match="positions of NIFTY"):
        positions_of_row((*row[:2], 0, *row[3:]))
