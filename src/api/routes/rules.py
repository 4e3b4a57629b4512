"""Routes for rules."""

import re
from typing import Any

import msgspec
from litestar import Controller, Request, Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.http.access import Rule, rule
from api.http.cursors import from_cursor, to_cursor
from api.http.json_bodies import read_body
from api.http.query import Ascending, Cursor, Limit, NoQuery, NumberFormat, Numbers, OneQuery, Query
from api.http.responses import PageResponse, ValidatedResponse, ViewResponse
from api.reference import rule_examples as example
from api.reference.documented import documented, header
from api.views.rules import RulePageView, RuleView
from application.mediator import Mediator
from application.paging import Order
from application.rules.commands.create_rule import CreateRule
from application.rules.commands.delete_rule import DeleteRule
from application.rules.commands.replace_rule import ReplaceRule
from application.rules.queries.list_rules import GetRule, ListRules
from domain.access.principal import Principal

_PLACES: msgspec.json.Decoder[str] = msgspec.json.Decoder(str)
_TAG = re.compile(r'"([0-9]{1,15})"\Z')
_IF_MATCH = header("If-Match", "The `ETag` of the rule that was read: a rule that has changed since stays.", '"1"')


class RulesQuery(Query, frozen=True):
    limit: Limit = None
    cursor: Cursor = None
    order: Ascending = Order.ASC
    numbers: NumberFormat = Numbers.NUMBER


class RulesController(Controller):
    path = "/api/rules"
    tags = ("rules",)
    opt = rule(Rule.READ)

    @get(
        "/",
        operation_id="listRules",
        summary="The rules, by id",
        response_class=PageResponse,
        opt=documented(
            "One page; as NDJSON, with the next cursor in `Next-Cursor`.",
            example.RULES,
            media=example.RULE_LINES,
            problems=(400,),
        ),
    )
    async def list_rules(
        self,
        params: NamedDependency[RulesQuery],
        mediator: NamedDependency[Mediator],
        principal: NamedDependency[Principal],
    ) -> RulePageView:
        after = from_cursor(params.cursor, _PLACES)
        page = await mediator.send(ListRules(params.limit, after, params.order, principal.prefixes))
        return RulePageView([RuleView.of(each) for each in page.items], to_cursor(page.next_after))

    @post(
        "/",
        status_code=201,
        operation_id="createRule",
        summary="Create a rule",
        opt=documented(
            "Created. Observations from now on are shown to it.",
            example.RULE,
            problems=(400, 409, 413, 415, 507),
            body=example.RULE_BODY,
        )
        | rule(Rule.OPERATE),
    )
    async def create_rule(
        self,
        request: Request[Any, Any, Any],
        params: NamedDependency[NoQuery],
        mediator: NamedDependency[Mediator],
        principal: NamedDependency[Principal],
    ) -> Response[RuleView]:
        made = await mediator.send(CreateRule(await read_body(request), principal.prefixes))
        headers = {"ETag": f'"{made.revision}"', "Location": f"/api/rules/{made.id}"}
        return ViewResponse(RuleView.of(made), headers=headers)

    @get(
        "/{id:str}",
        operation_id="getRule",
        summary="A rule",
        response_class=ValidatedResponse,
        opt=documented("The rule.", example.RULE, problems=(400, 404)),
    )
    async def get_rule(
        self,
        id: FromPath[str],  # noqa: A002  # as on the wire
        params: NamedDependency[OneQuery],
        mediator: NamedDependency[Mediator],
        principal: NamedDependency[Principal],
    ) -> Response[RuleView]:
        found = await mediator.send(GetRule(id, principal.prefixes))
        return ValidatedResponse(RuleView.of(found), headers={"ETag": f'"{found.revision}"'})

    @put(
        "/{id:str}",
        operation_id="replaceRule",
        summary="Replace a rule; one that is different begins anew, and its open alerts resolve",
        opt=documented(
            "Replaced.",
            example.RULE | {"revision": 2},
            problems=(400, 404, 409, 413, 415, 507),
            headers=[_IF_MATCH],
            body=example.REPLACED_BODY,
        )
        | rule(Rule.OPERATE),
    )
    async def replace_rule(
        self,
        id: FromPath[str],  # noqa: A002  # as on the wire
        request: Request[Any, Any, Any],
        params: NamedDependency[NoQuery],
        mediator: NamedDependency[Mediator],
        principal: NamedDependency[Principal],
    ) -> Response[RuleView]:
        values = await read_body(request)
        made = await mediator.send(ReplaceRule(id, values, _revisions(request), principal.prefixes))
        return ViewResponse(RuleView.of(made), headers={"ETag": f'"{made.revision}"'})

    @delete(
        "/{id:str}",
        status_code=204,
        operation_id="deleteRule",
        summary="Delete a rule; its open alerts resolve",
        opt=documented("Deleted.", problems=(400, 404, 409, 507), headers=[_IF_MATCH]) | rule(Rule.OPERATE),
    )
    async def delete_rule(
        self,
        id: FromPath[str],  # noqa: A002  # as on the wire
        request: Request[Any, Any, Any],
        params: NamedDependency[NoQuery],
        mediator: NamedDependency[Mediator],
        principal: NamedDependency[Principal],
    ) -> None:
        await mediator.send(DeleteRule(id, _revisions(request), principal.prefixes))


def _revisions(request: Request[Any, Any, Any]) -> frozenset[int] | None:
    """The revisions that an `If-Match` names; None for any."""
    given = request.headers.get("if-match")
    if given is None or given.strip() == "*":
        return None
    tags = [_TAG.match(tag.strip()) for tag in given.split(",")]
    return frozenset(int(tag.group(1)) for tag in tags if tag)
