"""The trades subject: its features and how they are wired."""

import random
from operator import attrgetter

from prometheus_client.registry import Collector

from api.http.answer import Answer
from api.http.dependencies import posted_by
from api.http.encoded_states import EncodedStates
from api.http.fast_path import FastRead
from api.http.symbol_paths import unencoded_symbol_path
from api.ingest.trade_decoding import TradeDecoding
from api.ingest.trade_intake import TradeIntake
from api.live.live_subject import EventChannel, LiveSubject
from api.live.trade_messages import EXAMPLES, SHAPES
from api.routes.trades import TradesController
from api.subjects.features import Connected, Entry, Features, Feed
from api.subjects.processing import Core, NoSink, Processing, processing_of
from api.subjects.trade_prices import TradePrices
from api.views.trades import TradeStatisticsView, TradeView
from application.behaviours.validation import Validator
from application.mediator import Handler, Mediator
from application.processing.forget_state import ForgetStateHandler
from application.processing.get_state import GetStateHandler, GetStateValidator
from application.processing.list_states import ListStatesHandler, ListStatesValidator
from application.trades.commands.forget_trades import ForgetTrades
from application.trades.commands.process_trade_batch import (
    ProcessTradeBatch,
    ProcessTradeBatchHandler,
    ProcessTradeBatchValidator,
)
from application.trades.commands.trade_rules import TradeRules
from application.trades.messages import MESSAGES
from application.trades.ports.trade_history import TradeHistory
from application.trades.queries.get_trade_statistics import GetTradeStatistics
from application.trades.queries.list_trade_candles import (
    ListTradeCandles,
    ListTradeCandlesHandler,
    ListTradeCandlesValidator,
)
from application.trades.queries.list_trade_statistics import ListTradeStatistics
from application.trades.queries.list_trades import ListTrades, ListTradesHandler, ListTradesValidator
from domain.trades.trade import Trade
from domain.trades.trade_statistics import TradeStatistics
from infrastructure.feeds.simulated_trades import SimulatedTrades
from infrastructure.feeds.simulation import SimulatedFeed
from infrastructure.feeds.trade_frames import FrameDecoding
from infrastructure.feeds.zeromq import ZeroMqFeed
from infrastructure.feeds.zeromq_meter import ZeroMqMeter
from infrastructure.processing.in_memory_states import InMemoryStates
from infrastructure.settings import Settings
from infrastructure.storage.candle_retention import CandleRetention
from infrastructure.storage.candle_store import SqlCandles
from infrastructure.storage.retention import Pruner
from infrastructure.subject import Subject
from infrastructure.telemetry.processing_collector import ProcessingCollector
from infrastructure.trades.stored_trades import NoTrades, StoredTrades
from infrastructure.trades.subject import TradeSubject, trades
from infrastructure.trades.trade_collector import TradeCollector
from infrastructure.trades.trade_tables import TRADE_CANDLES

_OBSERVATION = "trade"
_STATISTICS_PATH = unencoded_symbol_path("/api/trades/")


def _assemble(subject: Subject, core: Core) -> Features:
    history: TradeHistory = NoTrades()
    pruners: list[Pruner] = []
    if core.store is not None:
        candles = SqlCandles(core.store, TRADE_CANDLES)
        history = StoredTrades(core.store, candles, core.journal)
        pruners = [CandleRetention(candles, core.books[subject.name], core.clock, core.settings.retention)]
    states = EncodedStates(TradeStatisticsView.of, attrgetter("trade_count"))
    core.journal.on_forget(subject.name, states.forget)
    processing = processing_of(subject, core, NoSink())
    meter = ZeroMqMeter()
    prices = TradePrices() if core.settings.trades.feed_prices else None
    return Features(
        processing=processing,
        live=LiveSubject(
            "trades",
            processing.feed,
            states,
            (
                EventChannel(
                    "executions", "execution", Trade, attrgetter("symbol"), TradeView.of, is_of_observations=True
                ),
            ),
        ),
        messages=MESSAGES,
        handlers=_handlers(processing, core, history, prices),
        validators=_validators(core),
        routes=(TradesController,),
        connect=lambda mediator: _connect(mediator, processing, core, states, prices, meter),
        live_examples=EXAMPLES,
        live_shapes=SHAPES,
        collectors=_collectors(processing, core, meter),
        pruners=pruners,
    )


def _collectors(processing: Processing, core: Core, meter: ZeroMqMeter) -> list[Collector]:
    subject, settings = processing.subject, core.settings
    found: list[Collector] = [
        ProcessingCollector(subject, processing.processor, processing.partitions, "marketdata_trades")
    ]
    if settings.trades.compatible_metrics:
        default_symbol = settings.trades.default_symbol
        assert isinstance(subject, TradeSubject), "as it was defined below"
        found.append(TradeCollector(subject.totals, processing.snapshots, default_symbol))
    return [*found, meter] if settings.feeds.zeromq.bind else found


def _validators(core: Core) -> dict[type, Validator]:
    settings = core.settings.processing
    rules = TradeRules(core.clock, settings.max_clock_skew_us, settings.max_symbols)
    page_max = core.settings.limits.max_page_size
    return {
        ProcessTradeBatch: ProcessTradeBatchValidator(rules, settings.max_batch_size),
        ForgetTrades: GetStateValidator(_OBSERVATION),
        GetTradeStatistics: GetStateValidator(_OBSERVATION),
        ListTradeStatistics: ListStatesValidator(page_max),
        ListTrades: ListTradesValidator(page_max),
        ListTradeCandles: ListTradeCandlesValidator(page_max),
    }


def _handlers(
    processing: Processing, core: Core, history: TradeHistory, prices: TradePrices | None
) -> dict[type, Handler]:
    states: InMemoryStates[TradeStatistics] = InMemoryStates(processing.snapshots)
    return {
        ProcessTradeBatch: ProcessTradeBatchHandler(processing.processor, core.durability, prices),
        ForgetTrades: ForgetStateHandler(states, core.journal, processing.subject.name, _OBSERVATION),
        GetTradeStatistics: GetStateHandler(states, _OBSERVATION),
        ListTradeStatistics: ListStatesHandler(states),
        ListTrades: ListTradesHandler(history, states),
        ListTradeCandles: ListTradeCandlesHandler(history, states),
    }


def _connect(
    mediator: Mediator,
    processing: Processing,
    core: Core,
    states: EncodedStates,
    prices: TradePrices | None,
    meter: ZeroMqMeter,
) -> Connected:
    if prices is not None:
        prices.mediator = mediator
    intake = TradeIntake(
        mediator,
        core.stored_answers,
        core.clock,
        core.settings.processing.max_batch_size,
        core.is_durable,
        TradeDecoding(core.settings.trades.default_symbol),
    )

    async def statistics(symbol: str) -> Answer:
        found = await mediator.send(GetTradeStatistics(symbol))
        return states.answer(found.symbol, found)

    return Connected(
        dependencies={
            "posted_trades": posted_by(processing.admission, core.settings.limits),
            "trade_intake": intake,
            "trade_states": states,
        },
        posts={"/api/trades": intake.take_one, "/api/trades/batch": intake.take_many},
        reads=[FastRead("/api/trades/{symbol}", _STATISTICS_PATH, statistics)],
        feeds=_feeds(mediator, processing, core, meter),
    )


def _feeds(mediator: Mediator, processing: Processing, core: Core, meter: ZeroMqMeter) -> list[Feed]:
    settings, feeds = core.settings, list[Feed]()
    if settings.feeds.zeromq.bind:
        feeds.append(_zeromq(mediator, processing, core, meter))
    simulation = settings.simulation
    if simulation.enabled and simulation.trades_per_second:
        source = random.Random(simulation.seed)  # noqa: S311  # no secret depends on it
        flow = SimulatedTrades(simulation.symbols, source, mediator)
        batch_max = settings.processing.max_batch_size
        rate = simulation.trades_per_second
        feeds.append(SimulatedFeed(flow, rate, batch_max, mediator, processing.admission, core.clock))
    return feeds


def _zeromq(mediator: Mediator, processing: Processing, core: Core, meter: ZeroMqMeter) -> ZeroMqFeed:
    settings = core.settings
    return ZeroMqFeed(
        settings.feeds.zeromq,
        FrameDecoding(settings.trades.default_symbol),
        mediator,
        processing.admission,
        core.clock,
        meter,
        settings.processing.max_batch_size,
        settings.processing.flush_deadline_seconds,
    )


def _define(settings: Settings) -> Subject:
    return trades(settings.trades)


TRADES = Entry(_define, _assemble)
