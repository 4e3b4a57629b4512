"""The app: everything wired, behind one ASGI entry."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import cast

import structlog
from litestar import Litestar

from api.asgi import AsgiApp
from api.container import Container
from api.edge import Edge
from api.live.event_stream import EventStream
from api.problems import problem_response
from api.routes.anomalies import anomaly_routes
from api.routes.dashboard import dashboard_routes
from api.routes.documentation import documentation_routes
from api.routes.history import history_routes
from api.routes.live import live_routes
from api.routes.operations import operation_routes
from api.routes.prices import price_routes
from api.short_way import ShortWay
from api.tick_intake import TickIntake
from api.tick_stream import TickStream
from infrastructure.engine import ENGINE
from infrastructure.processing.supervisor import supervise
from infrastructure.settings import Settings

_log = structlog.stdlib.get_logger(__name__)


def create_app(settings: Settings, container: Container | None = None) -> Edge:
    """The ASGI app; its lifespan starts the workers and the feed, and drains them. Storage has been started before.

    container: for tests, one with some providers overridden by fakes.
    """
    container = container or Container(settings=settings)
    mediator = container.mediator()
    clock = container.clock()
    durable = settings.storage.durability == "sync"
    intake = TickIntake(mediator, container.first_answers(), clock, settings.processing.max_batch_size, durable)
    app = Litestar(
        route_handlers=[
            *price_routes(mediator, intake, container.admission()),
            *anomaly_routes(mediator),
            *history_routes(mediator),
            *operation_routes(mediator, container.health(), container.exposition()),
            *live_routes(),
            *dashboard_routes(),
            *documentation_routes(),
        ],
        lifespan=[lambda _: _running(settings, container)],
        exception_handlers={Exception: problem_response},
        request_max_body_size=settings.limits.max_body_bytes,
        openapi_config=None,
        logging_config=None,
    )
    return Edge(
        cast("AsgiApp", app),
        ShortWay(mediator, intake),
        TickStream(mediator, container.admission(), clock, settings.processing.max_batch_size, durable),
        EventStream(container.hub()),
        container.admission(),
        container.request_meter(),
        container.loop_meter(),
        container.tracer(),
        clock,
        settings.limits.max_body_bytes,
    )


@asynccontextmanager
async def _running(settings: Settings, container: Container) -> AsyncIterator[None]:
    processor = container.processor()
    processor.start()
    _log.info("started", engine=ENGINE, partitions=len(container.partitions()))
    hub = container.hub()
    running = [
        asyncio.create_task(container.loop_watch().run()),
        asyncio.create_task(container.admission().run()),
        asyncio.create_task(supervise(hub.run, container.clock(), hub.count_restart, part="hub")),
    ]
    if settings.simulation.enabled:
        running.append(asyncio.create_task(container.feed().run()))
    try:
        yield
    finally:
        for task in running:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        # Nobody is held for a service that goes.
        container.admission().close()
        left = await processor.stop()
        await container.tracer().shutdown(settings.processing.flush_deadline_seconds)
        account = processor.statistics()
        _log.info("stopped", accepted=account.accepted, processed=account.processed, unprocessed=left)
