"""Page sizes and orders, shared by all paged queries."""

from enum import Enum

from application.errors import FieldError

PAGE_SIZE_DEFAULT = 100


class Order(Enum):
    """Of a list: by time, or by key."""

    ASC = "asc"
    DESC = "desc"


def page_size(limit: int | None, limit_max: int, errors: list[FieldError]) -> int:
    """Return the page size; a default if `limit` is None. A limit out of range is added to `errors`."""
    if limit is None:
        return min(PAGE_SIZE_DEFAULT, limit_max)
    if not 1 <= limit <= limit_max:
        errors.append(FieldError("limit", "out_of_range", f"must be between 1 and {limit_max}"))
    return limit
