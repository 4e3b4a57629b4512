"""Routes for operators: health, metrics and the accounting."""

from typing import Any

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency

from api.health import Health
from api.http.responses import ViewResponse
from api.reference.documented import documented, text
from api.reference.examples import HEALTH, PROCESSING
from api.views.health import HealthView, StatusView
from api.views.processing import ProcessingView
from application.mediator import Mediator
from application.processing.get_processing_statistics import GetProcessingStatistics
from infrastructure.telemetry.prometheus import PrometheusExposition


class OperationsController(Controller):
    tags = ("operations",)

    @get(
        "/api/metrics",
        operation_id="getProcessing",
        summary="The accounting",
        opt=documented("Counted so far.", PROCESSING),
    )
    async def get_processing(self, mediator: NamedDependency[Mediator]) -> ProcessingView:
        return ProcessingView.of(await mediator.send(GetProcessingStatistics()))

    @get(
        "/metrics",
        operation_id="getMetrics",
        summary="Metrics for Prometheus",
        opt=documented("Prometheus text.", content=text("text/plain", "marketdata_ticks_received_total 1.0\n")),
    )
    async def get_metrics(
        self, request: Request[Any, Any, Any], exposition: NamedDependency[PrometheusExposition]
    ) -> Response[bytes]:
        body, content_type = exposition.render(request.headers.get("accept", ""))
        return Response(body, headers={"Content-Type": content_type})

    @get(
        "/health/live",
        operation_id="getLiveness",
        summary="Does the process turn",
        opt=documented("It does.", {"status": "live"}),
    )
    async def get_live(self) -> StatusView:
        return StatusView("live")

    @get(
        "/health/ready",
        operation_id="getReadiness",
        summary="Can it do its work",
        opt=documented("It can.", {"status": "ready"}, problems=(503,)),
    )
    async def get_ready(self, health: NamedDependency[Health]) -> StatusView:
        health.check_ready()
        return StatusView("ready")

    @get(
        "/health",
        operation_id="getHealth",
        summary="How it is, in more words",
        opt=documented(
            "It is well.", HEALTH, also={503: (HealthView, "It is not.", HEALTH | {"status": "unavailable"})}
        ),
    )
    async def get_health(self, health: NamedDependency[Health]) -> Response[HealthView]:
        report = health.report()
        return ViewResponse(report, status_code=503 if report.status == "unavailable" else 200)
