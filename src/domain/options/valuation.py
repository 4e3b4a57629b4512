"""What the price of a contract implies: its volatility and its sensitivities."""

from dataclasses import dataclass, field
from enum import Enum
from math import exp
from typing import NamedTuple

from domain.options.chain import Chain
from domain.options.greeks import Greeks, black76_greeks, bsm_greeks
from domain.options.implied_volatility import BELOW_INTRINSIC, implied_volatility
from domain.options.option_model import OptionModel, Pricing
from domain.options.option_quote import OptionQuote
from domain.options.spot import Spot, implied_forward


class NoVolatility(Enum):
    """Why a contract has no implied volatility.

    NO_PRICE: there is no price, or bid and ask are not two-sided (a bid of 0, or above the ask), or no spot.
    BELOW_INTRINSIC: the price is not above the intrinsic value. ABOVE_BOUND: no volatility gives such a price.
    EXPIRED: the quote is not from before the expiry.
    """

    NO_PRICE = "no_price"
    BELOW_INTRINSIC = "below_intrinsic"
    ABOVE_BOUND = "above_bound"
    EXPIRED = "expired"


class Valuation(NamedTuple):
    """price: the price used. forward: of the underlying, as of the quote. greeks: at the implied volatility."""

    price: float | None
    iv: float | None
    reason: NoVolatility | None
    years: float
    forward: float | None
    greeks: Greeks | None


@dataclass(frozen=True)
class Valuer:
    """Values the contracts of one chain. forward: the one implied by parity, where the model wants it."""

    chain: Chain
    model: OptionModel
    spot: float | None
    forward: float | None
    rate: float
    dividend_yield: float
    # By time of a quote, which most have in common: years, forward, and what money grows by until the expiry.
    _times: dict[int, tuple[float, float | None, float]] = field(default_factory=dict)

    @staticmethod
    def of(chain: Chain, spot: Spot | None, model: OptionModel) -> "Valuer":
        forward = implied_forward(chain, model) if model.pricing is Pricing.BLACK76 else None
        price = None if spot is None else float(spot.price)
        product = chain.product
        return Valuer(chain, model, price, forward, model.rate_of(product), model.dividend_yield_of(product))

    def value(self, quote: OptionQuote) -> Valuation:
        """The valuation of a contract of the chain; takes a few microseconds."""
        years, forward, growth = self._times.get(quote.timestamp_us) or self._at(quote.timestamp_us)
        price = self.model.price_used(quote, self.chain.as_of_us)
        if years <= 0:
            return Valuation(price, None, NoVolatility.EXPIRED, years, None, None)
        if price is None or quote.has_zero_bid or quote.is_crossed or forward is None:
            return Valuation(price, None, NoVolatility.NO_PRICE, years, forward, None)
        strike = float(quote.strike)
        iv = implied_volatility(price * growth, forward, strike, years, quote.is_call)
        if iv <= 0.0:
            reason = NoVolatility.BELOW_INTRINSIC if iv == BELOW_INTRINSIC else NoVolatility.ABOVE_BOUND
            return Valuation(price, None, reason, years, forward, None)
        return Valuation(price, iv, None, years, forward, self._greeks(strike, years, iv, quote.is_call))

    def _at(self, moment_us: int) -> tuple[float, float | None, float]:
        years = self.model.years(self.chain.expiry, moment_us)
        forward = self.forward
        if self.model.pricing is Pricing.BSM and self.spot is not None:
            forward = self.spot * exp((self.rate - self.dividend_yield) * years)
        found = self._times[moment_us] = (years, forward, exp(self.rate * years))
        return found

    def _greeks(self, strike: float, years: float, iv: float, is_call: bool) -> Greeks:
        if self.forward is not None:
            return black76_greeks(self.forward, strike, years, self.rate, iv, is_call)
        return bsm_greeks(self.spot or 0.0, strike, years, self.rate, self.dividend_yield, iv, is_call)
