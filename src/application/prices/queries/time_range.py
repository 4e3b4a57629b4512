"""Checks shared by queries over a time range."""

from application.errors import FieldError, SymbolNotFound
from domain.symbol import InvalidSymbol, normalise_symbol

# The years 1 to 9999.
EARLIEST_US = -62_135_596_800_000_000
LATEST_US = 253_402_300_800_000_000


def known_symbol(symbol: str) -> str:
    """Return the canonical symbol. Raises SymbolNotFound for an invalid one, as for a valid one without prices."""
    try:
        return normalise_symbol(symbol)
    except InvalidSymbol:
        raise SymbolNotFound(ascii(symbol[:64])) from None


def check_range(from_us: int | None, to_us: int | None, errors: list[FieldError]) -> None:
    """Add an error unless the range ends after it starts."""
    if from_us is not None and to_us is not None and from_us >= to_us:
        errors.append(FieldError("to", "out_of_range", "must be later than from"))
