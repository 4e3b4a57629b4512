"""What is known beforehand about all sensors of a type."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.numbers import Number, is_higher, plain


@dataclass(frozen=True, slots=True)
class SensorType:
    """None for what is not known.

    min, max: values outside are none that the sensor can have. low, high: values outside raise an alert by default.
    resolution: the smallest difference that it tells.
    """

    name: str
    unit: str | None = None
    min: Number | None = None
    max: Number | None = None
    low: Number | None = None
    high: Number | None = None
    resolution: Number | None = None

    def excess(self, value: Number) -> str | None:
        """Return which limit a value is beyond, in words; None if it is within both."""
        if self.min is not None and is_higher(self.min, value):
            return f"at least {plain(self.min)}"
        if self.max is not None and is_higher(value, self.max):
            return f"at most {plain(self.max)}"
        return None


@dataclass(frozen=True, slots=True)
class SensorTypes:
    """What is known of sensors, by type."""

    by_name: Mapping[str, SensorType] = field(default_factory=dict)
