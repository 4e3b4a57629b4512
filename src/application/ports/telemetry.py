"""The ports for tracing and metrics."""

from contextlib import AbstractContextManager
from typing import Protocol


class Tracer(Protocol):
    def span(self, name: str) -> AbstractContextManager[object] | None:
        """Return a span around one step; None if the current request is not sampled."""
        ...


class MessageMeter(Protocol):
    def observe(self, message: str, outcome: str, seconds: float) -> None:
        """Record one message. outcome: `ok`, or the name of the error."""
        ...
