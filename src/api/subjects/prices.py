"""The prices subject: its features and how they are wired."""

import random
import re
from operator import attrgetter

from api.http.answer import Answer
from api.http.dependencies import posted_by
from api.http.fast_path import FastRead
from api.http.responses import JSON, etag
from api.ingest.tick_intake import TickIntake
from api.ingest.tick_stream import STREAM_PATH, TickStream
from api.live.live_subject import EventChannel, LiveSubject
from api.live.price_messages import EXAMPLES, SHAPES
from api.routes.anomalies import AnomaliesController
from api.routes.history import HistoryController
from api.routes.prices import PricesController
from api.subjects.features import Connected, Entry, Features
from api.subjects.processing import Core, Processing, processing_of
from api.views.prices import AnomalyView, StatisticsView
from api.views.view import encode
from application.behaviours.validation import Validator
from application.mediator import Handler, Mediator
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
from application.prices.ports.anomaly_repository import AnomalyRepository
from application.prices.ports.history import History
from application.prices.queries.get_anomaly import GetAnomaly, GetAnomalyHandler
from application.prices.queries.get_recent_anomalies import (
    GetRecentAnomalies,
    GetRecentAnomaliesHandler,
    GetRecentAnomaliesValidator,
)
from application.prices.queries.get_symbol_statistics import (
    GetSymbolStatistics,
    GetSymbolStatisticsHandler,
    GetSymbolStatisticsValidator,
)
from application.prices.queries.list_candles import ListCandles, ListCandlesHandler, ListCandlesValidator
from application.prices.queries.list_symbol_statistics import (
    ListSymbolStatistics,
    ListSymbolStatisticsHandler,
    ListSymbolStatisticsValidator,
)
from application.prices.queries.list_ticks import ListTicks, ListTicksHandler, ListTicksValidator
from infrastructure.feeds.simulation import RandomWalk, SimulatedFeed
from infrastructure.prices.anomaly_collector import AnomalyCollector
from infrastructure.prices.in_memory_anomalies import InMemoryAnomalyRepository
from infrastructure.prices.in_memory_statistics import InMemoryStatisticsRepository
from infrastructure.prices.no_history import NoHistory
from infrastructure.prices.price_retention import PriceRetention
from infrastructure.prices.price_store import SqlPriceStore
from infrastructure.prices.stored_anomalies import StoredAnomalies
from infrastructure.prices.stored_history import StoredHistory
from infrastructure.prices.subject import prices
from infrastructure.settings import Settings
from infrastructure.subject import Subject
from infrastructure.telemetry.processing_collector import ProcessingCollector

# A symbol that needs no escapes in its path. Others, with escapes or slashes, go through the router.
_STATISTICS_PATH = re.compile(r"/api/prices/([A-Za-z0-9._:=+&@$-]{1,64})\Z")


def _assemble(subject: Subject, core: Core) -> Features:
    recent = InMemoryAnomalyRepository(core.settings.processing.recent_anomalies_capacity)
    if core.store is None:
        anomalies: InMemoryAnomalyRepository | StoredAnomalies = recent
        history: History = NoHistory()
        pruners, recovered = [], []
    else:
        store = SqlPriceStore(core.store)
        stored = StoredAnomalies(recent, store)
        anomalies = stored
        history = StoredHistory(core.store, store, core.journal)
        books = core.books[subject.name]
        pruners, recovered = [PriceRetention(store, books, core.clock, core.settings.retention)], [stored]
    processing = processing_of(subject, core, anomalies)
    return Features(
        processing=processing,
        live=LiveSubject(
            "prices",
            processing.feed,
            StatisticsView.of,
            EventChannel("anomalies", "anomaly", attrgetter("symbol"), AnomalyView.of),
        ),
        messages=MESSAGES,
        handlers=_handlers(processing, core, anomalies, history),
        validators=_validators(core),
        routes=(PricesController, AnomaliesController, HistoryController),
        connect=lambda mediator: _connect(mediator, processing, core),
        live_examples=EXAMPLES,
        live_shapes=SHAPES,
        collectors=[
            ProcessingCollector(subject, processing.processor, processing.partitions, "marketdata"),
            AnomalyCollector(recent),
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
        GetSymbolStatistics: GetSymbolStatisticsValidator(),
        ListSymbolStatistics: ListSymbolStatisticsValidator(page_max),
        GetRecentAnomalies: GetRecentAnomaliesValidator(page_max),
        ListCandles: ListCandlesValidator(page_max),
        ListTicks: ListTicksValidator(page_max),
    }


def _handlers(
    processing: Processing, core: Core, anomalies: AnomalyRepository, history: History
) -> dict[type, Handler]:
    processor, journal = processing.processor, core.durability
    statistics = InMemoryStatisticsRepository(processing.snapshots)
    return {
        ProcessPriceUpdate: ProcessPriceUpdateHandler(processor, journal),
        ProcessPriceBatch: ProcessPriceBatchHandler(processor, journal),
        RefusePriceUpdate: RefusePriceUpdateHandler(processor),
        GetSymbolStatistics: GetSymbolStatisticsHandler(statistics),
        ListSymbolStatistics: ListSymbolStatisticsHandler(statistics),
        GetRecentAnomalies: GetRecentAnomaliesHandler(anomalies),
        GetAnomaly: GetAnomalyHandler(history),
        ListCandles: ListCandlesHandler(history, statistics),
        ListTicks: ListTicksHandler(history, statistics),
    }


def _connect(mediator: Mediator, processing: Processing, core: Core) -> Connected:
    settings, clock, durable = core.settings.processing, core.clock, core.is_durable
    intake = TickIntake(mediator, core.stored_answers, clock, settings.max_batch_size, durable)
    stream = TickStream(
        mediator,
        processing.admission,
        clock,
        settings.max_batch_size,
        core.settings.limits.max_compression_ratio,
        durable,
    )

    async def statistics(symbol: str) -> Answer:
        body = encode(StatisticsView.of(await mediator.send(GetSymbolStatistics(symbol))))
        return Answer(200, JSON, body, (("ETag", etag(body)), ("Cache-Control", "no-cache")))

    return Connected(
        dependencies={
            "posted": posted_by(processing.admission, core.settings.limits),
            "intake": intake,
            "tick_stream": stream,
        },
        posts={"/api/prices": intake.take_one, "/api/prices/batch": intake.take_many},
        reads=[FastRead("/api/prices/{symbol}", _STATISTICS_PATH, statistics)],
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
