"""Leaves a receiver alone that fails again and again."""

from enum import Enum

from application.ports.clock import Clock


class BreakerState(Enum):
    """HALF_OPEN: the next attempt decides."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class CircuitBreaker:
    """Opens after `failures_max` failures in a row, for some seconds; then one attempt closes it, or opens it again."""

    def __init__(self, failures_max: int, open_seconds: float, clock: Clock) -> None:
        self._failures_max = failures_max
        self._open_seconds = open_seconds
        self._clock = clock
        self._failures = 0
        self._until: float | None = None

    @property
    def state(self) -> BreakerState:
        if self._until is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self._clock.monotonic() < self._until else BreakerState.HALF_OPEN

    def succeeded(self) -> None:
        self._failures = 0
        self._until = None

    def failed(self) -> None:
        self._failures += 1
        if self._failures >= self._failures_max:
            self._until = self._clock.monotonic() + self._open_seconds
