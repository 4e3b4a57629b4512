"""Error answers."""

import msgspec

from api.views.view import View
from application.errors import FieldError


class ErrorView(View, frozen=True, omit_defaults=True):
    """An error in one field. index: the position of the tick in its batch, if there is one."""

    field: str
    code: str
    message: str
    index: int | msgspec.UnsetType = msgspec.UNSET

    @classmethod
    def of(cls, error: FieldError) -> "ErrorView":
        return cls(error.field, error.code, error.message, msgspec.UNSET if error.index is None else error.index)


class ProblemView(View, frozen=True):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    trace_id: str
    errors: list[ErrorView] | msgspec.UnsetType = msgspec.UNSET
