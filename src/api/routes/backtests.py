"""Routes for back-tests."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, TypeVar

from litestar import Controller, Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.http.access import Rule, rule
from api.http.bodies import ClientGone
from api.http.json_bodies import read_body
from api.http.query import NoQuery
from api.http.responses import ViewResponse
from api.ingest.strict_json import NumberText
from api.reference import rule_examples as example
from api.reference.documented import documented, header
from api.timestamps import InvalidTimestamp, from_milliseconds, from_rfc3339
from api.views.rules import BacktestView
from application.errors import FieldError, ValidationFailed
from application.mediator import Mediator
from application.rules.commands.cancel_backtest import CancelBacktest
from application.rules.commands.run_backtest import StartBacktest
from application.rules.errors import BacktestFailed
from application.rules.fields import Fields
from application.rules.ports.backtests import BacktestState
from application.rules.queries.get_backtest import GetBacktest
from domain.access.principal import Principal

_PREFER = header("Prefer", "`respond-async`: answer at once with where to ask how far it is.", "respond-async")

Result = TypeVar("Result")


class BacktestsController(Controller):
    path = "/api/rules"
    tags = ("rules",)
    opt = rule(Rule.OPERATE)

    @post(
        "/backtest",
        status_code=200,
        operation_id="backtestRule",
        summary="What a rule would have raised over the log",
        opt=documented(
            "The result. A client that leaves cancels it.",
            example.BACKTEST,
            also={202: (BacktestView, "With `respond-async`: `Location` says how far it is.", example.RUNNING)},
            problems=(400, 404, 413, 415, 503),
            headers=[_PREFER],
            body=example.BACKTEST_BODY,
        ),
    )
    async def backtest_rule(
        self,
        request: Request[Any, Any, Any],
        params: NamedDependency[NoQuery],
        mediator: NamedDependency[Mediator],
        principal: NamedDependency[Principal],
    ) -> Response[BacktestView]:
        errors: list[FieldError] = []
        fields = Fields(await read_body(request), "", errors)
        from_us, to_us = _moment(fields, "from"), _moment(fields, "to")
        fields.done(also=("rule", "from", "to"))
        if errors:
            raise ValidationFailed(errors)
        wishes = (wish.partition(";")[0].strip().lower() for wish in request.headers.get("prefer", "").split(","))
        waits = "respond-async" not in wishes
        start = StartBacktest(fields.given.get("rule"), from_us, to_us, principal.prefixes, waits)
        if not waits:
            begun = await mediator.send(start)
            headers = {"Location": f"/api/rules/backtests/{begun.id}", "Preference-Applied": "respond-async"}
            return ViewResponse(BacktestView.of(begun), status_code=202, headers=headers)
        found = await _unless_gone(request, mediator.send(start))
        if found.state is not BacktestState.DONE:
            raise BacktestFailed
        return ViewResponse(BacktestView.of(found))

    @get(
        "/backtests/{id:str}",
        operation_id="getBacktest",
        summary="How far a back-test is, and what came of it; the last 100 can be asked for",
        opt=documented("The back-test.", example.BACKTEST, problems=(400, 404)),
    )
    async def get_backtest(
        self,
        id: FromPath[str],  # noqa: A002  # as on the wire
        params: NamedDependency[NoQuery],
        mediator: NamedDependency[Mediator],
        principal: NamedDependency[Principal],
    ) -> BacktestView:
        return BacktestView.of(await mediator.send(GetBacktest(id, principal.prefixes)))

    @delete(
        "/backtests/{id:str}",
        status_code=204,
        operation_id="cancelBacktest",
        summary="Cancel a back-test, or remove its result",
        opt=documented("Cancelled, if it was running. It cannot be asked for any more.", problems=(400, 404)),
    )
    async def cancel_backtest(
        self,
        id: FromPath[str],  # noqa: A002  # as on the wire
        params: NamedDependency[NoQuery],
        mediator: NamedDependency[Mediator],
        principal: NamedDependency[Principal],
    ) -> None:
        await mediator.send(CancelBacktest(id, principal.prefixes))


def _moment(fields: Fields, name: str) -> int | None:
    value = fields.given.get(name)
    if value is None:
        return None
    try:
        if isinstance(value, NumberText) and value.lstrip("-").isdigit() and len(value) <= 20:
            return from_milliseconds(int(value))
        return from_rfc3339(value if isinstance(value, str) else "")
    except InvalidTimestamp as error:
        fields.wrong(name, "invalid_timestamp", str(error))
        return None


async def _unless_gone(request: Request[Any, Any, Any], work: Awaitable[Result]) -> Result:
    """Await some work, and cancel it if the client leaves. Raises ClientGone."""
    working = asyncio.ensure_future(work)
    gone = asyncio.create_task(_gone(request))
    try:
        await asyncio.wait((working, gone), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientGone
        return working.result()
    finally:
        for each in (working, gone):
            each.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await each


async def _gone(request: Request[Any, Any, Any]) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
