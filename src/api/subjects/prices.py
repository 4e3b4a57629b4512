"""The prices subject: its features and how they are wired."""

import random
from dataclasses import dataclass
from operator import attrgetter

from api.http.answer import Answer
from api.http.dependencies import posted_by
from api.http.encoded_states import EncodedStates
from api.http.fast_path import FastRead
from api.http.symbol_paths import unencoded_symbol_path
from api.ingest.tick_gatherer import TickGatherer
from api.ingest.tick_intake import TickIntake
from api.ingest.tick_stream import STREAM_PATH, TickStream
from api.live.live_subject import EventChannel, LiveSubject
from api.live.price_messages import EXAMPLES, SHAPES
from api.routes.anomalies import AnomaliesController
from api.routes.history import HistoryController
from api.routes.prices import PricesController
from api.routes.statistics_gatherer import StatisticsGatherer
from api.subjects.features import Connected, Entry, Features
from api.subjects.processing import Core, Processing, processing_of
from api.views.prices import AnomalyView, MoveChangeView, StatisticsView
from application.behaviours.validation import Validator
from application.mediator import Handler, Mediator
from application.prices.commands.forget_symbol import ForgetSymbol
from application.prices.commands.process_price_batch import (
    ProcessPriceBatch,
    ProcessPriceBatchHandler,
    ProcessPriceBatchValidator,
)
from application.prices.commands.process_price_update import (
    ProcessPriceUpdate,
    ProcessPriceUpdateHandler,
    ProcessPriceUpdateValidator,
)
from application.prices.commands.refuse_price_update import RefusePriceUpdate, RefusePriceUpdateHandler
from application.prices.commands.tick_rules import TickRules
from application.prices.messages import MESSAGES
from application.prices.ports.history import History
from application.prices.queries.get_anomaly import GetAnomaly, GetAnomalyHandler
from application.prices.queries.get_symbol_statistics import GetSymbolStatistics
from application.prices.queries.list_candles import ListCandles, ListCandlesHandler, ListCandlesValidator
from application.prices.queries.list_events import (
    GetRecentAnomalies,
    ListEventsHandler,
    ListEventsValidator,
    ListMoves,
)
from application.prices.queries.list_symbol_statistics import ListSymbolStatistics
from application.prices.queries.list_ticks import ListTicks, ListTicksHandler, ListTicksValidator
from application.processing.forget_state import ForgetStateHandler
from application.processing.get_state import GetStateHandler, GetStateValidator
from application.processing.list_states import ListStatesHandler, ListStatesValidator
from domain.prices.price_anomaly import PriceAnomaly
from domain.prices.price_move import PriceMove
from domain.prices.symbol_statistics import SymbolStatistics
from infrastructure.feeds.simulation import RandomWalk, SimulatedFeed
from infrastructure.prices.anomaly_collector import AnomalyCollector
from infrastructure.prices.no_history import NoHistory
from infrastructure.prices.price_events import PriceEvents
from infrastructure.prices.price_retention import PriceRetention
from infrastructure.prices.price_store import SqlPriceStore
from infrastructure.prices.recent_events import RecentEvents
from infrastructure.prices.stored_events import StoredEvents, anomalies_in
from infrastructure.prices.stored_history import StoredHistory
from infrastructure.prices.subject import prices
from infrastructure.processing.in_memory_states import InMemoryStates
from infrastructure.settings import Settings
from infrastructure.storage.retention import Pruner
from infrastructure.storage.storage import Recovered
from infrastructure.subject import Subject
from infrastructure.telemetry.processing_collector import ProcessingCollector

# A symbol that needs no escapes in its path. Others, with escapes or slashes, go through the router.
_SYMBOL = attrgetter("symbol")
_OBSERVATION = "price"
_UPDATES = attrgetter("update_count")
_BEFORE_ALL = (-(1 << 63), "", 0, "")
_STATISTICS_PATH = unencoded_symbol_path("/api/prices/")


@dataclass(frozen=True, slots=True)
class Repositories:
    """Where queries find what has happened; the events are published there too."""

    anomalies: RecentEvents[PriceAnomaly] | StoredEvents[PriceAnomaly]
    moves: RecentEvents[PriceMove] | StoredEvents[PriceMove]
    history: History


def _assemble(subject: Subject, core: Core) -> Features:
    capacity = core.settings.processing.recent_anomalies_capacity
    recent_anomalies: RecentEvents[PriceAnomaly] = RecentEvents(capacity)
    recent_moves: RecentEvents[PriceMove] = RecentEvents(capacity)
    if core.store is None:
        repositories = Repositories(recent_anomalies, recent_moves, NoHistory(core.no_history))
        pruners: list[Pruner] = []
        recovered: list[Recovered] = []
    else:
        store = SqlPriceStore(core.store)
        anomalies = StoredEvents(recent_anomalies, anomalies_in(store))
        moves = StoredEvents(recent_moves, store.moves)
        if core.cluster is not None:
            # What is in the topics is not all there is.
            recent_anomalies.leave_out(_BEFORE_ALL)
            recent_moves.leave_out(_BEFORE_ALL)
        repositories = Repositories(anomalies, moves, StoredHistory(core.store, store, core.journal))
        pruners = [PriceRetention(store, core.readable[subject.name], core.clock, core.settings.retention)]
        recovered = [anomalies, moves]
    states = EncodedStates(StatisticsView.of, _UPDATES)
    for memory in (recent_anomalies, recent_moves, states):
        core.journal.on_forget(subject.name, memory.forget)
    processing = processing_of(subject, core, PriceEvents(repositories.anomalies, repositories.moves))
    return Features(
        processing=processing,
        live=LiveSubject(
            "prices",
            processing.feed,
            states,
            (
                EventChannel("anomalies", "anomaly", PriceAnomaly, _SYMBOL, AnomalyView.of),
                EventChannel("moves", "move", PriceMove, _SYMBOL, MoveChangeView.of),
            ),
        ),
        messages=MESSAGES,
        handlers=_handlers(processing, core, repositories),
        validators=_validators(core),
        routes=(PricesController, AnomaliesController, HistoryController),
        connect=lambda mediator: _connect(mediator, processing, core, states),
        live_examples=EXAMPLES,
        live_shapes=SHAPES,
        collectors=[
            ProcessingCollector(subject, processing.processor, processing.partitions, "marketdata"),
            AnomalyCollector(recent_anomalies),
        ],
        pruners=pruners,
        recovered=recovered,
    )


def _validators(core: Core) -> dict[type, Validator]:
    settings = core.settings.processing
    rules = TickRules(core.clock, settings.max_clock_skew_us, settings.max_symbols)
    page_max = core.settings.limits.max_page_size
    return {
        ProcessPriceUpdate: ProcessPriceUpdateValidator(rules),
        ProcessPriceBatch: ProcessPriceBatchValidator(rules, settings.max_batch_size),
        GetSymbolStatistics: GetStateValidator(_OBSERVATION),
        ForgetSymbol: GetStateValidator(_OBSERVATION),
        ListSymbolStatistics: ListStatesValidator(page_max),
        GetRecentAnomalies: ListEventsValidator(page_max),
        ListMoves: ListEventsValidator(page_max),
        ListCandles: ListCandlesValidator(page_max),
        ListTicks: ListTicksValidator(page_max),
    }


def _handlers(processing: Processing, core: Core, repositories: Repositories) -> dict[type, Handler]:
    processor, journal = processing.processor, core.durability
    statistics: InMemoryStates[SymbolStatistics] = InMemoryStates(processing.snapshots)
    history = repositories.history
    return {
        ProcessPriceUpdate: ProcessPriceUpdateHandler(processor, journal),
        ProcessPriceBatch: ProcessPriceBatchHandler(processor, journal),
        RefusePriceUpdate: RefusePriceUpdateHandler(processor),
        ForgetSymbol: ForgetStateHandler(statistics, core.journal, processing.subject.name, _OBSERVATION),
        GetSymbolStatistics: GetStateHandler(statistics, _OBSERVATION),
        ListSymbolStatistics: ListStatesHandler(statistics),
        GetRecentAnomalies: ListEventsHandler(repositories.anomalies),
        ListMoves: ListEventsHandler(repositories.moves),
        GetAnomaly: GetAnomalyHandler(history),
        ListCandles: ListCandlesHandler(history, statistics),
        ListTicks: ListTicksHandler(history, statistics),
    }


def _connect(mediator: Mediator, processing: Processing, core: Core, states: EncodedStates) -> Connected:
    settings, clock, durable = core.settings.processing, core.clock, core.is_durable
    intake = TickIntake(mediator, core.stored_answers, clock, settings.max_batch_size, durable)
    stream = TickStream(
        mediator,
        processing.admission,
        clock,
        settings.max_batch_size,
        core.settings.limits.max_compression_ratio,
        core.settings.limits.max_body_bytes,
        durable,
    )

    async def statistics(symbol: str) -> Answer:
        found = await mediator.send(GetSymbolStatistics(symbol))
        return states.answer(found.symbol, found)

    return Connected(
        dependencies={
            "posted": posted_by(processing.admission, core.settings.limits),
            "intake": intake,
            "states": states,
            "tick_stream": stream,
        },
        posts={"/api/prices": intake.take_one, "/api/prices/batch": intake.take_many},
        reads=[FastRead("/api/prices/{symbol}", _STATISTICS_PATH, statistics)],
        gatherers={
            "/api/prices": TickGatherer(
                mediator,
                clock,
                settings.max_batch_size,
                durable,
                processing.backlog,
                processing.has_room,
                processing.knows if core.settings.limits.key_symbols else None,
            ),
            "/api/prices/{symbol}": StatisticsGatherer(mediator, states, core.settings.limits.max_page_size),
        },
        stream_paths=[STREAM_PATH],
        feeds=[_simulation(mediator, processing, core)] if core.settings.simulation.enabled else [],
    )


def _simulation(mediator: Mediator, processing: Processing, core: Core) -> SimulatedFeed:
    settings = core.settings.simulation
    walk = RandomWalk(
        settings.symbols,
        settings.initial_price,
        settings.max_jitter,
        settings.ticks_per_second,
        random.Random(settings.seed),  # noqa: S311  # no secret depends on it
    )
    batch_max = core.settings.processing.max_batch_size
    return SimulatedFeed(walk, settings.ticks_per_second, batch_max, mediator, processing.admission, core.clock)


def _define(settings: Settings) -> Subject:
    return prices(settings.processing)


PRICES = Entry(_define, _assemble)
