"""Fixed-size arrays of numbers: packed vectors if the engine is compiled, lists if it is not.

The rest of the domain only reads and writes them by index, so one source serves both.
docs/decisions/0011-vectors-where-compiled.md has the figures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

# A compiled module is not a .py file.
COMPILED: Final = not __file__.endswith(".py")

if COMPILED:
    from librt.vecs import vec
if TYPE_CHECKING:
    from mypy_extensions import i64


def floats(size: i64) -> vec[float]:
    """Return `size` zeros."""
    if COMPILED:
        return vec[float]([0.0] * size)
    return cast("vec[float]", [0.0] * size)


def integers(size: i64) -> vec[i64]:
    """Return `size` zeros."""
    if COMPILED:
        return vec[i64]([0] * size)
    return cast("vec[i64]", [0] * size)


def moved_floats(old: vec[float], start: i64, end: i64, size: i64) -> vec[float]:
    """Return an array of `size` that starts with old[start:end]."""
    if not COMPILED:
        return cast("vec[float]", cast("list[float]", old)[start:end] + [0.0] * (size - end + start))
    new = floats(size)
    for i in range(end - start):
        new[i] = old[start + i]
    return new


def moved_integers(old: vec[i64], start: i64, end: i64, size: i64) -> vec[i64]:
    """Return an array of `size` that starts with old[start:end]."""
    if not COMPILED:
        return cast("vec[i64]", cast("list[int]", old)[start:end] + [0] * (size - end + start))
    new = integers(size)
    for i in range(end - start):
        new[i] = old[start + i]
    return new
