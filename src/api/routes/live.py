"""Live routes: server-sent events, and the WebSocket address for requests without a handshake."""

from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, get
from litestar.di import NamedDependency
from litestar.types import ASGIApp

from api.http.access import Rule, rule
from api.http.errors import UpgradeRequired
from api.http.origins import Origins
from api.http.query import Query
from api.live.event_stream import EVENTS_PATH, EVENTS_TYPE, EventStream
from api.live.handshakes import WS_PATH
from api.reference.documented import documented, text
from domain.access.principal import Principal

_EVENT = "id: 3\nevent: prices\ndata: {...}\n\n"


class EventsQuery(Query, frozen=True, kw_only=True):
    symbols: Annotated[
        str | None,
        msgspec.Meta(
            description="Symbols, and starts of symbols with a * behind them, separated by commas; all without.",
            examples=["AAPL,BTC*"],
        ),
    ] = None
    channels: Annotated[
        str | None, msgspec.Meta(description="Without it, `prices` and `anomalies`.", examples=["prices,anomalies"])
    ] = None
    interval_ms: Annotated[int | None, msgspec.Meta(description="How often prices come, at most.", examples=[100])] = (
        None
    )


class LiveController(Controller):
    tags = ("live",)
    opt = rule(Rule.READ)

    @get(
        WS_PATH,
        status_code=101,
        operation_id="watchByWebSocket",
        summary="Watch prices and anomalies over a WebSocket; its messages are in /schema/asyncapi.json",
        opt=documented("The WebSocket is open.", problems=(400, 403, 426, 503)),
    )
    async def get_ws(self) -> None:
        raise UpgradeRequired

    @get(
        EVENTS_PATH,
        operation_id="watchByEvents",
        summary="Watch prices and anomalies as server-sent events; the messages are those of the WebSocket",
        opt=documented("Events, until somebody leaves.", content=text(EVENTS_TYPE, _EVENT), problems=(400, 403, 503)),
    )
    async def get_events(
        self,
        request: Request[Any, Any, Any],
        params: NamedDependency[EventsQuery],
        event_stream: NamedDependency[EventStream],
        origins: NamedDependency[Origins],
        principal: NamedDependency[Principal],
    ) -> ASGIApp:
        origins.check(request.scope["headers"])
        return event_stream.app(params.symbols, params.channels, params.interval_ms, principal)
