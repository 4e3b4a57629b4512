"""Counts messages and measures their duration, by type and outcome."""

from typing import Any

from application.mediator import Proceed
from application.ports.clock import Clock
from application.ports.telemetry import MessageMeter


class Metrics:
    def __init__(self, meter: MessageMeter, clock: Clock) -> None:
        self._meter = meter
        self._clock = clock

    async def __call__(self, message: Any, proceed: Proceed) -> Any:
        outcome = "ok"
        start = self._clock.monotonic()
        try:
            return await proceed(message)
        except BaseException as error:
            outcome = type(error).__name__
            raise
        finally:
            self._meter.observe(type(message).__name__, outcome, self._clock.monotonic() - start)
