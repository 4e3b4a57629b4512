"""Places in a list, as opaque text."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, TypeVar

import msgspec

from application.errors import FieldError, ValidationFailed

Place = TypeVar("Place")

# What a store can be asked about.
Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


def to_cursor(place: object) -> str | None:
    """Text that `from_cursor` reads; None for None."""
    return None if place is None else urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def from_cursor(text: str | None, places: "msgspec.json.Decoder[Place]") -> Place | None:
    """The place. Raises ValidationFailed for text that no answer ever gave."""
    if text is None:
        return None
    try:
        return places.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, msgspec.DecodeError):
        raise ValidationFailed([FieldError("cursor", "invalid_cursor", "must be a nextCursor of an answer")]) from None
