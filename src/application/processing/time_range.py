"""Checks shared by queries over a time range."""

from application.errors import FieldError

# The years 1 to 9999.
EARLIEST_US = -62_135_596_800_000_000
LATEST_US = 253_402_300_800_000_000


def check_range(from_us: int | None, to_us: int | None, errors: list[FieldError]) -> None:
    """Add an error unless the range ends after it starts."""
    if from_us is not None and to_us is not None and from_us >= to_us:
        errors.append(FieldError("to", "out_of_range", "must be later than from"))
