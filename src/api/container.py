"""The composition root: which part gets which, read from top to bottom."""

import random

from dependency_injector import containers, providers

from api.health import Health
from api.live.hub import Hub
from application.behaviours.metrics import Metrics
from application.behaviours.tracing import Tracing
from application.behaviours.validation import Validation
from application.commands.confirm_durability import ConfirmDurability, ConfirmDurabilityHandler
from application.commands.process_price_batch import (
    ProcessPriceBatch,
    ProcessPriceBatchHandler,
    ProcessPriceBatchValidator,
)
from application.commands.process_price_update import (
    ProcessPriceUpdate,
    ProcessPriceUpdateHandler,
    ProcessPriceUpdateValidator,
)
from application.commands.refuse_price_update import RefusePriceUpdate, RefusePriceUpdateHandler
from application.commands.tick_rules import TickRules
from application.mediator import Mediator
from application.messages import MESSAGES
from application.ports.anomaly_repository import AnomalySink
from application.ports.clock import Clock
from application.queries.get_anomaly import GetAnomaly, GetAnomalyHandler
from application.queries.get_processing_statistics import GetProcessingStatistics, GetProcessingStatisticsHandler
from application.queries.get_recent_anomalies import (
    GetRecentAnomalies,
    GetRecentAnomaliesHandler,
    GetRecentAnomaliesValidator,
)
from application.queries.get_symbol_statistics import (
    GetSymbolStatistics,
    GetSymbolStatisticsHandler,
    GetSymbolStatisticsValidator,
)
from application.queries.list_candles import ListCandles, ListCandlesHandler, ListCandlesValidator
from application.queries.list_symbol_statistics import (
    ListSymbolStatistics,
    ListSymbolStatisticsHandler,
    ListSymbolStatisticsValidator,
)
from application.queries.list_ticks import ListTicks, ListTicksHandler, ListTicksValidator
from domain.spike_rule import SpikeRule
from domain.symbol_book import SymbolBook
from domain.symbol_state import StatisticsRules
from infrastructure.processing.admission import Admission
from infrastructure.processing.backlog import Backlog
from infrastructure.processing.change_marks import ChangeMarks
from infrastructure.processing.channel import Channel
from infrastructure.processing.partition import ChangeNotice, Partition, Recorder
from infrastructure.processing.partition_feed import PartitionFeed
from infrastructure.processing.partitioned_processor import PartitionedProcessor
from infrastructure.processing.throughput import Throughput
from infrastructure.processing.tick_ids import TickIds
from infrastructure.repositories.in_memory_anomalies import InMemoryAnomalyRepository
from infrastructure.repositories.in_memory_statistics import InMemoryStatisticsRepository
from infrastructure.repositories.stored_anomalies import StoredAnomalies
from infrastructure.repositories.stored_history import StoredHistory
from infrastructure.settings import ProcessingSettings, Settings
from infrastructure.simulation import RandomWalk, SimulatedFeed
from infrastructure.storage.checkpoints import Checkpoints
from infrastructure.storage.first_answers import JournalledAnswers
from infrastructure.storage.journal import Journal
from infrastructure.storage.retention import Retention
from infrastructure.storage.storage import NoHistory, NoJournal, NoStorage, RunningStorage
from infrastructure.storage.stores import store_of
from infrastructure.system_clock import SystemClock
from infrastructure.telemetry.loop_watch import LoopWatch
from infrastructure.telemetry.meters import LoopMeter, PipelineMeter, RequestMeter
from infrastructure.telemetry.prometheus import PrometheusExposition
from infrastructure.telemetry.tracing import OpenTelemetryTracer, otlp_exporter


def _books(processing: ProcessingSettings) -> list[SymbolBook]:
    rules = StatisticsRules(
        moving_average_size=processing.moving_average_window,
        window_us=processing.sliding_window_us,
        spike=SpikeRule(processing.anomaly_threshold_percent),
    )
    return [SymbolBook(rules) for _ in range(processing.partition_count)]


def _partitions(
    processing: ProcessingSettings,
    books: list[SymbolBook],
    backlog: Backlog,
    tick_ids: TickIds,
    sink: AnomalySink,
    recorder: Recorder,
    notice: ChangeNotice,
    throughput: Throughput,
    clock: Clock,
) -> list[Partition]:
    return [
        Partition(
            index,
            Channel(processing.channel_capacity, processing.full_mode, tick_ids.forget, backlog),
            book,
            sink,
            recorder,
            notice,
            clock,
            throughput,
            len(books),
        )
        for index, book in enumerate(books)
    ]


class Container(containers.DeclarativeContainer):
    settings = providers.Dependency(instance_of=Settings)
    clock = providers.Singleton(SystemClock)

    request_meter = providers.Singleton(RequestMeter)
    loop_meter = providers.Singleton(LoopMeter)
    pipeline_meter = providers.Singleton(PipelineMeter)
    spans = providers.Singleton(otlp_exporter, settings.provided.telemetry.traces_endpoint)
    tracer = providers.Singleton(OpenTelemetryTracer, spans, settings.provided.telemetry.traces_sample_ratio)

    loop_watch = providers.Singleton(LoopWatch, clock)

    books = providers.Singleton(_books, settings.provided.processing)
    store = providers.Singleton(store_of, settings.provided.storage)
    recent_anomalies = providers.Singleton(
        InMemoryAnomalyRepository, settings.provided.processing.recent_anomalies_capacity
    )
    storage_mode = providers.Callable({True: "on", False: "off"}.get, settings.provided.storage.enabled)
    anomalies = providers.Selector(
        storage_mode, on=providers.Singleton(StoredAnomalies, recent_anomalies, store), off=recent_anomalies
    )
    anomaly_sink = anomalies
    checkpoints = providers.Singleton(Checkpoints, books, clock, settings.provided.storage.checkpoint_interval_seconds)
    journal = providers.Selector(
        storage_mode,
        on=providers.Singleton(
            Journal,
            store,
            checkpoints,
            clock,
            settings.provided.storage.flush_seconds,
            settings.provided.storage.spool_max_ticks,
            settings.provided.processing.sliding_window_us,
        ),
        off=providers.Singleton(NoJournal),
    )
    first_answers = providers.Singleton(
        JournalledAnswers,
        journal,
        clock,
        settings.provided.storage.answers_max,
        settings.provided.storage.ids_window_seconds,
    )
    tick_ids = providers.Singleton(
        TickIds, settings.provided.storage.ids_max, settings.provided.storage.ids_window_seconds
    )

    backlog = providers.Singleton(Backlog, settings.provided.processing.partition_count)
    admission = providers.Singleton(
        Admission,
        backlog,
        settings.provided.processing.full_mode,
        clock,
        settings.provided.processing.max_hold_seconds,
        settings.provided.limits.max_held_bytes,
    )
    marks = providers.Singleton(ChangeMarks)
    throughput = providers.Singleton(Throughput, clock.provided.monotonic.call())
    partitions = providers.Singleton(
        _partitions,
        settings.provided.processing,
        books,
        backlog,
        tick_ids,
        anomaly_sink,
        journal,
        marks,
        throughput,
        clock,
    )
    processor = providers.Singleton(
        PartitionedProcessor,
        partitions,
        throughput,
        tick_ids,
        clock,
        settings.provided.processing.max_symbols,
        settings.provided.processing.max_hold_seconds,
        settings.provided.processing.drain_deadline_seconds,
    )
    statistics = providers.Singleton(InMemoryStatisticsRepository, partitions)
    live_feed = providers.Singleton(PartitionFeed, marks, statistics)
    hub = providers.Singleton(Hub, live_feed, clock, settings.provided.stream)
    history = providers.Selector(
        storage_mode, on=providers.Singleton(StoredHistory, store, journal), off=providers.Singleton(NoHistory)
    )
    retention = providers.Singleton(
        Retention, store, books, clock, settings.provided.retention, tick_ids.provided.window_us
    )
    storage = providers.Selector(
        storage_mode,
        on=providers.Singleton(
            RunningStorage, store, journal, books, first_answers, tick_ids, anomalies, retention, clock
        ),
        off=providers.Singleton(NoStorage),
    )
    health = providers.Singleton(Health, processor, journal, settings.provided.storage.enabled, clock)

    tick_rules = providers.Singleton(
        TickRules, clock, settings.provided.processing.max_clock_skew_us, settings.provided.processing.max_symbols
    )
    validators = providers.Dict(
        {
            ProcessPriceUpdate: providers.Singleton(ProcessPriceUpdateValidator, tick_rules),
            ProcessPriceBatch: providers.Singleton(
                ProcessPriceBatchValidator, tick_rules, settings.provided.processing.max_batch_size
            ),
            GetSymbolStatistics: providers.Singleton(GetSymbolStatisticsValidator),
            ListSymbolStatistics: providers.Singleton(
                ListSymbolStatisticsValidator, settings.provided.limits.max_page_size
            ),
            GetRecentAnomalies: providers.Singleton(
                GetRecentAnomaliesValidator, settings.provided.limits.max_page_size
            ),
            ListCandles: providers.Singleton(ListCandlesValidator, settings.provided.limits.max_page_size),
            ListTicks: providers.Singleton(ListTicksValidator, settings.provided.limits.max_page_size),
        }
    )
    handlers = providers.Dict(
        {
            ProcessPriceUpdate: providers.Singleton(ProcessPriceUpdateHandler, processor, journal),
            ProcessPriceBatch: providers.Singleton(ProcessPriceBatchHandler, processor, journal),
            RefusePriceUpdate: providers.Singleton(RefusePriceUpdateHandler, processor),
            ConfirmDurability: providers.Singleton(ConfirmDurabilityHandler, journal),
            GetSymbolStatistics: providers.Singleton(GetSymbolStatisticsHandler, statistics),
            ListSymbolStatistics: providers.Singleton(ListSymbolStatisticsHandler, statistics),
            GetRecentAnomalies: providers.Singleton(GetRecentAnomaliesHandler, anomalies),
            GetAnomaly: providers.Singleton(GetAnomalyHandler, history),
            ListCandles: providers.Singleton(ListCandlesHandler, history, statistics),
            ListTicks: providers.Singleton(ListTicksHandler, history, statistics),
            GetProcessingStatistics: providers.Singleton(GetProcessingStatisticsHandler, processor),
        }
    )
    behaviours = providers.List(
        providers.Singleton(Tracing, tracer),
        providers.Singleton(Metrics, pipeline_meter, clock),
        providers.Singleton(Validation, validators, processor),
    )
    mediator = providers.Singleton(Mediator, MESSAGES, handlers, behaviours)

    exposition = providers.Singleton(
        PrometheusExposition,
        processor,
        partitions,
        recent_anomalies,
        journal,
        hub,
        request_meter,
        pipeline_meter,
        admission,
        loop_meter,
        loop_watch,
    )
    walk = providers.Singleton(
        RandomWalk,
        settings.provided.simulation.symbols,
        settings.provided.simulation.initial_price,
        settings.provided.simulation.max_jitter,
        settings.provided.simulation.ticks_per_second,
        providers.Singleton(random.Random, settings.provided.simulation.seed),
    )
    feed = providers.Singleton(
        SimulatedFeed,
        walk,
        settings.provided.simulation.ticks_per_second,
        settings.provided.processing.max_batch_size,
        mediator,
        admission,
        clock,
    )
