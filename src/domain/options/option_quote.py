"""One quote of one option contract."""

from typing import NamedTuple

from domain.numbers import Number, written

CALL, PUT = "CALL", "PUT"


class OptionQuote(NamedTuple):
    """A contract and what is known of it at one time; None for what the feeder did not say.

    product: the underlying. expiry: its day, as in 2026-01-29. symbol: the feeder's own name of the contract.
    iv: the feeder's, as a fraction; kept, and used for nothing. spot: of the underlying, from the same message.
    """

    product: str
    expiry: str
    strike: Number
    is_call: bool
    timestamp_us: int
    bid: Number | None = None
    ask: Number | None = None
    bid_size: Number | None = None
    ask_size: Number | None = None
    last: Number | None = None
    volume: Number | None = None
    open_interest: Number | None = None
    previous_open_interest: Number | None = None
    previous_close: Number | None = None
    iv: Number | None = None
    spot: Number | None = None
    symbol: str | None = None
    id: str | None = None

    @property
    def contract(self) -> str:
        """The name that the service gives the contract."""
        return contract_name(self.product, self.expiry, self.strike, self.is_call)

    @property
    def option_type(self) -> str:
        return CALL if self.is_call else PUT

    @property
    def is_crossed(self) -> bool:
        """Whether more is bid than asked."""
        return self.bid is not None and self.ask is not None and self.bid > self.ask

    @property
    def has_zero_bid(self) -> bool:
        return self.bid == 0


def contract_name(product: str, expiry: str, strike: Number, is_call: bool) -> str:
    """PRODUCT-YYYY-MM-DD-STRIKE-C or -P; it begins with the name of its chain."""
    # In plain digits; nearly every strike is written so already.
    text = repr(strike) if isinstance(strike, float) and 1.0 <= strike < 1e15 else format(written(strike), "f")
    plain = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{product}-{expiry}-{plain}-{'C' if is_call else 'P'}"


def chain_name(product: str, expiry: str) -> str:
    return f"{product}-{expiry}"
