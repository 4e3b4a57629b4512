"""Pagination cursors: positions in a list as opaque text."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, TypeVar

import msgspec

from application.errors import FieldError, ValidationFailed

Place = TypeVar("Place")

# The integers a store accepts.
Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


def to_cursor(place: object) -> str | None:
    """Encode a position for `from_cursor`; None stays None."""
    return None if place is None else urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def from_cursor(text: str | None, places: "msgspec.json.Decoder[Place]") -> Place | None:
    """Decode a position. Raises ValidationFailed for an invalid cursor."""
    if text is None:
        return None
    try:
        json = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if b"\\u0000" in json:
            # No symbol has one, and PostgreSQL takes none.
            raise ValueError
        return places.decode(json)
    except (ValueError, msgspec.DecodeError):
        raise ValidationFailed([FieldError("cursor", "invalid_cursor", "must be a nextCursor of an answer")]) from None
