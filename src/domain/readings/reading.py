"""One reading: a value of a sensor."""

from enum import Enum
from typing import Final, NamedTuple

from domain.numbers import Number

GOOD: Final = 0
UNCERTAIN: Final = 1
BAD: Final = 2


class Quality(Enum):
    """What the sensor says of its value. One of bad quality is in no statistic."""

    GOOD = "good"
    UNCERTAIN = "uncertain"
    BAD = "bad"

    @property
    def code(self) -> int:
        return _CODES[self]

    @staticmethod
    def of(code: int) -> "Quality":
        return _QUALITIES[code]


_CODES = {Quality.GOOD: GOOD, Quality.UNCERTAIN: UNCERTAIN, Quality.BAD: BAD}
_QUALITIES = {code: quality for quality, code in _CODES.items()}


class Reading(NamedTuple):
    """key: of the sensor. timestamp_us: event time, microseconds since the Unix epoch.

    unit: None if the sender does not say.
    """

    key: str
    value: Number
    timestamp_us: int
    quality: Quality = Quality.GOOD
    unit: str | None = None
    id: str | None = None
