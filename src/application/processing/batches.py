"""What becomes of a batch of observations."""

from dataclasses import dataclass

from application.errors import FieldError

ERRORS_REPORTED_MAX = 100
FORBIDDEN_SYMBOL = FieldError("symbol", "forbidden_symbol", "must be one of the symbols of your key")


@dataclass(frozen=True, slots=True)
class BatchResult:
    """accepted, rejected, duplicates: observations. errors: those of the first rejected ones, by index."""

    accepted: int
    rejected: int
    errors: tuple[FieldError, ...]
    duplicates: int = 0
