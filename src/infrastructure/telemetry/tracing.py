"""Spans of sampled requests, through the OpenTelemetry SDK."""

import asyncio
import random
from contextlib import AbstractContextManager
from threading import Thread

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import use_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from infrastructure.telemetry.trace_context import TraceContext, current_trace


class OpenTelemetryTracer:
    """Decides per request whether it is traced, before the SDK costs anything.

    exporter: where finished spans go; with None nothing is traced, and `enabled` is False.
    sample_ratio: share of requests traced whose caller does not request it in its `traceparent`.
    """

    def __init__(self, exporter: SpanProcessor | None, sample_ratio: float) -> None:
        self._sample_ratio = sample_ratio if exporter else 0.0
        self.enabled = exporter is not None
        self._provider = TracerProvider(
            # What reaches the SDK has been sampled already.
            sampler=ALWAYS_ON,
            resource=Resource.create({"service.name": "marketdata"}),
            shutdown_on_exit=False,
        )
        if exporter is not None:
            self._provider.add_span_processor(exporter)
        self._tracer = self._provider.get_tracer("marketdata")
        self._propagator = TraceContextTextMapPropagator()

    def request(self, context: TraceContext, name: str) -> AbstractContextManager[object] | None:
        """Return the span of a whole request; None if it is not sampled."""
        if not self.enabled or not (context.sampled_by_caller or random.random() < self._sample_ratio):  # noqa: S311  # no secret
            return None
        carrier = {"traceparent": context.traceparent} if context.traceparent else {}
        span = self._tracer.start_span(name, self._propagator.extract(carrier))
        context.sample_as(f"{span.get_span_context().trace_id:032x}")
        return use_span(span, end_on_exit=True)

    def span(self, name: str) -> AbstractContextManager[object] | None:
        """Return a span inside that of the current request; None if that one is not sampled."""
        context = current_trace.get()
        if context is None or not context.sampled:
            return None
        return self._tracer.start_as_current_span(name)

    async def shutdown(self, deadline_seconds: float) -> None:
        """Flush the remaining spans, as long as the deadline allows."""
        # A daemon, so that an unresponsive collector does not block shutdown.
        flushing = Thread(target=self._provider.shutdown, daemon=True)
        flushing.start()
        await asyncio.to_thread(flushing.join, deadline_seconds)


def otlp_exporter(endpoint: str) -> SpanProcessor | None:
    """Send spans in batches, from a separate thread, to an OTLP/HTTP collector; None for an empty endpoint."""
    return BatchSpanProcessor(OTLPSpanExporter(endpoint)) if endpoint else None
