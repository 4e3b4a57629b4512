"""The base of all answers."""

from decimal import Decimal
from math import isfinite
from typing import Any

import msgspec

from domain.numbers import written

# Decimals are encoded as numbers, with every digit.
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def encode(view: object) -> bytes:
    return _ENCODER.encode(view)


def encode_with_strings(view: object) -> bytes:
    """Encode like `encode`, but decimals, other than counts, as strings in plain notation: `numbers=string`."""
    return _ENCODER.encode(_with_strings(msgspec.to_builtins(view, builtin_types=(Decimal,))))


def significant(mean: float) -> float:
    """Round a mean to the 15 significant digits that a double holds for certain."""
    rounded = float(f"{mean:.15g}")
    # Next to the largest double, rounding up leaves the range.
    return rounded if isfinite(rounded) else mean


def _with_strings(value: Any) -> Any:
    if isinstance(value, float | Decimal):
        return format(written(value), "f")
    if isinstance(value, list):
        return [_with_strings(item) for item in value]
    if isinstance(value, dict):
        return {key: _with_strings(item) for key, item in value.items()}
    return value


class View(msgspec.Struct, frozen=True, rename="camel"):
    """An answer, or a part of one; camelCase on the wire."""
