"""What operators ask: is it up, is it well, what has it done."""

from importlib.metadata import version
from typing import Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from api.problems import NotReady
from api.routes.answers import answer
from api.schemas import HealthView, ProcessingView, StatusView
from application.mediator import Mediator
from application.ports.clock import Clock
from application.queries.get_processing_statistics import GetProcessingStatistics
from infrastructure.engine import ENGINE
from infrastructure.processing.partitioned_processor import PartitionedProcessor
from infrastructure.telemetry.prometheus import CONTENT_TYPE, PrometheusExposition


def operation_routes(
    mediator: Mediator, processor: PartitionedProcessor, exposition: PrometheusExposition, clock: Clock
) -> list[HTTPRouteHandler]:
    started = clock.monotonic()

    @get("/api/metrics")
    async def get_processing() -> Response[bytes]:
        return answer(ProcessingView.of(await mediator.send(GetProcessingStatistics())))

    @get("/metrics")
    async def get_metrics() -> Response[bytes]:
        return Response(exposition.render(), headers={"Content-Type": CONTENT_TYPE})

    @get("/health/live")
    async def get_live() -> Response[bytes]:
        return answer(StatusView("live"))

    @get("/health/ready")
    async def get_ready() -> Response[bytes]:
        if not processor.is_running:
            raise NotReady("The workers do not run, or are draining.")
        return answer(StatusView("ready"))

    @get("/health")
    async def get_health() -> Response[bytes]:
        running = processor.is_running
        view = HealthView(
            status="ok" if running else "unavailable",
            version=version("marketdata"),
            engine=ENGINE,
            uptime_seconds=round(clock.monotonic() - started, 3),
            checks={"workers": "ok" if running else "not running"},
        )
        return answer(view, status=200 if running else 503)

    @get("/")
    async def get_root(request: Request[Any, Any, Any]) -> Redirect:
        return Redirect("/schema")

    return [get_processing, get_metrics, get_live, get_ready, get_health, get_root]
