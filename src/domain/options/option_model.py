"""How options are valued: rates, the expiry's time of day, and which prices count."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from functools import lru_cache
from zoneinfo import ZoneInfo

from domain.options.option_quote import OptionQuote

YEAR_US = 365 * 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Pricing(Enum):
    """BSM: Black-Scholes-Merton on the spot. BLACK76: Black's formula on the forward implied by put-call parity."""

    BSM = "bsm"
    BLACK76 = "black76"


@dataclass(frozen=True)
class OptionModel:
    """rate, dividend_yield: continuous, a year, as fractions. rates, dividend_yields: by product, instead of these.

    last_max_age_us: how old the last price may be, against the newest quote of its chain, to count where there is no
    two-sided quote. keep_expired_us: how long after its expiry a chain is kept, by the newest quote of its product.
    """

    pricing: Pricing = Pricing.BSM
    rate: float = 0.0
    dividend_yield: float = 0.0
    rates: Mapping[str, float] = field(default_factory=dict)
    dividend_yields: Mapping[str, float] = field(default_factory=dict)
    expiry_time: time = time(15, 30)
    expiry_zone: str = "Asia/Kolkata"
    last_max_age_us: int = 60_000_000
    keep_expired_us: int = 7 * 86_400_000_000

    def rate_of(self, product: str) -> float:
        return self.rates.get(product, self.rate)

    def dividend_yield_of(self, product: str) -> float:
        return self.dividend_yields.get(product, self.dividend_yield)

    def expires_us(self, expiry: str) -> int:
        """When contracts of an expiry end, microseconds since the Unix epoch."""
        return _expires_us(expiry, self.expiry_time, self.expiry_zone)

    def years(self, expiry: str, moment_us: int) -> float:
        """Years of 365 days from a moment to the expiry; negative after it."""
        return (self.expires_us(expiry) - moment_us) / YEAR_US

    def price_used(self, quote: OptionQuote, as_of_us: int) -> float | None:
        """The middle of bid and ask where bid > 0 and ask >= bid; else the last price if it is new enough."""
        bid, ask, last = quote.bid, quote.ask, quote.last
        if bid and ask is not None and ask >= bid > 0:
            return (float(bid) + float(ask)) / 2
        if last and as_of_us - quote.timestamp_us <= self.last_max_age_us:
            return float(last)
        return None


@lru_cache(maxsize=4096)
def _expires_us(expiry: str, at: time, zone: str) -> int:
    moment = datetime.combine(date.fromisoformat(expiry), at, ZoneInfo(zone))
    return (moment - _EPOCH) // _MICROSECOND
