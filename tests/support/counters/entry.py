"""The registry entry of counters."""

from operator import attrgetter

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.http.access import Rule, rule
from api.http.dependencies import Posted, posted_by
from api.http.encoded_states import EncodedStates
from api.live.live_subject import EventChannel, LiveSubject
from api.reference.documented import documented
from api.subjects.features import Connected, Entry, Features
from api.subjects.processing import Core, NoSink, processing_of
from api.views.view import View
from application.errors import SymbolNotFound
from application.mediator import Mediator
from application.processing.durability import Durability
from infrastructure.processing.snapshots import Snapshots
from infrastructure.settings import Settings
from infrastructure.subject import Subject
from infrastructure.telemetry.processing_collector import ProcessingCollector
from support.counters.count_command import Count, CountHandler, CountValidator
from support.counters.counts import Counter, CounterBook, Counts, Milestone

_Segment = tuple[list[str], list[int], list[int], list[int], list[str | None] | None]
_SEGMENT: msgspec.msgpack.Decoder[_Segment] = msgspec.msgpack.Decoder(_Segment)
_COUNTER = msgspec.msgpack.Decoder(Counter)


class CounterLogFormat:
    """The `LogFormat` of counters."""

    def encode(self, keys: list[str], places: list[int], counts: Counts) -> bytes:
        return msgspec.msgpack.encode((keys, places, counts.amounts, counts.times_us, counts.ids))

    def decode(self, segment: bytes) -> Counts:
        keys, places, amounts, times_us, ids = _SEGMENT.decode(segment)
        return Counts([keys[place] for place in places], amounts, times_us, ids)

    def encode_checkpoint(self, checkpoint: Counter) -> bytes:
        return msgspec.msgpack.encode(checkpoint)

    def decode_checkpoint(self, key: str, payload: bytes) -> Counter:
        return _COUNTER.decode(payload)


class CounterView(View, frozen=True):
    counter: str
    total: int

    @classmethod
    def of(cls, counter: Counter) -> "CounterView":
        return cls(counter.counter, counter.total)


class MilestoneView(View, frozen=True):
    counter: str
    total: int

    @classmethod
    def of(cls, milestone: Milestone) -> "MilestoneView":
        return cls(milestone.counter, milestone.total)


class CountedView(View, frozen=True):
    accepted: int
    duplicates: int


class _Given(msgspec.Struct, forbid_unknown_fields=True):
    counter: str
    amount: int
    timestamp: int
    id: str | None = None


_GIVEN = msgspec.json.Decoder(list[_Given])


class CountersController(Controller):
    path = "/api/counters"
    opt = rule(Rule.READ)

    @post(
        "/",
        operation_id="count",
        status_code=200,
        opt=documented("Counted.", {"accepted": 1, "duplicates": 0}) | rule(Rule.WRITE),
    )
    async def count(self, posted_counts: NamedDependency[Posted], mediator: NamedDependency[Mediator]) -> CountedView:
        given = _GIVEN.decode(posted_counts.body)
        counts = Counts(
            [each.counter for each in given],
            [each.amount for each in given],
            [each.timestamp * 1000 for each in given],
            [each.id for each in given],
        )
        durability = Durability.DISK if posted_counts.options.durable else Durability.MEMORY
        submitted = await mediator.send(Count(counts, durability))
        return CountedView(submitted.accepted, submitted.duplicates)

    @get("/{name:str}", operation_id="getCounter", opt=documented("It.", {"counter": "A", "total": 1}))
    async def get_counter(self, name: FromPath[str], counters: NamedDependency[Snapshots]) -> CounterView:
        counter: Counter | None = counters.snapshot(name)
        if counter is None:
            raise SymbolNotFound(name)
        return CounterView.of(counter)


def _define(settings: Settings) -> Subject:
    return Subject(
        "counters",
        "counts",
        "counter",
        CounterBook,
        CounterLogFormat(),
        values=lambda counts: [float(amount) for amount in counts.amounts],
        figures=("total",),
    )


def _assemble(subject: Subject, core: Core) -> Features:
    processing = processing_of(subject, core, NoSink())
    milestones = EventChannel("milestones", "milestone", Milestone, attrgetter("counter"), MilestoneView.of)
    states = EncodedStates(CounterView.of, attrgetter("updates"))
    return Features(
        processing=processing,
        live=LiveSubject("counters", processing.feed, states, (milestones,)),
        messages=(Count,),
        handlers={Count: CountHandler(processing.processor, core.durability)},
        validators={Count: CountValidator()},
        routes=(CountersController,),
        connect=lambda _: Connected(
            {
                "counters": processing.snapshots,
                "posted_counts": posted_by(processing.admission, core.settings.limits),
            }
        ),
        collectors=[ProcessingCollector(subject, processing.processor, processing.partitions, "marketdata_counters")],
    )


COUNTERS = Entry(_define, _assemble)
