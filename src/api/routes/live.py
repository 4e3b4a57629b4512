"""The address of the WebSocket, for who comes without one."""

from litestar import get
from litestar.handlers import HTTPRouteHandler

from api.live.websocket import WS_PATH
from api.problems import UpgradeRequired


def live_routes() -> list[HTTPRouteHandler]:
    @get(WS_PATH)
    async def get_ws() -> None:
        raise UpgradeRequired

    return [get_ws]
