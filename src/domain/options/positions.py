"""What is held in a chain, and at which prices, at one time: what later times are compared with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from domain.numbers import Number
from domain.options.chain import Chain, ContractKey
from domain.options.option_model import OptionModel


class Position(NamedTuple):
    """The price used and the open interest of a contract; None where there was none."""

    price: Number | None
    open_interest: Number | None


@dataclass(frozen=True)
class ChainPositions:
    """The positions in a chain at the end of a minute. end_us: of that minute; what came since is not in them."""

    product: str
    expiry: str
    end_us: int
    contracts: Mapping[ContractKey, Position]


def positions_of(chain: Chain, end_us: int, model: OptionModel) -> ChainPositions:
    """O(n). Contracts of which neither is known are left out."""
    contracts = {
        key: Position(price, quote.open_interest)
        for key, quote in chain.contracts.items()
        if (price := model.price_used(quote, chain.as_of_us)) is not None or quote.open_interest is not None
    }
    return ChainPositions(chain.product, chain.expiry, end_us, contracts)
