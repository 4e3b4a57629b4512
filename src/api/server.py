"""Serves the app with uvicorn until SIGTERM or SIGINT."""

import asyncio
import gc
import resource
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import structlog
import uvicorn

from api.app import create_app
from api.container import Container
from api.http.answer_writer import AnswerWriter
from api.http.head_cache import HeadCache
from api.http.protocol import HttpProtocol
from api.live.hub import Hub
from api.live.websocket import WebSocketProtocol
from api.sockets import bound_sockets, close_all
from api.subjects.features import Entry
from api.subjects.registry import SUBJECTS
from api.tls import HSTS, UnusableTls, check_tls
from application.access.commands.create_key import CreateKey
from application.access.errors import AccessUnavailable
from application.access.queries.list_keys import ListKeys
from application.mediator import Mediator
from domain.access.role import Role
from infrastructure.access.key_watch import Watch
from infrastructure.engine import ENGINE
from infrastructure.rules.rules_file import InvalidRules
from infrastructure.settings import Settings
from infrastructure.storage.payloads import Corrupt
from infrastructure.storage.storage import Storage
from infrastructure.storage.store import StoreFailed, StoreRefused
from infrastructure.telemetry.logs import configure_logging

_log = structlog.stdlib.get_logger(__name__)
_SIMULATED = "  SIMULATED prices, trades and machines, in a store of their own; --no-simulation turns them off\n"
_FIRST_KEY = (
    "  the first key, for an admin; it is shown only now:\n"
    "    {key}\n"
    '  "marketdata keys" makes others, and revokes this one\n'
)
_SWITCH_SECONDS = 0.001
_GC_THRESHOLDS = (50_000, 20, 50)


class _Server(uvicorn.Server):
    """Exits with status 0 on SIGTERM and SIGINT.

    uvicorn re-raises the signal after shutting down, so the process would exit as if killed by it.

    storage: started before the server listens, stopped last. keys: their watch. new_key: creates the first key, if
    there is none. hub: closed on shutdown, since subscribers never disconnect by themselves. facts: logged once it
    listens. age_seconds: of the read model of a gateway; a header of every answer.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        storage: Storage,
        keys: Watch,
        new_key: Callable[[], Awaitable[str]],
        hub: Hub,
        facts: dict[str, Any],
        age_seconds: Callable[[], float] | None = None,
    ) -> None:
        super().__init__(config)
        self._storage = storage
        self._keys = keys
        self._new_key = new_key
        self._first_key = ""
        self._hub = hub
        self._facts = facts
        self._age_seconds = age_seconds

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            sockets = bound_sockets(self.config.host, self.config.port)
        except OSError as error:
            reason = error.strerror or str(error)
            _log.critical(
                "cannot listen", reason=reason, **{"server.host": self.config.host, "server.port": self.config.port}
            )
            return
        try:
            await self._storage.start()
            self._first_key = await self._new_key()
            await self._keys.start()
        except (StoreRefused, StoreFailed, Corrupt, AccessUnavailable) as error:
            _log.critical("the service cannot start", reason=str(error))
            close_all(sockets)
            return
        try:
            await super().serve(sockets)
        finally:
            await self._keys.stop()
            await self._storage.stop()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        handled = (signal.SIGINT, signal.SIGTERM)
        previous = [signal.signal(number, self.handle_exit) for number in handled]
        try:
            yield
        finally:
            for number, handler in zip(handled, previous, strict=True):
                signal.signal(number, handler)

    async def on_tick(self, counter: int) -> bool:
        # Called ten times a second; deadlines need a resolution of one second.
        if counter % 10 == 0:
            now = asyncio.get_running_loop().time()
            for connection in list(self.server_state.connections):
                if isinstance(connection, HttpProtocol):
                    connection.check_deadline(now)
            if self._age_seconds is not None:
                # uvicorn makes the default headers of them, with the date.
                age = (b"age", b"%d" % self._age_seconds())
                self.config.encoded_headers = [
                    *(each for each in self.config.encoded_headers if each[0] != b"age"),
                    age,
                ]
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._hub.close()
        await super().shutdown(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._announce()

    def _announce(self) -> None:
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        _log.info("started", host=host, port=port, **self._facts)
        scheme = "https" if self.config.is_ssl else "http"
        at = f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
        print(
            f"marketdata listens on {at}\n{_SIMULATED if self._facts['simulated'] else ''}"
            f"  the dashboard                {at}/\n"
            f"  statistics of every symbol   {at}/api/prices\n"
            f"  moves, newest first          {at}/api/moves\n"
            f"  the accounting               {at}/api/metrics\n"
            f"  for Prometheus               {at}/metrics\n"
            f"  every route, with examples   {at}/schema\n"
            f"{_FIRST_KEY.format(key=self._first_key) if self._first_key else ''}"
            "Ctrl+C drains and stops.",
            flush=True,
        )


async def _new_key(settings: Settings, mediator: Callable[[], Mediator]) -> str:
    """The first key ever, for an admin; empty if there has been one before, or sign-in is off."""
    if not settings.auth.enabled:
        return ""
    keys = await mediator().send(ListKeys())
    return "" if keys else (await mediator().send(CreateKey("first admin", Role.ADMIN))).text


def _facts(settings: Settings) -> dict[str, Any]:
    store = settings.store
    where = "off" if not store.enabled else "PostgreSQL" if store.url else str(store.data_dir.resolve())
    if settings.cluster.enabled:
        where = f"cluster {settings.cluster.name}"
    return {
        "engine": ENGINE,
        "partitions": settings.processing.partition_count,
        "storage": where,
        "simulated": settings.simulation.enabled,
        "sign_in": settings.auth.enabled,
    }


def _allow_open_files() -> None:
    """Raise the soft limit on open files to the hard limit: each subscriber takes a file descriptor."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def serve(settings: Settings, registry: Sequence[Entry] = SUBJECTS) -> int:
    """Run until SIGTERM or SIGINT. Returns the exit status: 0 after an orderly stop, 1 if startup failed.

    registry: the subjects of the service.
    """
    configure_logging(settings.telemetry.log_level, settings.telemetry.log_format)
    try:
        check_tls(settings.server)
    except UnusableTls as error:
        _log.critical("the service cannot start", reason=str(error))
        return 1
    # The storage thread must not keep the event loop waiting for long.
    sys.setswitchinterval(_SWITCH_SECONDS)
    _allow_open_files()
    container = Container(settings=settings, registry=registry)
    try:
        container.rule_features().check()
    except InvalidRules as error:
        _log.critical("the service cannot start", reason=str(error))
        return 1
    gateway = create_app(settings, container)
    heads = HeadCache(gateway.fast_path, gateway.hosts, settings.limits.max_body_bytes, container.access())
    writer = AnswerWriter()
    # Needs no task per connection; see docs/decisions/0017-watchers.md.
    websocket = partial(
        WebSocketProtocol,
        container.hub(),
        writer,
        container.request_meter(),
        container.request_log(),
        container.connections(),
        container.handshakes(),
    )
    config = uvicorn.Config(
        gateway,
        host=settings.server.host,
        port=settings.server.port,
        log_config=None,
        access_log=False,
        server_header=False,
        http=partial(HttpProtocol, gateway, heads, writer, settings.limits),  # type: ignore[arg-type]  # called like a class
        proxy_headers=False,
        ssl_certfile=settings.server.tls_certificate or None,
        ssl_keyfile=settings.server.tls_key or None,
        ssl_keyfile_password=settings.server.tls_key_password.get_secret_value() or None,
        headers=[HSTS] if settings.server.tls_certificate else None,
        timeout_keep_alive=settings.limits.keep_alive_seconds,  # type: ignore[arg-type]  # a float works too
        ws=websocket,  # type: ignore[arg-type]  # called like a class
        lifespan="on",
        # The rest of the deadline is for draining the queues.
        timeout_graceful_shutdown=settings.processing.shutdown_deadline_seconds / 4,  # type: ignore[arg-type]  # a float works too
    )
    # Existing objects are permanent and later ones rarely form cycles, so collections must be cheap and rare.
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)
    new_key = partial(_new_key, settings, container.access_mediator)
    member = container.member()
    age_seconds = member.age_seconds if member is not None and member.is_gateway else None
    server = _Server(
        config, container.storage(), container.key_watch(), new_key, container.hub(), _facts(settings), age_seconds
    )
    try:
        server.run()
    except SystemExit:
        # uvicorn has logged the reason.
        return 1
    return 0 if server.started else 1
