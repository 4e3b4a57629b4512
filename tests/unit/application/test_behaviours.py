from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from application.behaviours.metrics import Metrics
from application.behaviours.tracing import Tracing
from application.behaviours.validation import Validation
from application.errors import FieldError, SymbolNotFound, ValidationFailed
from support.fakes import FakeClock
from support.processors import CountingProcessor


@dataclass(frozen=True)
class Ask:
    text: str


class SpyTracer:
    def __init__(self) -> None:
        self.events: list[str] = []

    def span(self, name: str) -> AbstractContextManager[object]:
        return self._span(name)

    @contextmanager
    def _span(self, name: str) -> Iterator[None]:
        self.events.append(f"begin {name}")
        yield
        self.events.append(f"end {name}")


class SpyMeter:
    def __init__(self) -> None:
        self.observed: list[tuple[str, str, float]] = []

    def observe(self, message: str, outcome: str, seconds: float) -> None:
        self.observed.append((message, outcome, seconds))


class ShoutValidator:
    def validate(self, message: Ask) -> Ask:
        if not message.text:
            raise ValidationFailed([FieldError("text", "empty", "must not be empty")], ticks=3)
        return Ask(message.text.upper())


async def test_tracing_puts_a_span_named_after_the_message_around_it() -> None:
    tracer = SpyTracer()

    async def proceed(message: Any) -> None:
        tracer.events.append("inside")

    await Tracing(tracer)(Ask("x"), proceed)
    assert tracer.events == ["begin Ask", "inside", "end Ask"]


async def test_metrics_measure_what_passes_and_what_fails() -> None:
    clock = FakeClock()
    meter = SpyMeter()
    metrics = Metrics(meter, clock)

    async def slow(message: Any) -> str:
        await clock.advance(0.25)
        return "done"

    async def failing(message: Any) -> None:
        raise SymbolNotFound("A")

    assert await metrics(Ask("x"), slow) == "done"
    with pytest.raises(SymbolNotFound):
        await metrics(Ask("x"), failing)
    assert meter.observed == [("Ask", "ok", 0.25), ("Ask", "SymbolNotFound", 0.0)]


async def test_validation_hands_on_the_normal_form_and_counts_what_it_stops() -> None:
    processor = CountingProcessor()
    validation = Validation({Ask: ShoutValidator()}, {Ask: processor.reject})
    seen: list[Any] = []

    async def proceed(message: Any) -> None:
        seen.append(message)

    await validation(Ask("abc"), proceed)
    await validation("no validator for this", proceed)
    with pytest.raises(ValidationFailed):
        await validation(Ask(""), proceed)
    assert seen == [Ask("ABC"), "no validator for this"]
    assert processor.rejected == 3
