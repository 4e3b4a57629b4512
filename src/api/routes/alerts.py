"""Routes for alerts."""

from typing import Annotated

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.http.access import Rule, rule
from api.http.cursors import Int64, from_cursor, to_cursor
from api.http.query import Cursor, Descending, From, Limit, Moment, NumberFormat, Numbers, OneQuery, Query, To
from api.http.responses import PageResponse
from api.reference import rule_examples as example
from api.reference.documented import ONE_PAGE, documented
from api.views.rules import AlertPageView, AlertView
from application.mediator import Mediator
from application.paging import Order
from application.rules.commands.change_alert import AcknowledgeAlert, ResolveAlert
from application.rules.ports.alerts import AlertFilter, AlertOrder
from application.rules.queries.list_alerts import ListAlerts
from domain.access.principal import Principal
from domain.rules.alert import AlertState
from domain.rules.rule import AlertSeverity
from domain.symbol import SYMBOL_LENGTH_MAX, SYMBOL_PATTERN

_PLACES: msgspec.json.Decoder[AlertOrder] = msgspec.json.Decoder(tuple[Int64, str])

_StateFilter = Annotated[AlertState | None, msgspec.Meta(description="Only in this state.", examples=["raised"])]
_SeverityFilter = Annotated[
    AlertSeverity | None, msgspec.Meta(description="Only of this severity.", examples=["warning"])
]
_SubjectFilter = Annotated[str | None, msgspec.Meta(description="Only of this subject.", examples=["prices"])]
_KeyFilter = Annotated[
    str | None,
    msgspec.Meta(
        description="Only of this key.",
        examples=["GOLD"],
        extra_json_schema={"pattern": SYMBOL_PATTERN, "maxLength": SYMBOL_LENGTH_MAX},
    ),
]
_RuleFilter = Annotated[str | None, msgspec.Meta(description="Only of this rule.", examples=["gold-above-110"])]
_Since = Annotated[Moment | None, msgspec.Meta(description="Another name of `from`.")]


class AlertsQuery(Query, frozen=True, rename={"from_": "from", "rule_id": "ruleId"}):
    state: _StateFilter = None
    severity: _SeverityFilter = None
    subject: _SubjectFilter = None
    key: _KeyFilter = None
    rule_id: _RuleFilter = None
    since: _Since = None
    from_: From = None
    to: To = None
    limit: Limit = None
    cursor: Cursor = None
    order: Descending = Order.DESC
    numbers: NumberFormat = Numbers.NUMBER


class AlertsController(Controller):
    path = "/api/alerts"
    tags = ("rules",)
    opt = rule(Rule.READ)

    @get(
        "/",
        operation_id="listAlerts",
        summary="The alerts by when they were raised",
        response_class=PageResponse,
        opt=documented(ONE_PAGE, example.ALERTS, media=example.ALERT_LINES, problems=(400, 503)),
    )
    async def list_alerts(
        self,
        params: NamedDependency[AlertsQuery],
        mediator: NamedDependency[Mediator],
        principal: NamedDependency[Principal],
    ) -> AlertPageView:
        matching = AlertFilter(
            params.state,
            params.severity,
            params.subject,
            params.key,
            params.rule_id,
            params.since if params.from_ is None else params.from_,
            params.to,
            principal.prefixes,
        )
        after = from_cursor(params.cursor, _PLACES)
        found = await mediator.send(ListAlerts(matching, params.limit, after, params.order))
        return AlertPageView([AlertView.of(each) for each in found.items], to_cursor(found.next_after))

    @post(
        "/{id:str}/acknowledge",
        status_code=200,
        operation_id="acknowledgeAlert",
        summary="Say that somebody has seen a raised alert",
        opt=documented("The alert.", example.ACKNOWLEDGED, problems=(400, 404, 409, 503, 507)) | rule(Rule.OPERATE),
    )
    async def acknowledge_alert(
        self,
        id: FromPath[str],  # noqa: A002  # as on the wire
        params: NamedDependency[OneQuery],
        mediator: NamedDependency[Mediator],
        principal: NamedDependency[Principal],
    ) -> AlertView:
        return AlertView.of(await mediator.send(AcknowledgeAlert(id, principal.name, principal.prefixes)))

    @post(
        "/{id:str}/resolve",
        status_code=200,
        operation_id="resolveAlert",
        summary="Resolve an alert by hand; it is not raised again before its condition was false",
        opt=documented("The alert.", example.RESOLVED, problems=(400, 404, 409, 503, 507)) | rule(Rule.OPERATE),
    )
    async def resolve_alert(
        self,
        id: FromPath[str],  # noqa: A002  # as on the wire
        params: NamedDependency[OneQuery],
        mediator: NamedDependency[Mediator],
        principal: NamedDependency[Principal],
    ) -> AlertView:
        return AlertView.of(await mediator.send(ResolveAlert(id, principal.name, principal.prefixes)))
