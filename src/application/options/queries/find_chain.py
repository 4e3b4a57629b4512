"""Finds chains by name, for queries."""

from application.errors import OptionNotFound
from application.options.ports.option_repository import OptionRepository
from domain.options.chain import Chain, ProductChains
from domain.options.option_model import OptionModel
from domain.symbol import InvalidSymbol, normalise_symbol


def found_product(repository: OptionRepository, product: str) -> ProductChains:
    """Raises OptionNotFound."""
    try:
        name = normalise_symbol(product)
    except InvalidSymbol:
        raise OptionNotFound("product", product) from None
    found = repository.chains(name)
    if found is None or not found.chains:
        raise OptionNotFound("product", name)
    return found


def found_chain(product: ProductChains, expiry: str | None, model: OptionModel) -> Chain:
    """The chain of an expiry; of the nearest one that is not over at the product's newest quote, if none is named.

    Raises:
        OptionNotFound: there is no chain of that expiry.
    """
    if expiry is not None:
        chain = product.chains.get(expiry)
        if chain is None:
            raise OptionNotFound("expiry", f"{expiry} of {product.product}")
        return chain
    chains = list(product.chains.values())
    return next((each for each in chains if model.expires_us(each.expiry) > product.newest_us), chains[-1])
