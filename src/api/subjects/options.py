"""The options subject: its features and how they are wired."""

import random
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from api.http.aged_answers import AgedAnswers
from api.http.dependencies import posted_by
from api.http.encoded_states import EncodedStates
from api.ingest.option_intake import OptionIntake
from api.live.live_subject import LiveSubject
from api.live.option_messages import EXAMPLES, SHAPES
from api.routes.option_figures import OptionFiguresController
from api.routes.options import OptionsController
from api.subjects.features import Connected, Entry, Features, Feed
from api.subjects.processing import Core, Processing, processing_of
from api.views.options import ChainSummaryView, LiveChainView, QuoteView
from application.behaviours.validation import Validator
from application.mediator import Handler, Mediator
from application.options.chain_analysis import Analyses, ChainAnalysis
from application.options.commands.forget_product import ForgetProduct, ForgetProductHandler, ForgetProductValidator
from application.options.commands.process_option_quotes import (
    ProcessOptionQuotes,
    ProcessOptionQuotesHandler,
    ProcessOptionQuotesValidator,
)
from application.options.commands.quote_rules import QuoteRules
from application.options.messages import MESSAGES
from application.options.ports.option_repository import SpotPrices
from application.options.ports.position_history import PositionHistory
from application.options.ports.summary_history import SummaryHistory
from application.options.queries.get_chain_analysis import GetChainAnalysis, GetChainAnalysisHandler
from application.options.queries.get_chain_since import (
    GetChainSince,
    GetChainSinceHandler,
    GetChainSinceValidator,
)
from application.options.queries.get_option_contract import GetOptionContract, GetOptionContractHandler
from application.options.queries.get_volatility_surface import GetVolatilitySurface, GetVolatilitySurfaceHandler
from application.options.queries.list_chain_summaries import (
    ListChainSummaries,
    ListChainSummariesHandler,
    ListChainSummariesValidator,
)
from application.options.queries.list_expiries import ListExpiries, ListExpiriesHandler
from application.options.queries.list_products import ListOptionProducts, ListOptionProductsHandler
from application.ports.clock import Clock
from domain.book import Book
from domain.options.option_book import OptionBook
from domain.options.spot import Spot, SpotSource
from domain.rules.ruled_book import RuledBook
from infrastructure.options.contracts import BookContracts, Contracts, SnapshotContracts
from infrastructure.options.in_memory_options import InMemoryOptions
from infrastructure.options.option_feeds import OptionFeeds
from infrastructure.options.option_retention import OptionRetention
from infrastructure.options.position_history import RecentPositions, StoredPositions
from infrastructure.options.recent_summaries import RecentSummaries
from infrastructure.options.simulated_chains import SimulatedChains, SimulatedOptionFeed
from infrastructure.options.stored_summaries import StoredSummaries
from infrastructure.options.subject import model_of, options
from infrastructure.processing.partition import EventSink
from infrastructure.processing.snapshots import Snapshots
from infrastructure.settings import Settings
from infrastructure.storage.retention import Pruner
from infrastructure.subject import Subject
from infrastructure.telemetry.processing_collector import ProcessingCollector

# The subject that has the prices of underlyings.
_PRICES = "prices"
# Contracts in all positions in memory, where nothing is stored: some 50 MB.
_POSITIONS_MAX = 250_000


class PricesAsSpots:
    """The `SpotPrices` of the subject of prices, from its workers' states. max_age_us: of a price that counts."""

    def __init__(self, core: Core, clock: Clock, max_age_us: int) -> None:
        books = core.readable.get(_PRICES)
        self._snapshots = None if books is None else Snapshots(books)
        self._clock = clock
        self._max_age_us = max_age_us
        if self._snapshots is not None:
            forget = self._snapshots.forget
            core.journal.on_forget(_PRICES, lambda _: forget())

    def spot(self, product: str) -> Spot | None:
        found = None if self._snapshots is None else self._snapshots.snapshot(product)
        if found is None or self._clock.now_us() - found.last_update_us > self._max_age_us:
            return None
        return Spot(found.current_price, SpotSource.PRICES, found.last_update_us)


class Sinks:
    """Several `EventSink`s, one after the other."""

    def __init__(self, sinks: Sequence[EventSink]) -> None:
        self._sinks = sinks

    async def publish(self, events: Sequence[Any]) -> None:
        for sink in self._sinks:
            await sink.publish(events)


def _assemble(subject: Subject, core: Core) -> Features:
    settings, clock = core.settings.options, core.clock
    recent, positions = RecentSummaries(settings.recent_summaries), RecentPositions(_POSITIONS_MAX)
    sinks = (recent,) if core.store is not None else (recent, positions)
    processing = processing_of(subject, core, Sinks(sinks))
    repository = InMemoryOptions(processing.snapshots, _contracts_of(subject, core, processing.snapshots))
    spots = PricesAsSpots(core, clock, int(settings.spot_max_age_seconds * 1_000_000))
    analyses = Analyses(model_of(settings), spots)
    history: SummaryHistory = recent
    past: PositionHistory = positions
    pruners: list[Pruner] = []
    if core.store is not None:
        history, past = StoredSummaries(recent, core.store), StoredPositions(core.store)
        pruners.append(OptionRetention(core.store, core.readable[subject.name], clock, core.settings.retention))
    feeds = OptionFeeds(processing.feed, repository, analyses)
    quotes = EncodedStates(QuoteView.of, attrgetter("timestamp_us"))
    chains = EncodedStates(LiveChainView.of, _updates)
    summaries = EncodedStates(ChainSummaryView.of, _updates)
    for memory in (recent.forget, positions.forget, analyses.forget):
        core.journal.on_forget(subject.name, memory)
    return Features(
        processing=processing,
        live=LiveSubject("quotes", feeds.quotes, quotes),
        more_live=(
            LiveSubject("chains", feeds.chains, chains),
            LiveSubject("chain-summaries", feeds.summaries, summaries),
        ),
        messages=MESSAGES,
        handlers=_handlers(processing, core, repository, analyses, history, past),
        validators=_validators(core),
        routes=(OptionsController, OptionFiguresController),
        connect=lambda mediator: _connect(mediator, processing, core, analyses, spots),
        live_examples=EXAMPLES,
        live_shapes=SHAPES,
        collectors=[
            ProcessingCollector(subject, processing.processor, processing.partitions, "marketdata_option_quotes")
        ],
        pruners=pruners,
    )


def _contracts_of(subject: Subject, core: Core, snapshots: Snapshots) -> Contracts:
    if core.cluster is not None:
        return SnapshotContracts(snapshots)
    return BookContracts([_own(book) for book in core.books[subject.name]])


def _own(book: Book) -> OptionBook:
    """The book of options itself, without the rules around it."""
    own = book.book if isinstance(book, RuledBook) else book
    assert isinstance(own, OptionBook), "the subject makes no others"
    return own


def _updates(analysis: ChainAnalysis) -> int:
    return analysis.chain.updates


def _validators(core: Core) -> dict[type, Validator]:
    settings = core.settings.processing
    rules = QuoteRules(core.clock, settings.max_clock_skew_us)
    return {
        ProcessOptionQuotes: ProcessOptionQuotesValidator(rules, settings.max_batch_size),
        ForgetProduct: ForgetProductValidator(),
        GetChainSince: GetChainSinceValidator(),
        ListChainSummaries: ListChainSummariesValidator(core.settings.limits.max_page_size),
    }


def _handlers(
    processing: Processing,
    core: Core,
    repository: InMemoryOptions,
    analyses: Analyses,
    history: SummaryHistory,
    past: PositionHistory,
) -> dict[type, Handler]:
    return {
        ProcessOptionQuotes: ProcessOptionQuotesHandler(processing.processor, core.durability),
        ForgetProduct: ForgetProductHandler(repository, core.journal, processing.subject.name),
        ListOptionProducts: ListOptionProductsHandler(repository),
        ListExpiries: ListExpiriesHandler(repository),
        GetChainAnalysis: GetChainAnalysisHandler(repository, analyses),
        GetChainSince: GetChainSinceHandler(repository, analyses, past),
        GetOptionContract: GetOptionContractHandler(repository, analyses),
        GetVolatilitySurface: GetVolatilitySurfaceHandler(repository, analyses),
        ListChainSummaries: ListChainSummariesHandler(repository, analyses, history),
    }


def _connect(
    mediator: Mediator, processing: Processing, core: Core, analyses: Analyses, spots: SpotPrices
) -> Connected:
    settings = core.settings
    intake = OptionIntake(
        mediator, core.stored_answers, core.clock, settings.processing.max_batch_size, core.is_durable
    )
    simulates = settings.simulation.enabled and settings.simulation.option_symbols
    return Connected(
        dependencies={
            "option_posted": posted_by(processing.admission, settings.limits),
            "option_intake": intake,
            "option_model": analyses.model,
            "aged": AgedAnswers(core.clock),
        },
        feeds=[_simulation(mediator, processing, core, analyses, spots)] if simulates else [],
    )


def _simulation(mediator: Mediator, processing: Processing, core: Core, analyses: Analyses, spots: SpotPrices) -> Feed:
    settings = core.settings.simulation
    return SimulatedOptionFeed(
        SimulatedChains(analyses.model, random.Random(settings.seed)),  # noqa: S311  # no secret depends on it
        settings.option_symbols,
        settings.option_chains_per_second,
        spots,
        mediator,
        processing.admission,
        core.clock,
    )


def _define(settings: Settings) -> Subject:
    return options(settings.options)


OPTIONS = Entry(_define, _assemble)
