from collections.abc import Sequence

import pytest

from application.errors import OptionNotFound, ValidationFailed
from application.options.chain_analysis import Analyses
from application.options.ports.summary_history import SummaryHistory
from application.options.queries.get_chain_analysis import GetChainAnalysis, GetChainAnalysisHandler
from application.options.queries.get_chain_since import (
    GetChainSince,
    GetChainSinceHandler,
    GetChainSinceValidator,
)
from application.options.queries.get_option_contract import GetOptionContract, GetOptionContractHandler
from application.options.queries.get_volatility_surface import GetVolatilitySurface, GetVolatilitySurfaceHandler
from application.options.queries.list_chain_summaries import (
    ListChainSummaries,
    ListChainSummariesHandler,
    ListChainSummariesValidator,
)
from application.options.queries.list_products import ListOptionProducts, ListOptionProductsHandler
from application.paging import Order
from domain.options.chain import ProductChains
from domain.options.option_book import OptionBook, SummaryPoint
from domain.options.option_model import OptionModel
from domain.options.option_quote import OptionQuote
from domain.options.option_quotes import OptionQuotes
from domain.options.spot import Spot, SpotSource
from domain.options.summary_interval import SummaryInterval
from infrastructure.options.position_history import RecentPositions
from infrastructure.options.recent_summaries import RecentSummaries
from support.option_chains import EXPIRY, T0_US, quote

LATER = "2026-02-26"
MINUTE_US = 60_000_000
MODEL = OptionModel()


class FakeOptions:
    """The `OptionRepository` over a book."""

    def __init__(self, *quotes: OptionQuote) -> None:
        self.book = OptionBook(MODEL, 1000)
        self.take(*quotes)
        self._known: dict[str, tuple[int, ProductChains]] = {}

    def take(self, *quotes: OptionQuote) -> None:
        self.book.apply(OptionQuotes(list(quotes)))

    def products(self, prefixes: tuple[str, ...] = ()) -> Sequence[str]:
        return sorted(key for key in self.book.keys() if not prefixes or key.startswith(prefixes))

    def chains(self, product: str) -> ProductChains | None:
        if product not in self.book:
            return None
        known = self._known.get(product)
        if known is None or known[0] != self.book.update_count(product):
            found = self.book.snapshot(product)
            assert found is not None
            known = self._known[product] = (self.book.update_count(product), found)
        return known[1]

    def contract(self, product: str, symbol: str) -> OptionQuote | None:
        return self.book.contract(product, symbol)


class FakeSpots:
    """The `SpotPrices` with one price for all."""

    def __init__(self, price: float | None = None) -> None:
        self.price = price

    def spot(self, product: str) -> Spot | None:
        return None if self.price is None else Spot(self.price, SpotSource.PRICES, T0_US)


def analysis_of(repository: FakeOptions, spots: FakeSpots | None = None) -> GetChainAnalysisHandler:
    return GetChainAnalysisHandler(repository, Analyses(MODEL, spots or FakeSpots()))


async def test_the_nearest_expiry_that_is_not_over_is_the_default() -> None:
    repository = FakeOptions(quote(100, True), quote(100, True)._replace(expiry=LATER))
    handler = analysis_of(repository)
    assert (await handler.handle(GetChainAnalysis("nifty"))).chain.expiry == EXPIRY
    repository.take(quote(100, True, MODEL.expires_us(EXPIRY))._replace(expiry=LATER))
    assert (await handler.handle(GetChainAnalysis("NIFTY"))).chain.expiry == LATER
    assert (await handler.handle(GetChainAnalysis("NIFTY", EXPIRY))).chain.expiry == EXPIRY
    repository.take(quote(100, True, MODEL.expires_us(LATER))._replace(expiry=LATER))
    assert (await handler.handle(GetChainAnalysis("NIFTY"))).chain.expiry == LATER


@pytest.mark.parametrize(
    ("query", "named"),
    [
        (GetChainAnalysis("NOPE"), "product NOPE"),
        (GetChainAnalysis("NO PE"), "product NO PE"),
        (GetChainAnalysis("NIFTY", "2026-03-26"), "expiry 2026-03-26 of NIFTY"),
    ],
)
async def test_what_is_unknown_is_named(query: GetChainAnalysis, named: str) -> None:
    with pytest.raises(OptionNotFound, match=named):
        await analysis_of(FakeOptions(quote(100, True))).handle(query)


async def test_an_analysis_is_the_same_until_the_chain_or_its_spot_changes() -> None:
    repository, spots = FakeOptions(quote(100, True, bid=1.0, ask=2.0)), FakeSpots(100.0)
    handler = analysis_of(repository, spots)
    first = await handler.handle(GetChainAnalysis("NIFTY"))
    repository.take(quote(100, True)._replace(expiry=LATER))
    assert await handler.handle(GetChainAnalysis("NIFTY")) is first
    assert first.value(next(first.chain.quotes)) is first.value(next(first.chain.quotes))
    spots.price = 101.0
    second = await handler.handle(GetChainAnalysis("NIFTY"))
    assert second is not first
    repository.take(quote(100, True, T0_US + 1))
    assert await handler.handle(GetChainAnalysis("NIFTY")) is not second


async def test_a_contract_is_found_by_both_its_names() -> None:
    each = quote(100.5, False, symbol="NIFTY26JAN100.5PE")
    repository = FakeOptions(each)
    handler = GetOptionContractHandler(repository, Analyses(MODEL, FakeSpots()))
    for name in (f"NIFTY-{EXPIRY}-100.5-P", f"nifty-{EXPIRY}-100.50-p", "nifty26jan100.5pe"):
        assert (await handler.handle(GetOptionContract("NIFTY", name))).quote == each
    for name in (f"NIFTY-{EXPIRY}-100.5-C", f"NIFTY-{EXPIRY}-100-P", f"X-{EXPIRY}-100.5-P", "OTHER", "a b", "--"):
        with pytest.raises(OptionNotFound, match="contract"):
            await handler.handle(GetOptionContract("NIFTY", name))


async def test_a_surface_has_the_strikes_and_ages_that_are_asked_for() -> None:
    repository = FakeOptions(
        *(quote(strike, True, T0_US - age, last=1.0, spot=90.0) for age, strike in enumerate(range(95, 105)))
    )
    handler = GetVolatilitySurfaceHandler(repository, Analyses(MODEL, FakeSpots()))

    async def strikes(query: GetVolatilitySurface) -> list[float]:
        found = await handler.handle(query)
        return [float(point.strike) for smile in found.smiles for point in smile.points]

    assert await strikes(GetVolatilitySurface("NIFTY")) == list(range(95, 105))
    assert await strikes(GetVolatilitySurface("NIFTY", min_strike=100)) == list(range(100, 105))
    assert await strikes(GetVolatilitySurface("NIFTY", max_strike=100)) == list(range(95, 101))
    assert await strikes(GetVolatilitySurface("NIFTY", max_age_us=3)) == [95, 96, 97, 98]


async def test_products_are_those_that_the_asker_may_see() -> None:
    repository = FakeOptions(*(quote(1, True)._replace(product=name) for name in ("B", "AX", "AB")))
    handler = ListOptionProductsHandler(repository)
    assert [each.product for each in await handler.handle(ListOptionProducts())] == ["AB", "AX", "B"]
    assert [each.product for each in await handler.handle(ListOptionProducts(("A",)))] == ["AB", "AX"]


async def history_of(minutes: int) -> tuple[FakeOptions, SummaryHistory]:
    """A chain whose open interest grows by one a minute."""
    repository, recent = FakeOptions(), RecentSummaries(1000)
    for minute in range(minutes):
        each = quote(100, True, T0_US + minute * MINUTE_US, open_interest=float(minute))
        await recent.publish(repository.book.apply(OptionQuotes([each])).events)
    return repository, recent


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize(
    ("interval", "expected"), [(SummaryInterval.M1, range(7)), (SummaryInterval.M5, (4, 6)), (SummaryInterval.H1, (6,))]
)
async def test_the_history_pages_both_ways_and_ends_with_the_interval_that_goes_on(
    order: Order, interval: SummaryInterval, expected: Sequence[int]
) -> None:
    repository, history = await history_of(7)
    handler = ListChainSummariesHandler(repository, Analyses(MODEL, FakeSpots()), history)
    seen: list[SummaryPoint] = []
    rest: tuple[int | None, int | None] | None = (None, None)
    while rest is not None:
        page = await handler.handle(
            ListChainSummaries("NIFTY", EXPIRY, interval, rest[0], rest[1], limit=3, order=order)
        )
        assert 1 <= len(page.items) <= 3
        seen += page.items
        rest = page.rest
    values = [point.summary.total_call_oi for point in seen]
    assert values == (list(expected) if order is Order.ASC else list(reversed(expected)))


async def test_the_history_has_a_range() -> None:
    repository, history = await history_of(5)
    handler = ListChainSummariesHandler(repository, Analyses(MODEL, FakeSpots()), history)
    start_us = T0_US // MINUTE_US * MINUTE_US
    query = ListChainSummaries("NIFTY", from_us=start_us + MINUTE_US, to_us=start_us + 4 * MINUTE_US)
    found = await handler.handle(query)
    assert [point.summary.total_call_oi for point in found.items] == [1, 2, 3]
    with pytest.raises(ValidationFailed):
        ListChainSummariesValidator(10).validate(ListChainSummaries("NIFTY", from_us=2, to_us=2))
    with pytest.raises(ValidationFailed):
        ListChainSummariesValidator(10).validate(ListChainSummaries("NIFTY", limit=11))


async def test_a_window_begins_at_the_end_of_the_last_minute_before_it() -> None:
    repository, past = FakeOptions(), RecentPositions(1000)
    start_us = T0_US // MINUTE_US * MINUTE_US
    first = quote(100, True, start_us, last=1.0, open_interest=0.0, previous_open_interest=7.0, previous_close=2.0)
    for minute in range(6):
        each = first._replace(timestamp_us=start_us + minute * MINUTE_US, open_interest=float(minute))
        await past.publish(repository.book.apply(OptionQuotes([each])).events)
    repository.take(first._replace(timestamp_us=start_us + 5 * MINUTE_US + 30_000_000))
    handler = GetChainSinceHandler(repository, Analyses(MODEL, FakeSpots()), past)

    async def known(minutes: int | None) -> tuple[int | None, float | None]:
        found = await handler.handle(GetChainSince("NIFTY", window_minutes=minutes))
        interest = found.at_start(next(found.analysis.chain.quotes)).open_interest
        ended = None if found.before_us is None else (found.before_us - start_us) // MINUTE_US
        return ended, None if interest is None else float(interest)

    # The newest quote is from the middle of the sixth minute.
    assert await known(1) == (4, 3)
    assert await known(4) == (1, 0)
    assert await known(5) == (None, None)
    assert await known(None) == (None, 7)
    for minutes in (0, 10_081):
        with pytest.raises(ValidationFailed):
            GetChainSinceValidator().validate(GetChainSince("NIFTY", window_minutes=minutes))
