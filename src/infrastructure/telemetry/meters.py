"""Counters in plain numbers, which Prometheus reads on scrape."""

from infrastructure.processing.latency import Latency


class RequestMeter:
    """HTTP requests by route template, method and status.

    Bounded: callers pass templates and known methods, never raw paths.
    """

    def __init__(self) -> None:
        self.latency: dict[tuple[str, str, int], Latency] = {}

    def observe(self, route: str, method: str, status: int, seconds: float, times: int = 1) -> None:
        key = (route, method, status)
        latency = self.latency.get(key)
        if latency is None:
            latency = self.latency[key] = Latency()
        latency.observe(seconds, times)


class PipelineMeter:
    """The `MessageMeter`: messages by type and outcome."""

    def __init__(self) -> None:
        self.latency: dict[tuple[str, str], Latency] = {}

    def observe(self, message: str, outcome: str, seconds: float) -> None:
        key = (message, outcome)
        latency = self.latency.get(key)
        if latency is None:
            latency = self.latency[key] = Latency()
        latency.observe(seconds)


class LoopMeter:
    """Seconds of the event loop spent on requests without ticks."""

    def __init__(self) -> None:
        self.reads = 0.0

    def spend_on_reads(self, seconds: float) -> None:
        self.reads += seconds
