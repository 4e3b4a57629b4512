"""What operators ask: is it up, is it well, what has it done."""

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from api.health import Health
from api.routes.answers import answer
from api.schemas import ProcessingView, StatusView
from application.mediator import Mediator
from application.queries.get_processing_statistics import GetProcessingStatistics
from infrastructure.telemetry.prometheus import CONTENT_TYPE, PrometheusExposition


def operation_routes(mediator: Mediator, health: Health, exposition: PrometheusExposition) -> list[HTTPRouteHandler]:
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
        health.check_ready()
        return answer(StatusView("ready"))

    @get("/health")
    async def get_health() -> Response[bytes]:
        report = health.report()
        return answer(report, status=503 if report.status == "unavailable" else 200)

    return [get_processing, get_metrics, get_live, get_ready, get_health]
