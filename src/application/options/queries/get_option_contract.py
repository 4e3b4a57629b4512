"""Get one contract."""

from dataclasses import dataclass

from application.errors import OptionNotFound
from application.mediator import Message
from application.options.chain_analysis import Analyses, ChainAnalysis
from application.options.ports.option_repository import OptionRepository
from application.options.queries.find_chain import found_product
from domain.numbers import InvalidNumber, read_number
from domain.options.chain import ProductChains
from domain.options.option_quote import OptionQuote
from domain.symbol import InvalidSymbol, normalise_symbol

_DAY_LENGTH = len("-2026-01-29")


@dataclass(frozen=True, slots=True)
class ContractFound:
    """A contract and the analysis of its chain."""

    quote: OptionQuote
    analysis: ChainAnalysis


@dataclass(frozen=True, slots=True)
class GetOptionContract(Message[ContractFound]):
    """symbol: the name that the service gives it, or the feeder's."""

    product: str
    symbol: str


class GetOptionContractHandler:
    """Raises OptionNotFound."""

    def __init__(self, repository: OptionRepository, analyses: Analyses) -> None:
        self._repository = repository
        self._analyses = analyses

    async def handle(self, query: GetOptionContract) -> ContractFound:
        product = found_product(self._repository, query.product)
        try:
            symbol = normalise_symbol(query.symbol)
        except InvalidSymbol:
            raise OptionNotFound("contract", query.symbol) from None
        quote = contract_in(product, symbol) or self._repository.contract(product.product, symbol)
        chain = None if quote is None else product.chains.get(quote.expiry)
        if quote is None or chain is None:
            raise OptionNotFound("contract", f"{symbol} of {product.product}")
        return ContractFound(quote, self._analyses.of(chain))


def contract_in(product: ProductChains, name: str) -> OptionQuote | None:
    """The contract of a product by the name that the service gives it."""
    chain_name, _, rest = name.rpartition("-")
    chain_name, _, strike = chain_name.rpartition("-")
    chain = product.chains.get(chain_name[1 - _DAY_LENGTH :])
    if chain is None or chain.name != chain_name or rest not in ("C", "P"):
        return None
    try:
        return chain.contracts.get((read_number(strike), rest == "C"))
    except InvalidNumber:
        return None
