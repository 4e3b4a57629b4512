"""The full state of a sensor, for storage and recovery."""

from dataclasses import dataclass

from domain.exact_sum import Exact
from domain.numbers import Number


@dataclass(frozen=True, slots=True)
class SensorCheckpoint:
    """A state restored from a checkpoint continues exactly like the original.

    quality: its code. window: the last values that are not bad, oldest first.
    """

    key: str
    unit: str | None
    unit_us: int
    value: Number
    quality: int
    newest_us: int
    min: Number | None
    max: Number | None
    count: int
    bad_count: int
    late_count: int
    z_score: float | None
    window: list[Exact]
