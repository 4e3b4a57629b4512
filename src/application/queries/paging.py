"""What every query that answers in pages has in common."""

from application.errors import FieldError

PAGE_SIZE_DEFAULT = 100


def check_limit(limit: int, limit_max: int) -> list[FieldError]:
    """What is wrong with the number of items asked for."""
    if 1 <= limit <= limit_max:
        return []
    return [FieldError("limit", "out_of_range", f"must be between 1 and {limit_max}")]
