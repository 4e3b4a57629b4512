"""Routes for deliveries of alerts."""

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.http.access import Rule, rule
from api.http.cursors import Int64, from_cursor, to_cursor
from api.http.query import Cursor, Descending, From, Limit, NumberFormat, Numbers, OneQuery, Query, To
from api.http.responses import PageResponse
from api.reference import rule_examples as example
from api.reference.documented import documented
from api.views.rules import DeadLetterPageView, DeadLetterView
from application.mediator import Mediator
from application.paging import Order
from application.rules.commands.replay_dead_letter import ReplayDeadLetter
from application.rules.ports.dead_letters import DeadLetterOrder
from application.rules.queries.list_dead_letters import ListDeadLetters
from domain.access.principal import Principal

_PLACES: msgspec.json.Decoder[DeadLetterOrder] = msgspec.json.Decoder(tuple[Int64, str])


class DeadLettersQuery(Query, frozen=True, rename={"from_": "from"}):
    from_: From = None
    to: To = None
    limit: Limit = None
    cursor: Cursor = None
    order: Descending = Order.DESC
    numbers: NumberFormat = Numbers.NUMBER


class NotificationsController(Controller):
    path = "/api/notifications"
    tags = ("rules",)
    opt = rule(Rule.OPERATE)

    @get(
        "/dead-letters",
        operation_id="listDeadLetters",
        summary="Deliveries that failed for good, by when they did",
        response_class=PageResponse,
        opt=documented(
            "One page; as NDJSON, with the next cursor in `Next-Cursor`.",
            example.DEAD_LETTERS,
            media=example.DEAD_LETTER_LINES,
            problems=(400, 503),
        ),
    )
    async def list_dead_letters(
        self,
        params: NamedDependency[DeadLettersQuery],
        mediator: NamedDependency[Mediator],
        principal: NamedDependency[Principal],
    ) -> DeadLetterPageView:
        after = from_cursor(params.cursor, _PLACES)
        query = ListDeadLetters(params.from_, params.to, params.limit, after, params.order, principal.prefixes)
        found = await mediator.send(query)
        return DeadLetterPageView([DeadLetterView.of(each) for each in found.items], to_cursor(found.next_after))

    @post(
        "/dead-letters/{id:str}/replay",
        status_code=202,
        operation_id="replayDeadLetter",
        summary="Try a delivery again, as often as at first",
        opt=documented("It waits.", example.REPLAYED, problems=(400, 404, 503)),
    )
    async def replay_dead_letter(
        self,
        id: FromPath[str],  # noqa: A002  # as on the wire
        params: NamedDependency[OneQuery],
        mediator: NamedDependency[Mediator],
        principal: NamedDependency[Principal],
    ) -> DeadLetterView:
        return DeadLetterView.of(await mediator.send(ReplayDeadLetter(id, principal.prefixes)))
