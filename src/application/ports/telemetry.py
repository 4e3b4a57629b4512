"""What is told to those who watch over the service."""

from contextlib import AbstractContextManager
from typing import Protocol


class Tracer(Protocol):
    def span(self, name: str) -> AbstractContextManager[object] | None:
        """A span around one step; None where the request at hand is not sampled."""
        ...


class MessageMeter(Protocol):
    def observe(self, message: str, outcome: str, seconds: float) -> None:
        """One message went through. outcome: `ok`, or the name of the error."""
        ...
