"""A span around every message."""

from typing import Any

from application.mediator import Proceed
from application.ports.telemetry import Tracer


class Tracing:
    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    async def __call__(self, message: Any, proceed: Proceed) -> Any:
        with self._tracer.span(type(message).__name__):
            return await proceed(message)
