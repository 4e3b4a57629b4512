"""One run of a benchmark."""

from enum import Enum
from typing import NamedTuple


class RunType(Enum):
    """How a benchmark loads what it measures."""

    BURST = "burst"
    SUSTAINED = "sustained"
    PROFILE = "profile"


class RunLatency(NamedTuple):
    """In microseconds. measured: how many."""

    measured: int
    min_us: float
    max_us: float
    mean_us: float
    p50_us: float
    p95_us: float
    p99_us: float


class BenchmarkRun(NamedTuple):
    """config: what it was run with, as JSON. timestamp_us: when it ended, microseconds since the Unix epoch."""

    test_type: RunType
    test_name: str
    timestamp_us: int
    config: str
    total_trades: int
    duration_seconds: float
    trades_per_second: float
    queue_full_count: int
    error_count: int
    latency: RunLatency

    @property
    def key(self) -> str:
        """What runs are compared by."""
        return f"{self.test_type.value}/{self.test_name}"
