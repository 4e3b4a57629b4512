"""Symbols in questions about them."""

from application.errors import SymbolNotFound
from domain.symbol import InvalidSymbol, normalise_symbol


def known_symbol(symbol: str, observation: str) -> str:
    """Return the canonical symbol. Raises SymbolNotFound for an invalid one, as for a valid one without observations.

    observation: what a symbol has, such as a price.
    """
    try:
        return normalise_symbol(symbol)
    except InvalidSymbol:
        raise SymbolNotFound(ascii(symbol[:64]), observation) from None
