"""Rules: what they bring to the service, across its subjects."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from litestar.types import ControllerRouterHandler
from prometheus_client.registry import Collector

from api.live.alert_messages import EXAMPLES, SHAPES
from api.live.live_subject import EventChannel, LiveEvents
from api.routes.alerts import AlertsController
from api.routes.backtests import BacktestsController
from api.routes.notifications import NotificationsController
from api.routes.rules import RulesController
from api.subjects.features import Entry
from api.views.rules import AlertView, NotificationView
from api.views.view import encode
from application.behaviours.validation import Validator
from application.mediator import Handler
from application.ports.clock import Clock
from application.rules.commands.cancel_backtest import CancelBacktest, CancelBacktestHandler
from application.rules.commands.change_alert import AcknowledgeAlert, ChangeAlertHandler, ResolveAlert
from application.rules.commands.create_rule import CreateRule, CreateRuleHandler
from application.rules.commands.delete_rule import DeleteRule, DeleteRuleHandler
from application.rules.commands.replace_rule import ReplaceRule, ReplaceRuleHandler
from application.rules.commands.replay_dead_letter import ReplayDeadLetter, ReplayDeadLetterHandler
from application.rules.commands.run_backtest import StartBacktest, StartBacktestHandler
from application.rules.ports.alerts import Alerts
from application.rules.queries.get_backtest import GetBacktest, GetBacktestHandler
from application.rules.queries.list_alerts import ListAlerts, ListAlertsHandler, ListAlertsValidator
from application.rules.queries.list_dead_letters import (
    ListDeadLetters,
    ListDeadLettersHandler,
    ListDeadLettersValidator,
)
from application.rules.queries.list_rules import (
    GetRule,
    GetRuleHandler,
    ListRules,
    ListRulesHandler,
    ListRulesValidator,
)
from application.rules.rule_reading import RuleReader
from domain.rules.alert import Alert
from domain.rules.rule import Rule
from infrastructure.access.random_secrets import RandomSecrets
from infrastructure.delivery.channel import Channel
from infrastructure.delivery.deliveries import DeliveriesOfLeader, SqlDeliveries
from infrastructure.delivery.delivery_collector import DeliveryCollector
from infrastructure.delivery.dispatcher import Dispatcher
from infrastructure.delivery.log_channel import LogChannel
from infrastructure.delivery.memory_deliveries import MemoryDeliveries
from infrastructure.delivery.webhook import WebhookChannel, new_client
from infrastructure.rules.alert_collector import AlertCollector
from infrastructure.rules.alert_feed import AlertFeed
from infrastructure.rules.alert_retention import AlertRetention
from infrastructure.rules.backtests import ProcessBacktests
from infrastructure.rules.clock_watch import ClockWatch
from infrastructure.rules.memory_alerts import MemoryAlerts
from infrastructure.rules.registry import RuleRegistry
from infrastructure.rules.rule_desk import RuleDesk
from infrastructure.rules.rules_file import read_rules
from infrastructure.rules.sample_rules import SAMPLE_RULES
from infrastructure.rules.shared_alerts import SharedAlerts
from infrastructure.rules.sql_rules import SqlRules, StoredAlerts
from infrastructure.settings import Settings
from infrastructure.storage.retention import Pruner
from infrastructure.storage.sql_store import SqlStore

if TYPE_CHECKING:
    from infrastructure.cluster.cluster_desk import ClusterDesk
    from infrastructure.cluster.member import Member

ROUTES: tuple[ControllerRouterHandler, ...] = (
    RulesController,
    AlertsController,
    NotificationsController,
    BacktestsController,
)
LIVE_EXAMPLES, LIVE_SHAPES = EXAMPLES, SHAPES
# The process of a back-test.
_WORKER = "api.backtest_worker"


@dataclass(frozen=True, slots=True)
class RuleFeatures:
    """What rules contribute: the same things as a subject does (`api.subjects.features`).

    check: reads the file of rules, and raises InvalidRules. start: makes the rules of the file, those of a
    simulation, and those of subjects that are missing; call it once the store is open and the journal runs. tasks: run
    until cancelled.
    """

    feed: AlertFeed
    live: LiveEvents
    handlers: Mapping[type, Handler]
    validators: Mapping[type, Validator]
    collectors: Sequence[Collector]
    pruners: Sequence[Pruner]
    tasks: Sequence[Callable[[], Any]]
    dispatchers: Sequence[Dispatcher]
    backtests: ProcessBacktests
    check: Callable[[], object]
    start: Callable[[], Awaitable[None]]


class Memory:
    """Alerts and deliveries of a service without a store. delivers: whether this process does."""

    def __init__(self, capacity: int, delivers: bool) -> None:
        self.alerts = MemoryAlerts(capacity)
        self.deliveries = MemoryDeliveries()
        self._delivers = delivers

    def publish(self, alerts: Sequence[Alert]) -> None:
        self.alerts.publish(alerts)
        if self._delivers:
            self.deliveries.publish(alerts)


def memory_of(settings: Settings) -> Memory | None:
    """Where alerts are without a store, or before the owners of a cluster's partitions have stored them."""
    if settings.storage.enabled and not settings.cluster.enabled:
        return None
    return Memory(settings.processing.recent_anomalies_capacity, delivers=not settings.cluster.enabled)


def rule_features(
    settings: Settings,
    subjects: Sequence[Entry],
    registry: RuleRegistry,
    memory: Memory | None,
    feed: AlertFeed,
    journal: Any,
    store: SqlStore | None,
    clock: Clock,
    member: "Member | None",
) -> RuleFeatures:
    tasks: list[Callable[[], Any]] = []
    if member is None:
        own = RuleDesk(registry, journal, feed.publish, clock, stores=store is not None)
        tasks.append(ClockWatch(own, clock).run)
    desk: RuleDesk | ClusterDesk = own if member is None else member.desk
    pruners: list[Pruner] = []
    if memory is not None:
        alerts: Alerts = memory.alerts
        deliveries: SqlDeliveries | MemoryDeliveries = memory.deliveries
        for subject in registry.subjects:
            journal.on_forget(subject, partial(memory.alerts.forget, subject))
    if store is not None:
        stored = SqlRules(store)
        alerts = StoredAlerts(stored, journal) if memory is None else SharedAlerts(memory.alerts, stored)
        deliveries = SqlDeliveries(store) if memory is None else DeliveriesOfLeader(store)
        pruners = [AlertRetention(stored, clock, settings.retention)]
    channels = _channels(settings, clock)
    dispatchers = [
        Dispatcher(name, channel, deliveries, settings.notifications, clock) for name, channel in channels.items()
    ]
    reader = RuleReader(registry.subjects, channels, registry.with_parts)

    def of_file() -> Sequence[Rule]:
        return read_rules(Path(settings.rules.file), reader) if settings.rules.file else ()

    async def start() -> None:
        await desk.take_over(of_file())
        if settings.simulation.enabled and not desk.list():
            for sample in SAMPLE_RULES:
                await desk.put(sample)
        for default in [each for entry in subjects for each in entry.rules(settings)]:
            if desk.get(default.id) is None:
                await desk.put(default)

    context = None if store is None else (settings, subjects)
    backtests = ProcessBacktests(_WORKER, context, journal, settings.rules.max_backtests)
    change = ChangeAlertHandler(alerts, desk)
    page_max = settings.limits.max_page_size
    return RuleFeatures(
        feed=feed,
        live=LiveEvents(EventChannel("alerts", "alert", Alert, attrgetter("key"), AlertView.of), feed),
        handlers={
            CreateRule: CreateRuleHandler(desk, reader, RandomSecrets().identifier, settings.rules.max_rules),
            ReplaceRule: ReplaceRuleHandler(desk, reader),
            DeleteRule: DeleteRuleHandler(desk),
            ListRules: ListRulesHandler(desk),
            GetRule: GetRuleHandler(desk),
            ListAlerts: ListAlertsHandler(alerts),
            AcknowledgeAlert: change,
            ResolveAlert: change,
            ListDeadLetters: ListDeadLettersHandler(deliveries),
            ReplayDeadLetter: ReplayDeadLetterHandler(deliveries),
            StartBacktest: StartBacktestHandler(backtests, reader),
            GetBacktest: GetBacktestHandler(backtests),
            CancelBacktest: CancelBacktestHandler(backtests),
        },
        validators={
            ListAlerts: ListAlertsValidator(page_max),
            ListRules: ListRulesValidator(page_max),
            ListDeadLetters: ListDeadLettersValidator(page_max),
        },
        collectors=[AlertCollector(registry, feed), DeliveryCollector(dispatchers)],
        pruners=pruners,
        tasks=[*tasks, *(dispatcher.run for dispatcher in dispatchers)],
        dispatchers=dispatchers,
        backtests=backtests,
        check=of_file,
        start=start,
    )


def _channels(settings: Settings, clock: Clock) -> dict[str, Channel]:
    """The channels of the settings, by name."""
    notifications = settings.notifications
    if not notifications.channels:
        return {}
    client = new_client(notifications.timeout_seconds)

    def encoded(alert: Alert) -> bytes:
        return encode(NotificationView.of(alert))

    return {
        name: LogChannel()
        if each.kind == "log"
        else WebhookChannel(
            each.url.get_secret_value(),
            each.secret.get_secret_value(),
            notifications.allow_private_targets,
            encoded,
            client,
            clock,
        )
        for name, each in notifications.channels.items()
    }
