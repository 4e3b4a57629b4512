"""The base of all answers."""

import msgspec

# Decimals are encoded as numbers, with every digit.
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def encode(view: object) -> bytes:
    return _ENCODER.encode(view)


class View(msgspec.Struct, frozen=True, rename="camel"):
    """An answer, or a part of one; camelCase on the wire."""
