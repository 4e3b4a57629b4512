"""Price anomalies: detected spikes."""

from dataclasses import dataclass
from decimal import Context, Decimal
from enum import Enum
from hashlib import blake2b

from domain.numbers import EXACT, NUMBER_MAX, Number, written

_MEDIUM_MAX_PERCENT = 3
_HIGH_MAX_PERCENT = 5
# Far more digits than a double holds, so that only the final rounding to a double is visible.
_ROUNDED = Context(prec=50)
_HUNDRED = Decimal(100)


class Direction(Enum):
    UP = "up"
    DOWN = "down"


class Severity(Enum):
    """`medium` for a change of up to 3 %, `high` up to 5 %, `critical` above."""

    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class PriceAnomaly:
    """A tick that moved too far from the lowest or highest price in its window. Created by `make_anomaly`.

    sequence: the symbol's count of accepted ticks, including this one.
    reference_price: that lowest (for `UP`) or highest (for `DOWN`) price.
    change_percent: (new - reference) / reference * 100, negative for a fall, as the nearest finite double.
    detected_at_us: the tick's timestamp, microseconds since the Unix epoch.
    """

    symbol: str
    sequence: int
    direction: Direction
    reference_price: Number
    new_price: Number
    change_percent: float
    severity: Severity
    detected_at_us: int

    @property
    def order(self) -> tuple[int, str, int, str]:
        """Sort key, from old to new; the same in every run and for any number of partitions."""
        return (self.detected_at_us, self.symbol, self.sequence, self.direction.value)

    @property
    def id(self) -> str:
        """See `event_id`."""
        return event_id(self.symbol, self.sequence, self.direction, self.detected_at_us)

    @property
    def time_us(self) -> int:
        return self.detected_at_us


def event_id(symbol: str, sequence: int, direction: Direction, time_us: int) -> str:
    """Return 32 hex digits derived from the ticks alone, so that a replay produces the same id."""
    name = f"{symbol} {sequence} {direction.value} {time_us}"
    return blake2b(name.encode(), digest_size=16).hexdigest()


def make_anomaly(
    symbol: str, sequence: int, direction: Direction, reference_price: Number, new_price: Number, detected_at_us: int
) -> PriceAnomaly:
    """Create an anomaly with its change and severity. Like the spike rule, severity is exact at the thresholds."""
    reference = written(reference_price)
    new = written(new_price)
    change = _ROUNDED.multiply(_ROUNDED.subtract(new, reference), _HUNDRED)
    if _moved_at_most(_MEDIUM_MAX_PERCENT, direction, reference, new):
        severity = Severity.MEDIUM
    elif _moved_at_most(_HIGH_MAX_PERCENT, direction, reference, new):
        severity = Severity.HIGH
    else:
        severity = Severity.CRITICAL
    return PriceAnomaly(
        symbol=symbol,
        sequence=sequence,
        direction=direction,
        reference_price=reference_price,
        new_price=new_price,
        change_percent=min(float(_ROUNDED.divide(change, reference)), NUMBER_MAX),
        severity=severity,
        detected_at_us=detected_at_us,
    )


def _moved_at_most(percent: int, direction: Direction, reference: Decimal, new: Decimal) -> bool:
    new_in_percent = EXACT.multiply(new, _HUNDRED)
    if direction is Direction.UP:
        return new_in_percent <= EXACT.multiply(reference, Decimal(100 + percent))
    return new_in_percent >= EXACT.multiply(reference, Decimal(100 - percent))
