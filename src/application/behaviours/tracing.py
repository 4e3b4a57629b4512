"""A span around every message."""

from collections.abc import Awaitable
from contextlib import AbstractContextManager
from typing import Any

from application.mediator import Proceed
from application.ports.telemetry import Tracer


class Tracing:
    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def __call__(self, message: Any, proceed: Proceed) -> Awaitable[Any]:
        span = self._tracer.span(type(message).__name__)
        return proceed(message) if span is None else self._inside(span, message, proceed)

    @staticmethod
    async def _inside(span: AbstractContextManager[object], message: Any, proceed: Proceed) -> Any:
        with span:
            return await proceed(message)
