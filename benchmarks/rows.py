"""Figures as rows: one per side, with the median of its rounds."""

from statistics import median
from typing import Any


def rows_of(rates: dict[str, list[float]], ours: str, unit: str) -> list[dict[str, Any]]:
    """One row per side. The row of `ours` has its ratios to the others, as medians over the rounds."""
    return [
        {
            "side": name,
            "value": median(seen),
            "unit": unit,
            "ratios": {
                other: median(mine / theirs for mine, theirs in zip(seen, rates[other], strict=True))
                for other in rates
                if name == ours and other != name
            },
        }
        for name, seen in rates.items()
    ]


def row(side: str, value: float, unit: str) -> dict[str, Any]:
    return {"side": side, "value": value, "unit": unit, "ratios": {}}
