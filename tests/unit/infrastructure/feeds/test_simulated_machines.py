import asyncio
import random
from collections import Counter
from itertools import pairwise

from api.subjects.reading_rules import default_rules, standing_by
from application.mediator import Mediator
from application.processing.batches import BatchResult
from application.readings.commands.process_reading_batch import ProcessReadingBatch
from domain.readings.machine import Standing
from domain.readings.reading import Reading
from domain.readings.reading_book import ReadingBook
from domain.readings.readings import Readings
from domain.rules.alert import Alert, AlertChange
from domain.rules.rule_index import RuleIndex
from domain.rules.ruled_book import RuledBook
from infrastructure.feeds.simulated_machines import SENSORS, SimulatedMachines
from infrastructure.feeds.simulation import SimulatedFeed
from infrastructure.readings.subject import values_of
from support.fakes import FakeClock
from support.processing import admission_of

RATE = 8
LOOSE = "PUMP-001/PRESSURE"


def readings(seed: int, seconds: int) -> list[Reading]:
    machines = SimulatedMachines(random.Random(seed))
    return [machines.next(at * 1_000_000 // RATE) for at in range(seconds * RATE)]


def alerts(given: list[Reading]) -> list[Alert]:
    """Those of the rules that there are from the start, when they change."""
    now_us = 0
    index = RuleIndex()
    for rule in default_rules({}):
        index.add(rule)
    book = RuledBook(ReadingBook(100), index, values_of, lambda: now_us)
    found: list[Alert] = []
    for reading in given:
        now_us = reading.timestamp_us
        found += book.advance(now_us)
        found += [each for each in book.apply(Readings.of([reading])).updates if isinstance(each, Alert)]
    return [each for each in found if each.change is not AlertChange.REPEATED]


def told(found: list[Alert]) -> Counter[tuple[str, AlertChange]]:
    return Counter((each.rule_id.removeprefix("readings-"), each.change) for each in found)


def test_same_seed_gives_the_same_readings_and_another_seed_others() -> None:
    assert readings(7, 60) == readings(7, 60) != readings(8, 60)


def test_every_sensor_has_its_own_rhythm_unit_and_level() -> None:
    seconds = 1200
    given = readings(1, seconds)
    assert {each.key for each in given} == {f"{each.machine}/{each.kind}".upper() for each in SENSORS}
    assert sum(1 / each.every_seconds for each in SENSORS) == RATE
    for sensor in SENSORS:
        own = [each for each in given if each.key == f"{sensor.machine}/{sensor.kind}".upper()]
        # Some of the time one is silent, and the others are a little faster.
        assert abs(len(own) * sensor.every_seconds / seconds - 1) < 0.2
        assert {each.unit for each in own} == {sensor.unit}
        values = [float(each.value) for each in own]
        assert all(round(value, sensor.digits) == value for value in values)
        assert abs(sorted(values)[len(values) // 2] - sensor.level) < sensor.noise
        # Not further than a drift leads.
        assert max(abs(value - sensor.level) for value in values) < 13 * sensor.noise
        assert len(set(values)) > 5


def test_a_drift_raises_one_alert_now_and_then_which_resolves() -> None:
    changes = [each for seed in range(5) for each in alerts(readings(seed, 1800))]
    counted = told(changes)
    raised = counted["deviation", AlertChange.RAISED]
    # In half an hour, one every few minutes.
    assert 5 * 5 <= raised <= 5 * 15
    assert raised - counted["deviation", AlertChange.RESOLVED] <= 5
    assert {each.key for each in changes if each.rule_id == "readings-deviation"} > {"CNC-001/VIBRATION"}


def test_the_first_alert_of_either_kind_comes_within_two_minutes() -> None:
    for seed in range(10):
        counted = told(alerts(readings(seed, 120)))
        assert counted["deviation", AlertChange.RAISED] >= 1
        assert counted["stale", AlertChange.RAISED] == 1


def test_one_sensor_falls_silent_and_comes_back() -> None:
    given = readings(3, 1800)
    stale = [each for each in alerts(given) if each.rule_id == "readings-stale"]
    assert {each.key for each in stale} == {LOOSE}
    counted = told(stale)
    assert counted["stale", AlertChange.RAISED] >= 3
    assert counted["stale", AlertChange.RAISED] - counted["stale", AlertChange.RESOLVED] <= 1
    times = [each.timestamp_us for each in given if each.key == LOOSE]
    pauses = [later - earlier for earlier, later in pairwise(times) if later - earlier > 10_000_000]
    assert all(30_000_000 < pause < 42_000_000 for pause in pauses)


def test_a_machine_stands_as_its_sensors_do() -> None:
    now_us = 0
    index = RuleIndex()
    for rule in default_rules({}):
        index.add(rule)
    book = RuledBook(ReadingBook(100), index, values_of, lambda: now_us)
    standing_of = standing_by(lambda _, key: book.alerting(key))
    seen: dict[Standing, set[str]] = {each: set() for each in Standing}
    for reading in readings(2, 900):
        now_us = reading.timestamp_us
        book.advance(now_us)
        book.apply(Readings.of([reading]))
        for key in book.keys():
            seen[standing_of(key)].add(key)
    assert seen[Standing.STALE] == {LOOSE}
    assert seen[Standing.ALERT]
    assert len(seen[Standing.OK]) == len(SENSORS)


class Receiver:
    """Takes batches as a service would."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []

    async def handle(self, command: ProcessReadingBatch) -> BatchResult:
        self.readings += command.readings
        return BatchResult(len(command.readings), 0, (), 0)


async def test_feed_sends_them_at_its_rate() -> None:
    clock, receiver = FakeClock(), Receiver()
    mediator = Mediator([ProcessReadingBatch], {ProcessReadingBatch: receiver})
    flow = SimulatedMachines(random.Random(1))
    feed = asyncio.create_task(SimulatedFeed(flow, RATE, 1000, mediator, admission_of(clock), clock).run())
    await clock.advance(60.0)
    assert abs(len(receiver.readings) - 60 * RATE) <= 1
    assert len({each.timestamp_us for each in receiver.readings}) == len(receiver.readings)
    feed.cancel()
