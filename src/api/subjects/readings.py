"""The readings subject: its features and how they are wired."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

from api.http.dependencies import posted_by
from api.http.encoded_states import EncodedStates
from api.ingest.reading_decoding import ReadingDecoding, moment_us
from api.ingest.reading_intake import ReadingIntake
from api.live.live_subject import LiveSubject
from api.live.reading_messages import EXAMPLES, SHAPES
from api.routes.machines import MachinesController
from api.routes.readings import ReadingsController
from api.subjects.features import Connected, Entry, Features, Feed
from api.subjects.processing import Core, NoSink, Processing, processing_of
from api.subjects.reading_rules import default_rules, standing_by
from api.views.readings import SensorView
from application.behaviours.validation import Validator
from application.mediator import Handler, Mediator
from application.readings.commands.forget_readings import (
    ForgetReadings,
    ForgetReadingsHandler,
    ForgetReadingsValidator,
)
from application.readings.commands.process_reading_batch import (
    ProcessReadingBatch,
    ProcessReadingBatchHandler,
    ProcessReadingBatchValidator,
)
from application.readings.commands.reading_rules import ReadingRules
from application.readings.commands.replay_dead_reading import ReplayDeadReading, ReplayDeadReadingHandler
from application.readings.messages import MESSAGES
from application.readings.ports.reading_history import ReadingHistory
from application.readings.queries.get_machine import GetMachine, GetMachineHandler, GetMachineValidator
from application.readings.queries.get_sensor import GetSensor, GetSensorHandler
from application.readings.queries.list_dead_readings import (
    ListDeadReadings,
    ListDeadReadingsHandler,
    ListDeadReadingsValidator,
)
from application.readings.queries.list_machines import ListMachines, ListMachinesHandler, ListMachinesValidator
from application.readings.queries.list_readings import ListReadings, ListReadingsHandler, ListReadingsValidator
from application.readings.queries.list_rollups import ListRollups, ListRollupsHandler, ListRollupsValidator
from domain.bars import Interval
from domain.readings.sensor_statistics import SensorStatistics
from domain.readings.sensor_type import SensorTypes
from domain.rules.rule import Rule
from infrastructure.feeds.mqtt.dead_readings import KeptDeadReadings
from infrastructure.feeds.mqtt.message_ids import MessageIds, MessageIdsOfMember
from infrastructure.feeds.mqtt.mqtt_feed import DeadReadingReader, MqttFeed
from infrastructure.feeds.mqtt.mqtt_meter import MqttMeter
from infrastructure.feeds.mqtt.reading_messages import ReadingMessages
from infrastructure.feeds.simulated_machines import SimulatedMachines
from infrastructure.feeds.simulation import SimulatedFeed
from infrastructure.processing.in_memory_states import InMemoryStates
from infrastructure.readings.in_memory_machines import InMemoryMachines
from infrastructure.readings.reading_rows import RowRetention
from infrastructure.readings.reading_tables import ROLLUPS
from infrastructure.readings.stored_readings import NoReadings, StoredReadings
from infrastructure.readings.subject import readings, sensor_types
from infrastructure.settings import RetentionSettings, Settings
from infrastructure.storage.candle_retention import CandleRetention
from infrastructure.storage.candle_store import SqlCandles
from infrastructure.storage.retention import Pruner
from infrastructure.subject import Subject
from infrastructure.telemetry.processing_collector import ProcessingCollector


def _assemble(subject: Subject, core: Core) -> Features:
    settings = core.settings
    history: ReadingHistory = NoReadings(core.no_history)
    pruners: list[Pruner] = []
    if core.store is not None:
        rollups = SqlCandles(core.store, ROLLUPS)
        history = StoredReadings(core.store, rollups, core.journal)
        pruners = [
            CandleRetention(
                rollups, core.readable[subject.name], core.clock, settings.retention, _days(settings.retention)
            ),
            RowRetention(core.store, core.clock),
        ]
    mqtt = _mqtt(core)
    states = EncodedStates(SensorView.of, attrgetter("update_count"))
    core.journal.on_forget(subject.name, states.forget)
    processing = processing_of(subject, core, NoSink())
    return Features(
        processing=processing,
        live=LiveSubject("readings", processing.feed, states, pattern=_of_machine),
        messages=MESSAGES,
        handlers=_handlers(processing, core, history, mqtt),
        validators=_validators(core, mqtt.rules),
        routes=(ReadingsController, MachinesController),
        connect=lambda mediator: _connect(mediator, processing, core, states, mqtt),
        live_examples=EXAMPLES,
        live_shapes=SHAPES,
        collectors=[
            ProcessingCollector(subject, processing.processor, processing.partitions, "marketdata_readings"),
            *([mqtt.meter] if settings.feeds.mqtt.url else []),
        ],
        pruners=pruners,
        recovered=[mqtt.dead],
    )


@dataclass(frozen=True, slots=True)
class _Mqtt:
    """What readings over MQTT need, and what looks after those that are none."""

    messages: ReadingMessages
    rules: ReadingRules
    dead: KeptDeadReadings
    meter: MqttMeter


def _mqtt(core: Core) -> _Mqtt:
    settings = core.settings.processing
    mqtt = core.settings.feeds.mqtt
    types = sensor_types(core.settings.readings)
    return _Mqtt(
        ReadingMessages(mqtt.topic, moment_us, settings.max_symbols),
        ReadingRules(core.clock, settings.max_clock_skew_us, types, settings.max_symbols),
        # The store is shared with other members, and these messages came to this one.
        KeptDeadReadings(core.journal, core.store if core.cluster is None else None, mqtt.max_dead_letters),
        MqttMeter(),
    )


def _of_machine(pattern: str) -> str:
    """A machine stands for all its sensors."""
    return pattern if "/" in pattern or pattern.endswith("*") else f"{pattern}/*"


def _days(settings: RetentionSettings) -> dict[Interval, float]:
    return {
        Interval.M1: settings.rollups_1m_days,
        Interval.H1: settings.rollups_1h_days,
        Interval.D1: settings.rollups_1d_days,
    }


def _validators(core: Core, rules: ReadingRules) -> dict[type, Validator]:
    settings = core.settings.processing
    page_max = core.settings.limits.max_page_size
    return {
        ProcessReadingBatch: ProcessReadingBatchValidator(rules, settings.max_batch_size),
        ForgetReadings: ForgetReadingsValidator(),
        GetMachine: GetMachineValidator(),
        ListMachines: ListMachinesValidator(page_max),
        ListReadings: ListReadingsValidator(page_max),
        ListRollups: ListRollupsValidator(page_max),
        ListDeadReadings: ListDeadReadingsValidator(page_max),
    }


def _handlers(processing: Processing, core: Core, history: ReadingHistory, mqtt: _Mqtt) -> dict[type, Handler]:
    name = processing.subject.name
    sensors: InMemoryStates[SensorStatistics] = InMemoryStates(processing.snapshots)
    machines = InMemoryMachines(processing.snapshots, standing_by(core.alerting))
    return {
        ProcessReadingBatch: ProcessReadingBatchHandler(processing.processor, core.durability),
        ForgetReadings: ForgetReadingsHandler(machines, core.journal, name),
        GetMachine: GetMachineHandler(machines),
        GetSensor: GetSensorHandler(sensors),
        ListMachines: ListMachinesHandler(machines),
        ListReadings: ListReadingsHandler(history, sensors),
        ListRollups: ListRollupsHandler(history, sensors),
        ListDeadReadings: ListDeadReadingsHandler(mqtt.dead),
        ReplayDeadReading: ReplayDeadReadingHandler(
            mqtt.dead, DeadReadingReader(mqtt.messages), mqtt.rules, processing.processor, core.durability
        ),
    }


def _connect(mediator: Mediator, processing: Processing, core: Core, states: EncodedStates, mqtt: _Mqtt) -> Connected:
    settings = core.settings
    intake = ReadingIntake(
        mediator,
        core.stored_answers,
        core.clock,
        settings.processing.max_batch_size,
        core.is_durable,
        ReadingDecoding(settings.processing.max_symbols),
    )
    return Connected(
        {
            "posted_readings": posted_by(processing.admission, settings.limits),
            "reading_intake": intake,
            "sensor_states": states,
            "sensor_types": SensorTypes(sensor_types(settings.readings)),
        },
        feeds=_feeds(mediator, processing, core, mqtt),
    )


def _feeds(mediator: Mediator, processing: Processing, core: Core, mqtt: _Mqtt) -> list[Feed]:
    settings, feeds = core.settings, list[Feed]()
    if settings.feeds.mqtt.url:
        feeds.append(_mqtt_feed(mediator, processing, core, mqtt))
    simulation = settings.simulation
    if simulation.enabled and simulation.readings_per_second:
        flow = SimulatedMachines(random.Random(simulation.seed))  # noqa: S311  # no secret depends on it
        batch_max = settings.processing.max_batch_size
        rate = simulation.readings_per_second
        feeds.append(SimulatedFeed(flow, rate, batch_max, mediator, processing.admission, core.clock))
    return feeds


def _mqtt_feed(mediator: Mediator, processing: Processing, core: Core, mqtt: _Mqtt) -> MqttFeed:
    settings = core.settings
    return MqttFeed(
        settings.feeds.mqtt,
        mqtt.messages,
        mqtt.rules,
        mediator,
        processing.admission,
        _message_ids(processing, core),
        mqtt.dead,
        core.clock,
        mqtt.meter,
        core.is_durable,
        settings.processing.max_batch_size,
        settings.processing.flush_deadline_seconds,
    )


def _define(settings: Settings) -> Subject:
    return readings(settings.readings, keeps_rows=bool(settings.store.url))


def _rules(settings: Settings) -> Sequence[Rule]:
    return default_rules(sensor_types(settings.readings)) if settings.readings.default_rules else ()


def _message_ids(processing: Processing, core: Core) -> MessageIds:
    seen = core.seen_ids[processing.subject.name]
    return MessageIds(seen) if core.cluster is None else MessageIdsOfMember(seen, core.clock)


READINGS = Entry(_define, _assemble, _rules)
