"""Routes for operators: health, metrics and the accounting."""

from typing import Any

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency

from api.health import Health
from api.http.access import Rule, rule
from api.http.content_coding import ENCODED_BYTES_MIN, accepted_coding, encoded
from api.http.responses import ViewResponse
from api.http.shared_answers import SharedAnswers
from api.reference.documented import documented, text
from api.reference.examples import HEALTH, PROCESSING
from api.views.health import HealthView, StatusView
from api.views.processing import ProcessingView
from application.mediator import Mediator
from application.ports.clock import Clock
from application.processing.get_processing_statistics import GetProcessingStatistics
from infrastructure.telemetry.prometheus import PrometheusExposition

# Whether in OpenMetrics, and the content coding -> a body and its headers.
Scrapes = SharedAnswers[tuple[bool, str | None], tuple[bytes, dict[str, str]]]

# A scrape takes a few milliseconds: no more than a few percent of the time.
_PAUSE_SECONDS = 0.05


def scrapes_of(exposition: PrometheusExposition, clock: Clock) -> Scrapes:
    """Scrapes of the metrics, shared between those who ask at once."""

    def scrape(wanted: tuple[bool, str | None]) -> tuple[bytes, dict[str, str]]:
        open_metrics, coding = wanted
        body, content_type = exposition.render(open_metrics)
        headers = {"Content-Type": content_type}
        if len(body) > ENCODED_BYTES_MIN:
            headers["Vary"] = "Accept-Encoding"
            if coding is not None:
                headers["Content-Encoding"] = coding
                body = encoded(body, coding)
        return body, headers

    return SharedAnswers(scrape, clock, _PAUSE_SECONDS)


class OperationsController(Controller):
    tags = ("operations",)
    opt = rule(Rule.OPERATE)

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
    async def get_metrics(self, request: Request[Any, Any, Any], scrapes: NamedDependency[Scrapes]) -> Response[bytes]:
        coding = accepted_coding(request.headers.get("accept-encoding", ""))
        body, headers = await scrapes.get(("openmetrics" in request.headers.get("accept", ""), coding))
        return Response(body, headers=headers)

    @get(
        "/health/live",
        operation_id="getLiveness",
        summary="Does the process turn",
        opt=documented("It does.", {"status": "live"}) | rule(Rule.OPEN),
    )
    async def get_live(self) -> StatusView:
        return StatusView("live")

    @get(
        "/health/ready",
        operation_id="getReadiness",
        summary="Can it do its work",
        opt=documented("It can.", {"status": "ready"}, problems=(503,)) | rule(Rule.OPEN),
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
        )
        | rule(Rule.READ),
    )
    async def get_health(self, health: NamedDependency[Health]) -> Response[HealthView]:
        report = health.report()
        return ViewResponse(report, status_code=503 if report.status == "unavailable" else 200)
