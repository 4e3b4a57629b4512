"""The composition root, read top-down. Each subject wires its own parts in `api.subjects`."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dependency_injector import containers, providers
from prometheus_client.registry import Collector

from api.access import access_mediator
from api.health import Health
from api.http.access import Access
from api.http.client_addresses import ClientAddresses
from api.http.connections import Connections
from api.http.hosts import Hosts
from api.http.origins import Origins
from api.http.rate_limits import rate_limits_of
from api.http.request_log import RequestLog
from api.live.handshakes import Handshakes
from api.live.hub import Hub
from api.subjects.features import Entry, Features
from api.subjects.processing import Core
from api.subjects.registry import SUBJECTS, subjects_of
from api.subjects.rules import memory_of, rule_features
from application.access.directory import Directory
from application.behaviours.metrics import Metrics
from application.behaviours.tracing import Tracing
from application.behaviours.validation import Validation
from application.mediator import Behaviour, Mediator
from application.processing.confirm_durability import ConfirmDurability, ConfirmDurabilityHandler
from application.processing.get_processing_statistics import GetProcessingStatistics, GetProcessingStatisticsHandler
from application.processing.messages import MESSAGES
from application.rules.messages import MESSAGES as RULE_MESSAGES
from domain.book import Book
from domain.rules.rule import Rule
from infrastructure.access.argon2_passwords import Argon2Passwords
from infrastructure.access.jwt_tokens import JwtTokens
from infrastructure.access.key_watch import KeyWatch, NoWatch
from infrastructure.access.sql_accounts import SqlAccountRepository
from infrastructure.access.sql_keys import SqlKeyRepository
from infrastructure.processing.seen_ids import SeenIds
from infrastructure.processing.snapshots import Readable
from infrastructure.rules.alert_feed import AlertFeed
from infrastructure.rules.registry import RuleRegistry
from infrastructure.rules.rule_recovery import RuleRecovery
from infrastructure.rules.sql_rules import SqlRules
from infrastructure.settings import Settings, StorageSettings
from infrastructure.storage.checkpoints import Checkpoints
from infrastructure.storage.journal import Journal
from infrastructure.storage.retention import Retention
from infrastructure.storage.storage import NoJournal, NoStorage, RunningStorage
from infrastructure.storage.stored_answers import JournalledAnswers
from infrastructure.storage.stores import store_of
from infrastructure.subject import Subject
from infrastructure.system_clock import SystemClock
from infrastructure.telemetry.loop_watch import LoopWatch
from infrastructure.telemetry.meters import LoopMeter, PipelineMeter, RequestMeter
from infrastructure.telemetry.prometheus import PrometheusExposition
from infrastructure.telemetry.service_collectors import (
    BuildCollector,
    ConnectionsCollector,
    LatenciesCollector,
    LoopCollector,
    RateLimitCollector,
    StorageCollector,
    StreamCollector,
)
from infrastructure.telemetry.tracing import OpenTelemetryTracer, otlp_exporter

if TYPE_CHECKING:
    from infrastructure.cluster.member import Member


def _books(subjects: Sequence[Subject], partitions: int) -> dict[str, list[Book]]:
    return {subject.name: [subject.new_book() for _ in range(partitions)] for subject in subjects}


def _seen_ids(subjects: Sequence[Subject], settings: StorageSettings) -> dict[str, SeenIds]:
    return {subject.name: SeenIds(settings.ids_max, settings.ids_window_seconds) for subject in subjects}


def _storage_mode(settings: Settings) -> str:
    return "cluster" if settings.cluster.enabled else "on" if settings.storage.enabled else "off"


def _member(
    settings: Settings, subjects: Sequence[Subject], store: Any, clock: SystemClock, rules: RuleRegistry
) -> "Member":
    # Local imports, here and below: only members of a cluster need its libraries.
    from infrastructure.cluster.member import Member  # noqa: PLC0415

    shared = store if settings.auth.enabled or settings.keeps_history else None
    return Member(settings, subjects, shared, clock, rules)


def _behaviours(own: Sequence[Behaviour], member: "Member | None") -> list[Behaviour]:
    if member is None:
        return [*own]
    from infrastructure.cluster.catching_up import CaughtUp  # noqa: PLC0415

    return [*own, CaughtUp(member.follower)]


def _readable(books: Mapping[str, Sequence[Book]], member: "Member | None") -> Mapping[str, Sequence[Readable]]:
    return books if member is None else {name: model.books for name, model in member.models.items()}


def _alerting(rules: RuleRegistry, member: "Member | None") -> Callable[[str, str], Sequence[Rule]]:
    return rules.alerting if member is None else member.alerting


def _features(registry: Sequence[Entry], subjects: Sequence[Subject], core: Core) -> list[Features]:
    return [entry.assemble(subject, core) for entry, subject in zip(registry, subjects, strict=True)]


def _of_all(features: Sequence[Features], name: str) -> list[Any]:
    """The attribute `name` of all features, concatenated."""
    return [item for each in features for item in getattr(each, name)]


def _merged(features: Sequence[Features], name: str, own: Mapping[type, Any]) -> dict[type, Any]:
    """The attribute `name` of all features and the service's own, merged by message type."""
    return {**{key: value for each in features for key, value in getattr(each, name).items()}, **own}


def _of_cluster(member: "Member | None") -> list[Collector]:
    if member is None:
        return []
    from infrastructure.telemetry.cluster_collector import ClusterCollector  # noqa: PLC0415

    return [ClusterCollector(member)]


def _rejections(features: Sequence[Features]) -> dict[type, Any]:
    return {message: each.processing.processor.reject for each in features for message in each.messages}


class Container(containers.DeclarativeContainer):
    settings = providers.Dependency(instance_of=Settings)
    registry = providers.Object(SUBJECTS)
    clock = providers.Singleton(SystemClock)

    request_meter = providers.Singleton(RequestMeter)
    loop_meter = providers.Singleton(LoopMeter)
    pipeline_meter = providers.Singleton(PipelineMeter)
    spans = providers.Singleton(otlp_exporter, settings.provided.telemetry.traces_endpoint)
    tracer = providers.Singleton(OpenTelemetryTracer, spans, settings.provided.telemetry.traces_sample_ratio)
    loop_watch = providers.Singleton(LoopWatch, clock)

    rules = providers.Singleton(RuleRegistry, clock)
    subjects = providers.Singleton(subjects_of, settings, registry, rules)
    books = providers.Singleton(_books, subjects, settings.provided.processing.partition_count)
    seen_ids = providers.Singleton(_seen_ids, subjects, settings.provided.storage)
    storage_mode = providers.Callable(_storage_mode, settings)
    own_store = providers.Singleton(store_of, settings.provided.store, subjects)
    nothing: providers.Object[None] = providers.Object(None)
    store = providers.Selector(storage_mode, on=own_store, off=nothing, cluster=own_store)
    # What the subjects keep; in a cluster only where its members share a database.
    history_mode = providers.Callable({True: "on", False: "off"}.get, settings.provided.keeps_history)
    subjects_store = providers.Selector(history_mode, on=own_store, off=nothing)
    member = providers.Selector(
        storage_mode,
        on=nothing,
        off=nothing,
        cluster=providers.Singleton(_member, settings, subjects, store, clock, rules),
    )
    checkpoints = providers.Singleton(Checkpoints, books, clock, settings.provided.storage.checkpoint_interval_seconds)
    journal = providers.Selector(
        storage_mode,
        on=providers.Singleton(
            Journal,
            store,
            checkpoints,
            subjects,
            clock,
            settings.provided.storage.flush_seconds,
            settings.provided.storage.spool_max_ticks,
        ),
        off=providers.Singleton(NoJournal, subjects),
        cluster=member.provided.journal,
    )
    journalled_answers = providers.Singleton(
        JournalledAnswers,
        journal,
        clock,
        settings.provided.storage.answers_max,
        settings.provided.storage.ids_window_seconds,
    )
    stored_answers = providers.Selector(
        storage_mode, on=journalled_answers, off=journalled_answers, cluster=member.provided.answers
    )

    auth_mode = providers.Callable({True: "on", False: "off"}.get, settings.provided.auth.enabled)
    keys = providers.Singleton(SqlKeyRepository, store)
    accounts = providers.Singleton(SqlAccountRepository, store)
    tokens = providers.Singleton(JwtTokens)
    directory = providers.Singleton(Directory, tokens, clock)
    access_mediator = providers.Singleton(
        access_mediator, keys, accounts, directory, providers.Singleton(Argon2Passwords), tokens, clock
    )
    access = providers.Selector(auth_mode, on=providers.Singleton(Access, directory), off=providers.Object(None))
    key_watch = providers.Selector(
        auth_mode,
        on=providers.Singleton(KeyWatch, keys, accounts, tokens, directory, clock),
        off=providers.Singleton(NoWatch),
    )

    readable = providers.Callable(_readable, books, member)
    alerting = providers.Callable(_alerting, rules, member)
    alert_memory = providers.Singleton(memory_of, settings)
    alert_feed = providers.Singleton(AlertFeed, alert_memory)
    core = providers.Singleton(
        Core,
        settings,
        clock,
        journal,
        stored_answers,
        subjects_store,
        books,
        seen_ids,
        alert_feed,
        readable,
        alerting,
        member,
    )
    features = providers.Singleton(_features, registry, subjects, core)
    rule_features = providers.Singleton(
        rule_features, settings, registry, rules, alert_memory, alert_feed, journal, subjects_store, clock, member
    )
    # Where only one subject can represent the service, the first one does.
    prices = features.provided[0]
    processor = prices.processing.processor
    partitions = prices.processing.partitions

    request_log = providers.Singleton(RequestLog, clock)
    connections = providers.Singleton(Connections, settings.provided.limits)
    addresses = providers.Singleton(ClientAddresses, settings.provided.server.trusted_proxies)
    rate_limits = providers.Singleton(rate_limits_of, settings.provided.limits, clock)
    hosts = providers.Singleton(Hosts, settings.provided.server.host, settings.provided.server.allowed_hosts)
    origins = providers.Singleton(Origins, settings.provided.server.allowed_origins)
    handshakes = providers.Singleton(Handshakes, hosts, origins, access, addresses, rate_limits)
    hub = providers.Singleton(
        Hub,
        providers.Callable(
            lambda features: [live for each in features for live in (each.live, *each.more_live)], features
        ),
        clock,
        settings.provided.stream,
        access,
        providers.List(rule_features.provided.live),
        providers.Callable(lambda member: None if member is None else member.follower.check, member),
    )
    retention = providers.Singleton(
        Retention,
        store,
        providers.Callable(
            lambda features, rules: [*_of_all(features, "pruners"), *rules.pruners], features, rule_features
        ),
        clock,
        settings.provided.retention,
        providers.Callable(lambda settings: int(settings.ids_window_seconds * 1_000_000), settings.provided.storage),
    )
    storage = providers.Selector(
        storage_mode,
        on=providers.Singleton(
            RunningStorage,
            store,
            journal,
            books,
            journalled_answers,
            seen_ids,
            providers.Callable(_of_all, features, "recovered"),
            providers.Singleton(RuleRecovery, rules, providers.Singleton(SqlRules, store)),
            retention,
            clock,
        ),
        off=providers.Singleton(NoStorage),
        cluster=member,
    )
    health = providers.Singleton(Health, features, journal, settings, clock, rule_features.provided.dispatchers, member)

    behaviours = providers.Callable(
        _behaviours,
        providers.List(
            providers.Singleton(Tracing, tracer),
            providers.Singleton(Metrics, pipeline_meter, clock),
            providers.Singleton(
                Validation,
                providers.Callable(_merged, features, "validators", rule_features.provided.validators),
                providers.Callable(_rejections, features),
            ),
        ),
        member,
    )
    mediator = providers.Singleton(
        Mediator,
        providers.Callable(lambda features: [*MESSAGES, *RULE_MESSAGES, *_of_all(features, "messages")], features),
        providers.Callable(
            _merged,
            features,
            "handlers",
            providers.Callable(
                lambda own, rules: {**own, **rules.handlers},
                providers.Dict(
                    {
                        ConfirmDurability: providers.Singleton(ConfirmDurabilityHandler, journal),
                        GetProcessingStatistics: providers.Singleton(GetProcessingStatisticsHandler, processor),
                    }
                ),
                rule_features,
            ),
        ),
        behaviours,
    )
    connected = providers.Singleton(
        lambda features, mediator: [each.connect(mediator) for each in features], features, mediator
    )
    exposition = providers.Singleton(
        PrometheusExposition,
        providers.Callable(
            lambda features, rules, member, *own: [
                *_of_all(features, "collectors"),
                *rules.collectors,
                *own,
                *_of_cluster(member),
            ],
            features,
            rule_features,
            member,
            providers.Singleton(LatenciesCollector, request_meter, pipeline_meter),
            providers.Singleton(StorageCollector, journal),
            providers.Singleton(ConnectionsCollector, connections),
            providers.Singleton(RateLimitCollector, rate_limits),
            providers.Singleton(StreamCollector, hub),
            providers.Singleton(LoopCollector, features, loop_meter, hub),
            providers.Singleton(BuildCollector, settings.provided.simulation.enabled),
        ),
        loop_watch,
    )
