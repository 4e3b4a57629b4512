"""What all answers have in common."""

import msgspec

# A Decimal goes out as the number it is, with every digit.
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def encode(view: object) -> bytes:
    return _ENCODER.encode(view)


class View(msgspec.Struct, frozen=True, rename="camel"):
    """An answer, or a part of one; camelCase on the wire."""
