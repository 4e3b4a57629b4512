"""The changing state of one chain. Only the worker of its partition touches it."""

from domain.numbers import Number
from domain.options.chain import Chain, ContractKey
from domain.options.option_quote import OptionQuote


class ChainState:
    """The newest quote of every contract. O(1) a quote; a snapshot costs a copy of the chain, once after a change."""

    def __init__(self, product: str, expiry: str) -> None:
        self.product = product
        self.expiry = expiry
        self.contracts: dict[ContractKey, OptionQuote] = {}
        self.newest_us = -(1 << 62)
        self.updates = 0
        self.spot: Number | None = None
        self.spot_us: int | None = None
        self._snapshot: Chain | None = None

    def put(self, quote: OptionQuote) -> bool:
        """Take a quote, in place of an older one of its contract. Returns whether it is late: older than that."""
        self.updates += 1
        self._snapshot = None
        key = (quote.strike, quote.is_call)
        known = self.contracts.get(key)
        time_us = quote.timestamp_us
        if quote.spot is not None and (self.spot_us is None or time_us >= self.spot_us):
            self.spot, self.spot_us = quote.spot, time_us
        if known is not None and time_us < known.timestamp_us:
            return True
        self.contracts[key] = quote
        self.newest_us = max(self.newest_us, time_us)
        return False

    def snapshot(self) -> Chain:
        """The chain as it is now; the same object until it changes."""
        if self._snapshot is None:
            self._snapshot = Chain(
                self.product, self.expiry, self.newest_us, self.updates, self.spot, self.spot_us, dict(self.contracts)
            )
        return self._snapshot
