from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from domain.options.chain import ProductChains
from domain.options.option_book import ChainChange, OptionBook, SummaryPoint, summary_at
from domain.options.option_model import OptionModel
from domain.options.option_quote import OptionQuote
from domain.options.option_quotes import OptionQuotes
from domain.options.positions import ChainPositions, Position
from domain.options.summary_interval import SummaryInterval
from support.option_chains import EXPIRY, T0_US, chain_of, quote

MODEL = OptionModel()
MINUTE_US = 60_000_000
DAY_US = 86_400_000_000


def book_with(*quotes: OptionQuote, contracts_max: int = 1000) -> OptionBook:
    book = OptionBook(MODEL, contracts_max)
    book.apply(OptionQuotes(list(quotes)))
    return book


def chains_of(book: OptionBook, product: str = "NIFTY") -> ProductChains:
    found = book.snapshot(product)
    assert found is not None
    return found


def test_a_quote_replaces_all_that_was_known_of_its_contract_and_leaves_the_others() -> None:
    first, other = quote(100, True, bid=1.0, open_interest=5.0), quote(100, False, bid=2.0)
    book = book_with(first, other)
    second = quote(100, True, T0_US + 1, ask=3.0)
    applied = book.apply(OptionQuotes([second]))
    assert list(chains_of(book).chains[EXPIRY].quotes) == [second, other]
    assert applied.updates == [ChainChange("NIFTY", EXPIRY, ((100.0, True),))]
    assert (applied.processed, applied.late) == (1, 0)


def test_a_late_quote_is_counted_and_replaces_nothing() -> None:
    book = book_with(quote(100, True, bid=1.0, spot=99.0))
    applied = book.apply(OptionQuotes([quote(100, True, T0_US - 1, bid=9.0, spot=1.0)]))
    chain = chains_of(book).chains[EXPIRY]
    assert (applied.processed, applied.late, applied.updates) == (1, 1, [])
    assert [each.bid for each in chain.quotes] == [1.0]
    assert (chain.spot, chain.as_of_us, chain.updates) == (99.0, T0_US, 2)


def test_of_equal_times_the_later_arrival_counts() -> None:
    book = book_with(quote(100, True, bid=1.0), quote(100, True, bid=2.0))
    assert [each.bid for each in chains_of(book).chains[EXPIRY].quotes] == [2.0]


@given(st.permutations(range(6)))
def test_the_newest_quote_stands_whatever_the_order(order: list[int]) -> None:
    book = book_with(*(quote(100, True, T0_US + at, bid=1.0 + at) for at in order))
    assert [each.bid for each in chains_of(book).chains[EXPIRY].quotes] == [6.0]
    assert book.newest_us("NIFTY") == T0_US + 5
    assert book.update_count("NIFTY") == 6


def test_a_snapshot_is_the_same_until_its_chain_changes_and_never_changes_itself() -> None:
    book = book_with(quote(100, True, bid=1.0), quote(100, True)._replace(expiry="2026-02-26", bid=5.0))
    before = chains_of(book)
    book.apply(OptionQuotes([quote(100, True, T0_US + 1, bid=2.0)]))
    after = chains_of(book)
    assert after.chains["2026-02-26"] is before.chains["2026-02-26"]
    assert [each.bid for each in before.chains[EXPIRY].quotes] == [1.0]
    assert [each.bid for each in after.chains[EXPIRY].quotes] == [2.0]


def test_the_end_of_an_interval_gives_its_summary_once() -> None:
    start_us = T0_US // MINUTE_US * MINUTE_US
    first = [quote(100, is_call, start_us + 1, bid=4.0, ask=6.0, open_interest=10.0) for is_call in (True, False)]
    book = book_with(*first)
    applied = book.apply(OptionQuotes([quote(100, True, start_us + 30_000_000, bid=6.0, ask=8.0)]))
    assert applied.events == []
    expected = summary_at(chains_of(book).chains[EXPIRY], MODEL)
    later = [quote(100, is_call, start_us + 3 * MINUTE_US) for is_call in (True, False)]
    applied = book.apply(OptionQuotes(later))
    positions = ChainPositions(
        "NIFTY", EXPIRY, start_us + MINUTE_US, {(100.0, True): Position(7.0, None), (100.0, False): Position(5.0, 10.0)}
    )
    assert applied.events == [SummaryPoint(SummaryInterval.M1, start_us, expected), positions]
    assert applied.places == [0, 0]
    assert (expected.atm_straddle_price, expected.total_put_oi) == (12.0, 10.0)


def test_an_interval_ends_with_the_first_quote_after_it_whatever_its_length() -> None:
    day_us = T0_US // DAY_US * DAY_US
    book = book_with(quote(100, True, day_us))
    ends: dict[SummaryInterval, list[int]] = {each: [] for each in SummaryInterval}
    for minute in (1, 4, 5, 15, 16, 60, 24 * 60):
        for event in book.apply(OptionQuotes([quote(100, True, day_us + minute * MINUTE_US)])).events:
            if isinstance(event, SummaryPoint):
                ends[event.interval].append((event.start_us - day_us) // MINUTE_US)
    assert ends == {
        SummaryInterval.M1: [0, 1, 4, 5, 15, 16, 60],
        SummaryInterval.M5: [0, 5, 15, 60],
        SummaryInterval.M15: [0, 15, 60],
        SummaryInterval.H1: [0, 60],
        SummaryInterval.D1: [0],
    }


def test_expired_chains_leave_when_a_new_one_comes() -> None:
    book = book_with(quote(100, True, symbol="OLD"))
    late = quote(100, True, T0_US + 30 * DAY_US)
    book.apply(OptionQuotes([late._replace(expiry="2026-03-26")]))
    assert list(chains_of(book).chains) == [EXPIRY, "2026-03-26"]
    book.apply(OptionQuotes([late._replace(expiry="2026-04-30")]))
    assert list(chains_of(book).chains) == ["2026-03-26", "2026-04-30"]
    assert book.contract("NIFTY", "OLD") is None


def test_a_product_has_no_more_contracts_than_allowed() -> None:
    book = OptionBook(MODEL, 2)
    applied = book.apply(OptionQuotes([quote(strike, True) for strike in (1, 2, 3, 1)]))
    assert (applied.processed, len(applied.failures)) == (3, 1)
    assert [row.strike for row in chains_of(book).chains[EXPIRY].rows] == [1, 2]


def test_a_bad_quote_fails_alone() -> None:
    bad = quote(100, True)._replace(timestamp_us="soon")  # type: ignore[arg-type]
    book = OptionBook(MODEL, 10)
    applied = book.apply(OptionQuotes([quote(90, True), bad, quote(110, True)]))
    assert (applied.processed, [key for key, _ in applied.failures]) == (2, ["NIFTY"])


def test_a_name_of_the_feeder_belongs_to_the_contract_that_had_it_first() -> None:
    book = book_with(quote(100, True, symbol="X"), quote(110, True, symbol="X"), quote(100, True, bid=1.0, symbol="X"))
    found = book.contract("NIFTY", "X")
    assert found is not None
    assert (found.strike, found.bid) == (100, 1.0)
    assert book.contract("NIFTY", "Y") is None


def test_a_restored_product_goes_on_as_it_was() -> None:
    book = book_with(quote(100, True, bid=1.0, symbol="X", spot=99.0), quote(100, False, T0_US - 5))
    other = OptionBook(MODEL, 10)
    other.restore("NIFTY", book.checkpoint("NIFTY"))
    assert other.snapshot("NIFTY") == book.snapshot("NIFTY")
    assert other.contract("NIFTY", "X") == book.contract("NIFTY", "X")
    next_one = quote(100, True, T0_US + 2 * MINUTE_US)
    assert other.apply(OptionQuotes([next_one])) == book.apply(OptionQuotes([next_one]))
    assert other.snapshot("NIFTY") == book.snapshot("NIFTY")
    other.forget("NIFTY")
    assert "NIFTY" not in other
    assert len(other) == 0


def test_columns_are_split_and_joined() -> None:
    quotes = [quote(at, True)._replace(product=product) for at, product in enumerate("ABAC", 1)]
    columns = OptionQuotes(list(quotes))
    assert columns.keys == ["A", "B", "A", "C"]
    spread = columns.spread({"A": 0, "B": 1})
    assert {place: part.quotes for place, part in spread.items()} == {0: [quotes[0], quotes[2]], 1: [quotes[1]]}
    assert columns.spread({"A": 3, "B": 3, "C": 3}) == {3: columns}
    assert columns.without({1}).quotes == [quotes[0], *quotes[2:]]
    assert columns.part(1, 3).quotes == quotes[1:3]
    assert columns.ids is None
    columns.extend(OptionQuotes([quotes[0]._replace(id="x")]))
    assert columns.ids == [None, None, None, None, "x"]


def test_contracts_have_names_in_plain_digits() -> None:
    assert quote(100.5, False).contract == f"NIFTY-{EXPIRY}-100.5-P"
    assert quote(1e16, True).contract == f"NIFTY-{EXPIRY}-10000000000000000-C"
    assert replace(chain_of([quote(1, True)]), product="X").name == f"X-{EXPIRY}"
