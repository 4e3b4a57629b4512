"""What a chain says, worked out when somebody asks, once for all who ask."""

from functools import cached_property

from application.options.ports.option_repository import SpotPrices
from domain.numbers import Number
from domain.options.chain import Chain, StrikeRow
from domain.options.max_pain import pain_curve
from domain.options.open_interest import Totals, totals
from domain.options.option_model import OptionModel
from domain.options.option_quote import OptionQuote
from domain.options.spot import Spot, Straddle, at_the_money, implied_forward, spot_of, straddle
from domain.options.summary import ChainSummary, summary_of
from domain.options.valuation import Valuation, Valuer

_CHAINS_MAX = 4096


class ChainAnalysis:
    """The figures of one chain with one spot; each is worked out at most once."""

    def __init__(self, chain: Chain, spot: Spot | None, model: OptionModel) -> None:
        self.chain = chain
        self.spot = spot
        self.model = model
        self._valuer = Valuer.of(chain, spot, model)
        self._valuations: dict[tuple[Number, bool], Valuation] = {}

    @property
    def is_expired(self) -> bool:
        return self.chain.as_of_us >= self.model.expires_us(self.chain.expiry)

    @cached_property
    def summary(self) -> ChainSummary:
        return summary_of(self.chain, self.spot, self.model)

    @cached_property
    def totals(self) -> Totals:
        return totals(self.chain)

    @cached_property
    def pain(self) -> list[tuple[Number, Number]]:
        return pain_curve(self.chain)

    @cached_property
    def forward(self) -> float | None:
        """The forward implied by put-call parity."""
        return implied_forward(self.chain, self.model)

    @cached_property
    def at_the_money(self) -> StrikeRow | None:
        return None if self.spot is None else at_the_money(self.chain, self.spot.price)

    @cached_property
    def straddle(self) -> Straddle | None:
        if self.spot is None or self.at_the_money is None:
            return None
        return straddle(self.at_the_money, self.chain, self.spot.price, self.model)

    def value(self, quote: OptionQuote) -> Valuation:
        """The valuation of a contract of the chain."""
        key = (quote.strike, quote.is_call)
        found = self._valuations.get(key)
        if found is None:
            found = self._valuations[key] = self._valuer.value(quote)
        return found


class Analyses:
    """The analysis of each chain, the same one until the chain or its spot changes."""

    def __init__(self, model: OptionModel, prices: SpotPrices) -> None:
        self.model = model
        self._prices = prices
        self._known: dict[str, ChainAnalysis] = {}

    def of(self, chain: Chain) -> ChainAnalysis:
        spot = spot_of(chain, self.model, lambda: self._prices.spot(chain.product))
        known = self._known.get(chain.name)
        if known is not None and known.chain is chain and known.spot == spot:
            return known
        if len(self._known) >= _CHAINS_MAX:
            self._known.clear()
        found = self._known[chain.name] = ChainAnalysis(chain, spot, self.model)
        return found

    def forget(self, product: str) -> None:
        self._known = {name: each for name, each in self._known.items() if each.chain.product != product}
