"""The addresses of the streams, for who comes to them otherwise than their protocols do."""

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from api.live.event_stream import EVENTS_PATH, EVENTS_TYPE
from api.live.websocket import WS_PATH
from api.problems import UpgradeRequired


def live_routes() -> list[HTTPRouteHandler]:
    @get(WS_PATH)
    async def get_ws() -> None:
        raise UpgradeRequired

    @get(EVENTS_PATH)
    async def head_events() -> Response[bytes]:
        """Only a HEAD comes here: a GET has been answered at the edge."""
        return Response(b"", headers={"Content-Type": EVENTS_TYPE, "Cache-Control": "no-store"})

    return [get_ws, head_events]
