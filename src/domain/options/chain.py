"""A chain: all contracts of one product and expiry, as they are at one time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from domain.numbers import Number
from domain.options.option_quote import OptionQuote, chain_name

# Strike, and whether it is a call.
ContractKey = tuple[Number, bool]


@dataclass(frozen=True)
class StrikeRow:
    """The call and the put of a strike; None where there is no quote of it."""

    strike: Number
    call: OptionQuote | None
    put: OptionQuote | None


@dataclass(frozen=True)
class Chain:
    """The newest quote of every contract. Immutable: a chain that changes is another one.

    as_of_us: time of the newest quote. updates: quotes taken so far. spot, spot_us: as the feeders sent it.
    """

    product: str
    expiry: str
    as_of_us: int
    updates: int
    spot: Number | None
    spot_us: int | None
    contracts: Mapping[ContractKey, OptionQuote]

    @property
    def name(self) -> str:
        return chain_name(self.product, self.expiry)

    @cached_property
    def rows(self) -> list[StrikeRow]:
        """By strike, ascending."""
        get = self.contracts.get
        strikes = sorted({strike for strike, _ in self.contracts})
        return [StrikeRow(strike, get((strike, True)), get((strike, False))) for strike in strikes]

    @property
    def quotes(self) -> Iterator[OptionQuote]:
        """By strike, ascending, calls first."""
        for row in self.rows:
            if row.call is not None:
                yield row.call
            if row.put is not None:
                yield row.put


@dataclass(frozen=True)
class ProductChains:
    """The chains of one product by expiry, the nearest first. updates: quotes of the product taken so far."""

    product: str
    updates: int
    newest_us: int
    chains: Mapping[str, Chain]
