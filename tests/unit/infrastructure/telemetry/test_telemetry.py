import asyncio
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Literal

import pytest
import structlog
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client.registry import Collector

from domain.prices.price_anomaly import PriceAnomaly
from domain.prices.price_update import PriceUpdate
from domain.prices.ticks import Ticks
from infrastructure.prices.anomaly_collector import AnomalyCollector
from infrastructure.prices.recent_events import RecentEvents
from infrastructure.prices.subject import prices_by
from infrastructure.processing.admission import Admission
from infrastructure.processing.partition import Partition
from infrastructure.storage.storage import NoJournal
from infrastructure.telemetry.logs import configure_logging
from infrastructure.telemetry.loop_watch import LoopWatch
from infrastructure.telemetry.meters import LoopMeter, PipelineMeter, RequestMeter
from infrastructure.telemetry.processing_collector import ProcessingCollector
from infrastructure.telemetry.prometheus import PrometheusExposition
from infrastructure.telemetry.service_collectors import (
    LatenciesCollector,
    LoopCollector,
    StorageCollector,
    StreamCollector,
)
from infrastructure.telemetry.trace_context import TraceContext, current_trace
from infrastructure.telemetry.tracing import OpenTelemetryTracer
from support.fakes import CollectingSink, FakeClock
from support.processing import RULES, admission_of, partitions_of, processor_of
from support.watching import Watching

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = f"00-{TRACE}-00f067aa0ba902b7".encode()


@dataclass
class Workers:
    partitions: Sequence[Partition]
    admission: Admission


@dataclass
class Worked:
    processing: Workers


async def test_exposition_tells_the_accounts_the_crashes_and_the_latencies() -> None:
    clock = FakeClock()
    anomalies: RecentEvents[PriceAnomaly] = RecentEvents(10)
    partitions = partitions_of(1, capacity=2, sink=CollectingSink(failures=1), clock=clock)
    processor = processor_of(partitions, clock)
    requests, messages, loop_meter = RequestMeter(), PipelineMeter(), LoopMeter()
    admission = admission_of(clock)
    hub = Watching().hub
    collectors: list[Collector] = [
        ProcessingCollector(prices_by(RULES), processor, partitions, "marketdata"),
        AnomalyCollector(anomalies),
        StorageCollector(NoJournal([])),
        StreamCollector(hub),
        LatenciesCollector(requests, messages),
        LoopCollector([Worked(Workers(partitions, admission))], loop_meter, hub),
    ]
    exposition = PrometheusExposition(collectors, LoopWatch(clock))
    processor.start()
    await processor.submit(Ticks.of(PriceUpdate("A", price, 0) for price in (1.0, 100.0, 110.0)))
    await clock.advance(1.0)
    requests.observe("/api/prices", "POST", 202, 0.003)
    messages.observe("ProcessPriceUpdate", "ok", 0.0002)
    admission.spend(0.25)
    loop_meter.spend_on_reads(0.5)
    text = exposition.render(False)[0].decode()
    request = 'method="POST",route="/api/prices",status="202"'
    for line in (
        "marketdata_ticks_received_total 3.0",
        "marketdata_ticks_dropped_total 1.0",
        "marketdata_ticks_processed_total 2.0",
        'marketdata_partition_ticks_dropped_total{partition="0"} 1.0',
        'marketdata_worker_restarts_total{partition="0"} 1.0',
        'marketdata_queue_capacity{partition="0"} 2.0',
        f'marketdata_http_request_duration_seconds_bucket{{le="0.001",{request}}} 0.0',
        f'marketdata_http_request_duration_seconds_bucket{{le="0.005",{request}}} 1.0',
        f'marketdata_http_request_duration_seconds_bucket{{le="+Inf",{request}}} 1.0',
        'marketdata_message_duration_seconds_sum{message="ProcessPriceUpdate",outcome="ok"} 0.0002',
        'marketdata_event_loop_seconds_total{work="intake"} 0.25',
        'marketdata_event_loop_seconds_total{work="reads"} 0.5',
        'marketdata_event_loop_seconds_total{work="processing"} 0.0',
        'marketdata_event_loop_seconds_total{work="watchers"} 0.0',
        "marketdata_intake_held_connections 0.0",
        "marketdata_intake_hold_seconds_count 0.0",
        "marketdata_intake_requests_refused_total 0.0",
    ):
        assert line in text.splitlines(), line
    await processor.stop()


@pytest.mark.parametrize("ratio", [0.0, 1.0])
async def test_spans_hang_together_where_the_request_is_sampled(ratio: float) -> None:
    exporter = InMemorySpanExporter()
    tracer = OpenTelemetryTracer(SimpleSpanProcessor(exporter), ratio)
    context = TraceContext(CALLER + b"-00")
    token = current_trace.set(context)
    try:
        request = tracer.request(context, "POST")
        assert (request is not None) is (ratio == 1.0)
        if request is None:
            assert tracer.span("ProcessPriceUpdate") is None
            return
        with request:
            inner = tracer.span("ProcessPriceUpdate")
            assert inner is not None
            with inner:
                pass
    finally:
        current_trace.reset(token)
    inside, outside = exporter.get_finished_spans()
    assert (inside.name, outside.name) == ("ProcessPriceUpdate", "POST")
    assert inside.parent is not None
    assert inside.parent.span_id == outside.context.span_id
    assert f"{outside.context.trace_id:032x}" == TRACE == context.trace_id
    await tracer.shutdown(5.0)


def test_caller_that_records_its_trace_is_followed_whatever_the_ratio() -> None:
    tracer = OpenTelemetryTracer(SimpleSpanProcessor(InMemorySpanExporter()), 0.0)
    assert tracer.request(TraceContext(CALLER + b"-01"), "GET") is not None
    assert tracer.request(TraceContext(CALLER + b"-00"), "GET") is None
    assert OpenTelemetryTracer(None, 1.0).request(TraceContext(CALLER + b"-01"), "GET") is None


def test_sampled_request_without_a_caller_has_one_trace_id_everywhere() -> None:
    exporter = InMemorySpanExporter()
    tracer = OpenTelemetryTracer(SimpleSpanProcessor(exporter), 1.0)
    context = TraceContext()
    span = tracer.request(context, "GET")
    assert span is not None
    with span:
        pass
    assert f"{exporter.get_finished_spans()[0].context.trace_id:032x}" == context.trace_id


@pytest.fixture
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, configuration = root.handlers, root.level, structlog.get_config()
    yield
    root.handlers, root.level = handlers, level
    structlog.configure(**configuration)


@pytest.mark.usefixtures("_restored")
def test_log_is_json_with_the_trace_id_when_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "auto")
    token = current_trace.set(TraceContext(CALLER + b"-01"))
    structlog.stdlib.get_logger("service").info("it happened", symbol="A")
    logging.getLogger("library").warning("so did this")
    structlog.stdlib.get_logger("service").debug("too fine")
    current_trace.reset(token)
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (first["event"], first["symbol"], first["level"], first["trace_id"]) == ("it happened", "A", "info", TRACE)
    assert (second["event"], second["logger"]) == ("so did this", "library")


@pytest.mark.usefixtures("_restored")
def test_log_is_for_eyes_on_a_console(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("warning", "console")
    structlog.stdlib.get_logger("service").warning("look here", count=2)
    line = capsys.readouterr().err
    assert "look here" in line
    assert "count=2" in line
    assert not line.startswith("{")


@pytest.mark.usefixtures("_restored")
@pytest.mark.parametrize("form", ["console", "json"])
def test_what_clients_send_cannot_write_a_line_of_its_own_nor_move_the_cursor(
    capsys: pytest.CaptureFixture[str], form: Literal["console", "json"]
) -> None:
    configure_logging("info", form)
    path = "/a\x1b[2J\x07\r\n2026-01-01 [info] signed in\u2028\u202e\x9b1m"
    structlog.stdlib.get_logger("service").info("request refused", path=path, status=404)
    line, _, rest = capsys.readouterr().err.partition("\n")
    assert rest == ""
    assert line.isprintable()


async def test_collector_that_does_not_answer_holds_up_nobody() -> None:
    stuck = Event()

    class Stuck(SimpleSpanProcessor):
        def shutdown(self) -> None:
            stuck.wait()

    await OpenTelemetryTracer(Stuck(InMemorySpanExporter()), 1.0).shutdown(0.01)
    assert not stuck.is_set()
    stuck.set()


async def test_longest_stall_of_the_loop_is_noted_and_forgotten_in_time() -> None:
    clock = FakeClock()
    watch = LoopWatch(clock)
    running = asyncio.create_task(watch.run())
    await clock.advance(1.0)
    assert watch.longest_stall() == pytest.approx(0.0, abs=1e-9)
    clock.jump(1.5)
    await clock.advance(0.1)
    assert 0.48 <= watch.longest_stall() <= 0.5
    await clock.advance(9.0)
    assert watch.longest_stall() >= 0.48
    await clock.advance(20.0)
    assert watch.longest_stall() == pytest.approx(0.0, abs=1e-9)
    running.cancel()
