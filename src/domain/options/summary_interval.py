"""The intervals of the history of chains."""

from enum import Enum


class SummaryInterval(Enum):
    """Its name on the wire, and its seconds."""

    M1 = "1m"
    M5 = "5m"
    M15 = "15m"
    H1 = "1h"
    D1 = "1d"

    @property
    def width_us(self) -> int:
        return _SECONDS[self.value] * 1_000_000

    def start_us(self, moment_us: int) -> int:
        """When the interval began that a moment is in."""
        return moment_us // self.width_us * self.width_us


_SECONDS = {"1m": 60, "5m": 300, "15m": 900, "1h": 3600, "1d": 86_400}
