"""The figures of options that rules can be about.

A figure of a contract is known with each of its quotes. One of a chain is that at the end of a second in which quotes
of it came, and so known with the first quote of a later one: neither depends on how quotes are put into batches.
"""

from collections.abc import Sequence
from typing import Any

from domain.options.chain import Chain
from domain.options.option_model import OptionModel
from domain.options.option_quote import OptionQuote
from domain.options.spot import Spot, SpotSource, at_the_money, spot_of
from domain.options.summary import ChainSummary, summary_of
from domain.options.valuation import Valuer

# Names of figures. The distance to max pain is in percent of the spot, the spread in percent of the middle.
FIGURES = ("pcr", "iv", "spread", "maxPainDistance", "openInterest")


class OptionFigures:
    """The figures after each quote of a batch.

    ended: by the place of a quote, the chain as it was at the end of the second before, and whether its expiry is the
    nearest one.
    """

    def __init__(self, quotes: Sequence[OptionQuote], model: OptionModel) -> None:
        self.ended: dict[int, tuple[Chain, bool]] = {}
        self._quotes = quotes
        self._model = model
        self._summaries: dict[int, ChainSummary] = {}

    def at(self, place: int) -> "FiguresAfter":
        return FiguresAfter(self, place)

    def chain_figure(self, name: str, expiry: str, place: int) -> Any:
        """Of the nearest expiry if `expiry` is empty. None where there is nothing new."""
        chain, is_nearest = self.ended.get(place, (None, False))
        if chain is None or not (chain.expiry == expiry or (expiry == "" and is_nearest)):
            return None
        if name == "spread":
            return self._straddle_spread(chain)
        summary = self._summaries.get(place)
        if summary is None:
            summary = self._summaries[place] = summary_of(chain, self._spot(chain), self._model)
        return _of_summary(name, summary)

    def contract_figure(self, name: str, contract: str, place: int) -> Any:
        """contract: without its product."""
        quote = self._quotes[place]
        if quote.contract[len(quote.product) + 1 :] != contract:
            return None
        if name == "openInterest":
            return quote.open_interest
        if name == "spread":
            return _spread([quote])
        return self._iv(quote) if name == "iv" else None

    def _iv(self, quote: OptionQuote) -> float | None:
        """With the spot that came with the quote."""
        if quote.spot is None:
            return None
        time_us = quote.timestamp_us
        alone = Chain(quote.product, quote.expiry, time_us, 1, quote.spot, time_us, {})
        spot = Spot(quote.spot, SpotSource.CHAIN, time_us)
        return Valuer.of(alone, spot, self._model).value(quote).iv

    def _spot(self, chain: Chain) -> Spot | None:
        return spot_of(chain, self._model, lambda: None)

    def _straddle_spread(self, chain: Chain) -> float | None:
        spot = self._spot(chain)
        row = None if spot is None else at_the_money(chain, spot.price)
        return None if row is None or row.call is None or row.put is None else _spread([row.call, row.put])


class FiguresAfter:
    """The figures after one quote, each worked out when a rule asks for it."""

    def __init__(self, figures: OptionFigures, place: int) -> None:
        self._figures = figures
        self._place = place

    def get(self, figure: str) -> Any:
        """figure: a name, and what it is of: `pcr 2026-01-29`, `iv 2026-01-29-21500-C`."""
        name, _, part = figure.partition(" ")
        if part.endswith(("-C", "-P")):
            return self._figures.contract_figure(name, part, self._place)
        return self._figures.chain_figure(name, part, self._place)


def _of_summary(name: str, summary: ChainSummary) -> Any:
    if name == "pcr":
        return summary.pcr_oi
    if name == "iv":
        return summary.atm_iv
    if name == "openInterest":
        return float(summary.total_call_oi) + float(summary.total_put_oi)
    if summary.max_pain_strike is None or summary.spot is None:
        return None
    return (float(summary.max_pain_strike) / float(summary.spot.price) - 1) * 100


def _spread(quotes: list[OptionQuote]) -> float | None:
    """Asks less bids, in percent of their middle; None if one is not two-sided."""
    bids = asks = 0.0
    for quote in quotes:
        if not quote.bid or quote.ask is None or quote.is_crossed:
            return None
        bids += float(quote.bid)
        asks += float(quote.ask)
    return (asks - bids) / ((asks + bids) / 2) * 100
