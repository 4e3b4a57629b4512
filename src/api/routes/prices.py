"""Ticks in, statistics out."""

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from api.cursors import from_cursor, to_cursor
from api.problems import UnsupportedMediaType
from api.query_parameters import QueryParameters
from api.routes.answers import answer
from api.schemas import AcceptedView, BatchView, StatisticsPageView, StatisticsView
from api.symbol_paths import symbol_of
from api.tick_decoding import UnreadableTick, decode_array, decode_lines, decode_tick
from application.commands.process_price_update import ProcessPriceUpdate
from application.commands.refuse_price_update import RefusePriceUpdate
from application.mediator import Mediator, Message
from application.ports.clock import Clock
from application.queries.get_symbol_statistics import GetSymbolStatistics
from application.queries.list_symbol_statistics import ListSymbolStatistics

JSON = "application/json"
NDJSON = "application/x-ndjson"

_PLACES = msgspec.json.Decoder(str)


def price_routes(mediator: Mediator, clock: Clock) -> list[HTTPRouteHandler]:
    @post("/api/prices")
    async def post_price(request: Request[Any, Any, Any]) -> Response[bytes]:
        _media_type(request, JSON)
        command: Message[None]
        try:
            command = ProcessPriceUpdate(decode_tick(await request.body(), clock.now_us()))
        except UnreadableTick as bad:
            command = RefusePriceUpdate(bad.errors)
        await mediator.send(command)
        return answer(AcceptedView(1), status=202)

    @post("/api/prices/batch")
    async def post_batch(request: Request[Any, Any, Any]) -> Response[bytes]:
        decode = decode_lines if _media_type(request, JSON, NDJSON) == NDJSON else decode_array
        command = decode(await request.body(), clock.now_us())
        return answer(BatchView.of(await mediator.send(command)), status=202)

    @get("/api/prices")
    async def list_prices(request: Request[Any, Any, Any]) -> Response[bytes]:
        query = QueryParameters(request, ("symbols", "limit", "cursor"))
        names = query.text("symbols")
        symbols = None if names is None else tuple(name for name in names.split(",") if name.strip())
        limit = query.integer("limit")
        page = await mediator.send(ListSymbolStatistics(symbols, limit, from_cursor(query.text("cursor"), _PLACES)))
        items = [StatisticsView.of(item) for item in page.items]
        return answer(StatisticsPageView(items, page.total, to_cursor(page.next_after)))

    @get("/api/prices/{symbol:str}")
    async def get_price(request: Request[Any, Any, Any]) -> Response[bytes]:
        statistics = await mediator.send(GetSymbolStatistics(symbol_of(request)))
        return answer(StatisticsView.of(statistics))

    return [post_price, post_batch, list_prices, get_price]


def _media_type(request: Request[Any, Any, Any], *accepted: str) -> str:
    """The body's media type; the first of those accepted where the request names none."""
    header = request.headers.get("content-type")
    if header is None:
        return accepted[0]
    media_type = header.partition(";")[0].strip().lower()
    if media_type not in accepted:
        raise UnsupportedMediaType(f"Send Content-Type: {' or '.join(accepted)}.")
    return str(media_type)
