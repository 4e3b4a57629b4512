"""Builds the ASGI app and runs its background tasks."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from importlib.resources import files
from typing import TYPE_CHECKING, Any, cast

import msgspec
import structlog
from litestar import Litestar
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from api.container import Container
from api.http.access import Access, guard_of
from api.http.asgi import AsgiApp
from api.http.dependencies import COMMON, constant
from api.http.downloads import Downloads
from api.http.fast_path import FastPath
from api.http.gateway import Gateway
from api.http.gathering import Gatherer, Gathering
from api.http.methods import METHODS, Methods
from api.http.problems import problem_response
from api.http.responses import ViewResponse
from api.http.static_file import StaticFile
from api.live.event_stream import EventStream
from api.reference.asyncapi import asyncapi_document
from api.reference.documented import Json
from api.reference.openapi import openapi_document
from api.routes.auth import AuthController
from api.routes.cookie_policy import CookiePolicy
from api.routes.dashboard import DashboardController, DashboardFiles
from api.routes.documentation import PAGE_FILES, DocumentationController, Documents, WellKnownController
from api.routes.live import LiveController
from api.routes.operations import OperationsController, scrapes_of
from api.routes.sign_in_page import SignInPageController
from api.subjects.features import Connected, Features, Feed
from api.subjects.rules import LIVE_EXAMPLES, LIVE_SHAPES, RuleFeatures
from api.subjects.rules import ROUTES as RULE_ROUTES
from api.views.view import encode
from application.errors import StorageFailed
from application.rules.errors import RuleChanged, RuleExists
from infrastructure.processing.supervisor import supervise
from infrastructure.settings import Settings

if TYPE_CHECKING:
    from infrastructure.cluster.member import Member

_log = structlog.stdlib.get_logger(__name__)

_LOOK_SECONDS = 0.5

_OWN_ROUTES = (LiveController, DashboardController, OperationsController, DocumentationController, WellKnownController)
_SIGN_IN_ROUTES = (AuthController, SignInPageController)


def create_app(settings: Settings, container: Container | None = None) -> Gateway:
    """Build the ASGI app. Its lifespan starts the workers and feeds, and drains them on shutdown.

    Storage must already be running. container: tests pass one with some providers overridden by fakes.
    """
    container = container or Container(settings=settings)
    features: list[Features] = container.features()
    # A worker answers its operators, and nobody else.
    serves = settings.cluster.is_gateway
    connected: list[Connected] = container.connected() if serves else []
    access: Access | None = container.access()
    dependencies = _dependencies(container, connected)
    app = Litestar(
        route_handlers=_routes(features, signs_in=access is not None) if serves else [OperationsController],
        dependencies=dependencies,
        lifespan=[lambda _: _running(container)],
        exception_handlers={Exception: problem_response},
        guards=[] if access is None else [guard_of(access)],
        response_class=ViewResponse,
        request_max_body_size=settings.limits.max_body_bytes,
        openapi_config=None,
        logging_config=None,
    )
    methods = Methods(app.routes)
    app.state[METHODS] = methods
    # Gathered requests have no spans of their own.
    gathering = [] if container.tracer().enabled else connected
    fast_path = FastPath(
        {
            path: (respond, feature.processing.admission)
            for feature, each in zip(features, connected, strict=False)
            for path, respond in each.posts.items()
        },
        [read for each in connected for read in each.reads],
        {
            template: _gathering(container, feature, template, gatherer, template in each.posts)
            for feature, each in zip(features, gathering, strict=False)
            for template, gatherer in each.gatherers.items()
        },
    )
    return Gateway(
        cast("AsgiApp", app),
        fast_path,
        [path for each in connected for path in each.stream_paths],
        methods,
        container.connections(),
        container.hosts(),
        container.origins(),
        container.request_log(),
        {f"/api/{each.processing.subject.name}": each.processing.admission for each in features},
        container.request_meter(),
        container.loop_meter(),
        container.tracer(),
        container.clock(),
        container.addresses(),
        container.rate_limits(),
        access,
    )


def _gathering(
    container: Container, features: Features, template: str, gatherer: Gatherer[Any], posts: bool
) -> Gathering[Any]:
    spend = features.processing.admission.spend if posts else container.loop_meter().spend_on_reads
    return Gathering(template, "POST" if posts else "GET", gatherer, container.request_meter(), spend)


def describe(container: Container) -> tuple[Json, Json]:
    """Return the OpenAPI and AsyncAPI documents."""
    features: list[Features] = container.features()
    signs_in = container.access() is not None
    names = [*COMMON, *_SERVICE, *(name for each in container.connected() for name in each.dependencies)]
    hub = container.hub()
    examples = {name: example for each in features for name, example in each.live_examples.items()} | LIVE_EXAMPLES
    shapes: dict[str, list[type[msgspec.Struct]]] = {}
    for own in (*(each.live_shapes for each in features), LIVE_SHAPES):
        for name, shape in own.items():
            shapes.setdefault(name, []).append(shape)
    return (
        openapi_document(_routes(features, signs_in), names, signs_in),
        asyncapi_document(examples, shapes, hub.channels, hub.default_channels),
    )


# Dependencies of the service's own handlers.
_SERVICE = (
    "mediator",
    "health",
    "scrapes",
    "event_stream",
    "origins",
    "dashboard_files",
    "documents",
    "accounts",
    "cookie_policy",
    "downloads",
)


def _dependencies(container: Container, connected: list[Connected]) -> dict[str, Provide]:
    openapi, asyncapi = describe(container)
    settings: Settings = container.settings()
    access: Access | None = container.access()
    reference = files("api").joinpath("reference")
    page = {name: StaticFile(name, reference.joinpath(name).read_bytes()) for name in PAGE_FILES}
    own: dict[str, Any] = {
        "mediator": container.mediator(),
        "health": container.health(),
        "scrapes": scrapes_of(container.exposition(), container.clock()),
        "event_stream": EventStream(container.hub()),
        "origins": container.origins(),
        "dashboard_files": DashboardFiles(),
        "documents": Documents(encode(openapi), encode(asyncapi), page),
        "accounts": container.access_mediator(),
        "cookie_policy": CookiePolicy(settings.auth.secure_cookies, container.tokens().seconds),
        "downloads": Downloads(settings.limits.max_page_size, None if access is None else access.knows),
    }
    assert tuple(own) == _SERVICE
    for each in connected:
        own |= each.dependencies
    return {**COMMON, **{name: value if isinstance(value, Provide) else constant(value) for name, value in own.items()}}


def _routes(features: list[Features], signs_in: bool) -> list[ControllerRouterHandler]:
    own = (*_OWN_ROUTES, *_SIGN_IN_ROUTES) if signs_in else _OWN_ROUTES
    return [*(route for each in features for route in each.routes), *RULE_ROUTES, *own]


def _ignore() -> None:
    """What supervises them logs that they died; nothing counts it."""


def _feeds(container: Container) -> list[Feed]:
    settings: Settings = container.settings()
    if not settings.cluster.is_gateway:
        return []
    feeds: list[Feed] = [feed for each in container.connected() for feed in each.feeds]
    if settings.cluster.enabled and settings.keeps_history:
        # Whoever prunes does no harm to the others who do.
        feeds.append(container.retention())
    return feeds


def _beginning(container: Container) -> list[Callable[[], Coroutine[Any, Any, None]]]:
    """What a gateway does in a cluster: it makes the rules of the start, once it knows which ones there are."""
    member: Member | None = container.member()
    if member is None or not member.is_gateway:
        return []
    clock, follower, rules = container.clock(), member.follower, container.rule_features()

    async def begin() -> None:
        while not follower.has_caught_up:
            await clock.sleep(_LOOK_SECONDS)
        # What others had published before is no change.
        container.alert_feed().changes.clear()
        while True:
            try:
                await rules.start()
            except (StorageFailed, RuleExists, RuleChanged) as reason:
                # Owners are missing, or another gateway makes the same ones.
                _log.info("rules of the start are not in force yet", reason=str(reason))
                await clock.sleep(_LOOK_SECONDS)
            else:
                return

    return [begin]


@asynccontextmanager
async def _running(container: Container) -> AsyncIterator[None]:
    features: list[Features] = container.features()
    processors = [each.processing.processor for each in features]
    admissions = [each.processing.admission for each in features]
    rules: RuleFeatures = container.rule_features()
    member: Member | None = container.member()
    if member is None:
        await rules.start()
    for processor in processors:
        processor.start()
    hub = container.hub()
    running = [
        asyncio.create_task(container.loop_watch().run()),
        *(asyncio.create_task(admission.run()) for admission in admissions),
        asyncio.create_task(supervise(hub.run, container.clock(), hub.count_restart, part="hub")),
        *(asyncio.create_task(supervise(run, container.clock(), _ignore, part="rules")) for run in rules.tasks),
        *(asyncio.create_task(feed.run()) for feed in _feeds(container)),
        *(
            asyncio.create_task(supervise(begin, container.clock(), _ignore, part="rules"))
            for begin in _beginning(container)
        ),
    ]
    try:
        yield
    finally:
        for task in running:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await rules.backtests.close()
        # Refuse held requests: the service is stopping.
        for admission in admissions:
            admission.close()
        left = sum(await asyncio.gather(*(processor.stop() for processor in processors)))
        settings: Settings = container.settings()
        await container.tracer().shutdown(settings.processing.flush_deadline_seconds)
        accounts = [processor.statistics() for processor in processors]
        accepted, processed = sum(each.accepted for each in accounts), sum(each.processed for each in accounts)
        _log.info("stopped", accepted=accepted, processed=processed, unprocessed=left)
