"""Routes for readings: values of sensors in."""

from typing import Annotated

import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import PathParameter

from api.http.access import Rule, rule
from api.http.cursors import Int64, from_cursor, to_cursor
from api.http.dependencies import Posted
from api.http.query import Cursor, Limit, NoQuery, Query
from api.http.responses import ValidatedResponse, response_of
from api.ingest.batch_intake import NDJSON
from api.ingest.reading_intake import ReadingIntake
from api.reference import reading_examples as example
from api.reference.documented import IDEMPOTENCY_KEY, documented, header
from api.views.ingest import AcceptedView, BatchView
from api.views.readings import DeadReadingPageView, DeadReadingView
from application.mediator import Mediator
from application.readings.commands.replay_dead_reading import ReplayDeadReading
from application.readings.queries.list_dead_readings import ListDeadReadings
from domain.access.principal import Principal

_PREFER = header("Prefer", "`durable`: answer with 200 once the readings are on disk.", "durable")
_READING = {"$ref": "#/components/schemas/Reading"}
_LINES = {"schema": {"type": "string"}, "example": example.NDJSON_BATCH}
_IDS: msgspec.json.Decoder[int] = msgspec.json.Decoder(Int64)


class DeadReadingsQuery(Query, frozen=True):
    limit: Limit = None
    cursor: Cursor = None


class ReadingsController(Controller):
    path = "/api/readings"
    tags = ("readings",)
    opt = rule(Rule.WRITE)

    @post(
        "/",
        operation_id="postReading",
        summary="Take one reading",
        status_code=202,
        opt=documented(
            "The reading is in memory, and on disk soon.",
            {"accepted": 1},
            also={200: (AcceptedView, "The reading is on disk.", {"accepted": 0, "duplicates": 1})},
            problems=(400, 413, 415, 503, 507),
            headers=[_PREFER],
            body={
                "application/json": {
                    "schema": _READING,
                    "example": example.READING,
                    "schemas": {"Reading": example.READING_SCHEMA},
                }
            },
        ),
    )
    async def accept_reading(
        self, posted_readings: NamedDependency[Posted], reading_intake: NamedDependency[ReadingIntake]
    ) -> Response[AcceptedView]:
        return response_of(await reading_intake.take_one(posted_readings.options, posted_readings.body))

    @post(
        "/batch",
        operation_id="postReadingBatch",
        summary="Take many readings",
        status_code=202,
        opt=documented(
            "The valid readings are accepted, the invalid ones named.",
            example.BATCH_ANSWER,
            also={200: (BatchView, "The valid readings are on disk.", example.BATCH_ANSWER)},
            problems=(400, 409, 413, 415, 422, 503, 507),
            headers=[_PREFER, IDEMPOTENCY_KEY],
            body={
                "application/json": {
                    "schema": {"type": "array", "items": _READING, "minItems": 1},
                    "example": example.BATCH,
                },
                NDJSON: _LINES,
            },
        ),
    )
    async def accept_readings(
        self, posted_readings: NamedDependency[Posted], reading_intake: NamedDependency[ReadingIntake]
    ) -> Response[BatchView]:
        return response_of(await reading_intake.take_many(posted_readings.options, posted_readings.body))

    @get(
        "/dead-letters",
        operation_id="listDeadReadings",
        summary="Messages over MQTT that could not be taken, newest first",
        response_class=ValidatedResponse,
        opt=documented("One page.", example.DEAD_READINGS, problems=(400,)) | rule(Rule.OPERATE),
    )
    async def list_dead_readings(
        self,
        params: NamedDependency[DeadReadingsQuery],
        mediator: NamedDependency[Mediator],
        principal: NamedDependency[Principal],
    ) -> DeadReadingPageView:
        before = from_cursor(params.cursor, _IDS)
        page = await mediator.send(ListDeadReadings(params.limit, before, principal.prefixes))
        return DeadReadingPageView(list(map(DeadReadingView.of, page.items)), page.total, to_cursor(page.next_before))

    @post(
        "/dead-letters/{id:int}/replay",
        status_code=202,
        operation_id="replayDeadReading",
        summary="Take a message again, as if it came when it did",
        opt=documented("It is a reading.", {"accepted": 1}, problems=(400, 404, 503, 507)) | rule(Rule.OPERATE),
    )
    async def replay_dead_reading(
        self,
        id: Annotated[int, PathParameter(examples=[Example(value=7)])],  # noqa: A002  # as on the wire
        params: NamedDependency[NoQuery],
        mediator: NamedDependency[Mediator],
        principal: NamedDependency[Principal],
    ) -> AcceptedView:
        await mediator.send(ReplayDeadReading(id, principal.prefixes))
        return AcceptedView(1)
