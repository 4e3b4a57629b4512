"""The short way: the routes that are called all day, answered without a framework.

A typed Litestar handler costs more than all the rest of a tick together (docs/decisions/0005-a-short-way-in.md has the
figures). Two callers come this way: `Edge` by ASGI, and `HttpProtocol` straight from the socket. Litestar keeps the
routes too, for whatever spelling of their address does not come this way.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from api.answer import Answer, answer_to
from api.asked import Asked
from api.schemas import StatisticsView, encode
from api.tick_intake import JSON, TickIntake
from application.mediator import Mediator
from application.queries.get_symbol_statistics import GetSymbolStatistics

# A symbol that stands in its path as itself. The rest, with escapes or slashes, is for the router.
_STATISTICS_PATH = re.compile(r"/api/prices/([A-Za-z0-9._:-]{1,32})\Z")


@dataclass(frozen=True, slots=True)
class Route:
    """template: how metrics name it. respond: from what the head asks, and the body, to the answer.

    brings_ticks: whether a request has to be admitted.
    """

    template: str
    path: str
    respond: Callable[[Asked, bytes], Awaitable[Answer]]
    brings_ticks: bool


class ShortWay:
    def __init__(self, mediator: Mediator, intake: TickIntake) -> None:
        self._mediator = mediator
        self._posts = {
            path: Route(path, path, respond, brings_ticks=True)
            for path, respond in (("/api/prices", intake.take_one), ("/api/prices/batch", intake.take_many))
        }

    def route(self, method: str, path: str) -> Route | None:
        """The route of a request without a query; None where the router shall see to it."""
        if method == "POST":
            return self._posts.get(path)
        if method == "GET" and (match := _STATISTICS_PATH.match(path)):
            return Route("/api/prices/{symbol}", path, partial(self._statistics, match.group(1)), brings_ticks=False)
        return None

    async def answer(self, route: Route, asked: Asked, body: bytes) -> Answer:
        """What the route answers, or the problem that came up."""
        try:
            return await route.respond(asked, body)
        except (Exception, asyncio.CancelledError) as given:
            return answer_to(given, route.path)

    async def _statistics(self, symbol: str, asked: Asked, body: bytes) -> Answer:
        return Answer(200, JSON, encode(StatisticsView.of(await self._mediator.send(GetSymbolStatistics(symbol)))))
