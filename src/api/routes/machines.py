"""Routes for machines: their sensors, what these read, and what it adds up to."""

from dataclasses import replace
from enum import Enum
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, delete, get
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import PathParameter

from api.http.access import Rule, rule
from api.http.cursors import Int64, from_cursor, to_cursor
from api.http.downloads import PARQUET, Downloads, Part, wants_parquet
from api.http.encoded_states import EncodedStates
from api.http.query import Ascending, Cursor, From, Limit, NumberFormat, Numbers, OneQuery, Query, To
from api.http.responses import PageResponse, ValidatedResponse, validated_response_of
from api.reference import reading_examples as example
from api.reference.documented import ONE_PAGE_OR_ALL, documented
from api.views.readings import (
    MachinePageView,
    MachineSummaryView,
    MachineView,
    ReadingPageView,
    ReadingView,
    RollupPageView,
    RollupView,
    SensorView,
)
from application.mediator import Mediator
from application.paging import Order
from application.readings.commands.forget_readings import ForgetReadings
from application.readings.queries.get_machine import GetMachine
from application.readings.queries.get_sensor import GetSensor
from application.readings.queries.list_machines import ListMachines
from application.readings.queries.list_readings import ListReadings
from application.readings.queries.list_rollups import ListRollups
from domain.access.principal import Principal
from domain.bars import Interval
from domain.readings.machine import Standing
from domain.readings.rollup import ROLLUP_INTERVALS
from domain.readings.sensor_key import MACHINE_RULE, SENSOR_RULE
from domain.readings.sensor_type import SensorTypes
from infrastructure.readings.reading_parquet import READING_TABLE, ROLLUP_TABLE

MachinePath = Annotated[
    str, PathParameter(description=f"In any case; {MACHINE_RULE}.", examples=[Example(value="CNC-001")])
]
SensorPath = Annotated[
    str, PathParameter(description=f"In any case; {SENSOR_RULE}.", examples=[Example(value="temperature")])
]
_NAMES = msgspec.json.Decoder(str)
# Of readings, a position in the log; of roll-ups, the rest of the range.
_PLACES: msgspec.json.Decoder[tuple[int, int]] = msgspec.json.Decoder(tuple[Int64, Int64])


# Not all intervals of candles.
RollupInterval = Enum("RollupInterval", {each.name: each.value for each in ROLLUP_INTERVALS})  # type: ignore[misc]  # made of data


class MachinesQuery(Query, frozen=True):
    status: Annotated[Standing | None, msgspec.Meta(description="Only machines that stand so.", examples=["alert"])] = (
        None
    )
    limit: Limit = None
    cursor: Cursor = None
    order: Ascending = Order.ASC


class ReadingsQuery(Query, frozen=True, rename={"from_": "from"}):
    from_: From = None
    to: To = None
    limit: Limit = None
    cursor: Cursor = None
    order: Ascending = Order.ASC
    numbers: NumberFormat = Numbers.NUMBER


class RollupsQuery(Query, frozen=True, rename={"from_": "from"}):
    interval: Annotated[RollupInterval, msgspec.Meta(description="How long a roll-up is.", examples=["1h"])]
    from_: From = None
    to: To = None
    limit: Limit = None
    cursor: Cursor = None
    order: Ascending = Order.ASC
    numbers: NumberFormat = Numbers.NUMBER


class MachinesController(Controller):
    path = "/api/machines"
    tags = ("machines",)
    opt = rule(Rule.READ)

    @get(
        "/",
        operation_id="listMachines",
        summary="List machines and how they stand, sorted by name",
        response_class=ValidatedResponse,
        opt=documented("One page.", example.MACHINES, problems=(400,)),
    )
    async def list_machines(
        self,
        params: NamedDependency[MachinesQuery],
        mediator: NamedDependency[Mediator],
        principal: NamedDependency[Principal],
    ) -> MachinePageView:
        after = from_cursor(params.cursor, _NAMES)
        page = await mediator.send(ListMachines(params.limit, after, params.status, params.order, principal.prefixes))
        return MachinePageView(list(map(MachineSummaryView.of, page.items)), page.total, to_cursor(page.next_after))

    @get(
        "/{machine:str}",
        operation_id="getMachine",
        summary="A machine with all its sensors",
        response_class=ValidatedResponse,
        opt=documented("What is known of it.", example.MACHINE, problems=(400, 404)),
    )
    async def get_machine(
        self,
        machine: MachinePath,
        params: NamedDependency[OneQuery],
        mediator: NamedDependency[Mediator],
        principal: NamedDependency[Principal],
        sensor_types: NamedDependency[SensorTypes],
    ) -> MachineView:
        return MachineView.of(await mediator.send(GetMachine(machine, principal.prefixes)), sensor_types.by_name)

    @delete(
        "/{machine:str}",
        operation_id="forgetMachine",
        summary="Remove a machine, and all that it read",
        opt=documented("Nothing is known of it any more.", problems=(404, 507)) | rule(Rule.MANAGE),
    )
    async def forget_machine(
        self, machine: MachinePath, mediator: NamedDependency[Mediator], principal: NamedDependency[Principal]
    ) -> None:
        await mediator.send(ForgetReadings(machine, None, principal.prefixes))

    @get(
        "/{machine:str}/{sensor:str}",
        operation_id="getSensor",
        summary="The statistics of one sensor",
        response_class=ValidatedResponse,
        opt=documented("What is known of it.", example.SENSOR, problems=(400, 404)),
    )
    async def get_sensor(
        self,
        machine: MachinePath,
        sensor: SensorPath,
        params: NamedDependency[OneQuery],
        mediator: NamedDependency[Mediator],
        sensor_states: NamedDependency[EncodedStates],
    ) -> Response[SensorView]:
        found = await mediator.send(GetSensor(machine, sensor))
        answer = sensor_states.answer(found.key, found)
        if params.numbers is Numbers.STRING:
            return ValidatedResponse(SensorView.of(found), headers=dict(answer.headers))
        return validated_response_of(answer)

    @delete(
        "/{machine:str}/{sensor:str}",
        operation_id="forgetSensor",
        summary="Remove a sensor, and all that it read",
        opt=documented("Nothing is known of it any more.", problems=(404, 507)) | rule(Rule.MANAGE),
    )
    async def forget_sensor(
        self, machine: MachinePath, sensor: SensorPath, mediator: NamedDependency[Mediator]
    ) -> None:
        await mediator.send(ForgetReadings(machine, sensor))

    @get(
        "/{machine:str}/{sensor:str}/history",
        operation_id="listReadings",
        summary="The readings of one sensor, in order of arrival",
        response_class=PageResponse,
        opt=documented(
            ONE_PAGE_OR_ALL, example.READINGS, media=example.READING_LINES, files=(PARQUET,), problems=(400, 404, 503)
        ),
    )
    async def list_readings(
        self,
        request: Request[Any, Any, Any],
        machine: MachinePath,
        sensor: SensorPath,
        params: NamedDependency[ReadingsQuery],
        mediator: NamedDependency[Mediator],
        downloads: NamedDependency[Downloads],
    ) -> Response[ReadingPageView]:
        after = from_cursor(params.cursor, _PLACES)
        query = ListReadings(machine, sensor, params.from_, params.to, params.limit, after, params.order)

        async def part(after: Any, limit: int) -> Part:
            found = await mediator.send(replace(query, after=after, limit=limit))
            return Part(found.items, found.next_after)

        if wants_parquet(request):
            return await downloads.begin(READING_TABLE, part, after, params.limit)
        page = await mediator.send(query)
        return PageResponse(ReadingPageView(list(map(ReadingView.of, page.items)), to_cursor(page.next_after)))

    @get(
        "/{machine:str}/{sensor:str}/rollups",
        operation_id="listRollups",
        summary="What the readings of one sensor add up to by minute, hour or day, oldest first",
        response_class=PageResponse,
        opt=documented(
            ONE_PAGE_OR_ALL, example.ROLLUPS, media=example.ROLLUP_LINES, files=(PARQUET,), problems=(400, 404, 503)
        ),
    )
    async def list_rollups(
        self,
        request: Request[Any, Any, Any],
        machine: MachinePath,
        sensor: SensorPath,
        params: NamedDependency[RollupsQuery],
        mediator: NamedDependency[Mediator],
        downloads: NamedDependency[Downloads],
    ) -> Response[RollupPageView]:
        interval = Interval(params.interval.value)
        # A cursor holds the rest of the range, so that pages of a moving range continue where the last one ended.
        from_us, to_us = from_cursor(params.cursor, _PLACES) or (params.from_, params.to)
        query = ListRollups(machine, sensor, interval, from_us, to_us, params.limit, params.order)

        async def part(rest: Any, limit: int) -> Part:
            found = await mediator.send(replace(query, from_us=rest[0], to_us=rest[1], limit=limit))
            closed_us = found.still_open_us - interval.width_us
            return Part([(found.key, each, each.start_us <= closed_us) for each in found.items], found.rest)

        if wants_parquet(request):
            return await downloads.begin(ROLLUP_TABLE, part, (from_us, to_us), params.limit)
        found = await mediator.send(query)
        items = [RollupView.of(each, found.key, interval, found.still_open_us) for each in found.items]
        return PageResponse(RollupPageView(items, to_cursor(found.rest)))
