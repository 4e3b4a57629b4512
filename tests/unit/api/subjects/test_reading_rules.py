"""The rules for readings from the start, and what they are shown."""

from collections.abc import Sequence
from decimal import Decimal

from api.subjects.reading_rules import DEVIATION, default_rules
from domain.readings.reading import Quality, Reading
from domain.readings.reading_book import ReadingBook
from domain.readings.readings import Readings
from domain.readings.sensor_type import SensorType
from domain.rules.alarm_score import AlarmScore
from domain.rules.alert import Alert, AlertChange
from domain.rules.condition import Range
from domain.rules.rule import Rule
from domain.rules.rule_index import RuleIndex
from domain.rules.ruled_book import RuledBook
from infrastructure.readings.subject import values_of

MINUTE_US = 60_000_000
KEY = "A/T"


class Machine:
    def __init__(self, *rules: Rule) -> None:
        self.now_us = 0
        self.index = RuleIndex()
        for each in rules:
            self.index.add(each)
        self.book = RuledBook(ReadingBook(100), self.index, values_of, lambda: self.now_us)

    def read(self, *values: float | None, start: int = 0) -> list[Alert]:
        """Readings a minute apart; None is one of bad quality."""
        alerts = []
        for at, value in enumerate(values, start):
            self.now_us = at * MINUTE_US
            quality = Quality.BAD if value is None else Quality.GOOD
            reading = Reading(KEY, -9999.0 if value is None else value, self.now_us, quality)
            alerts += changes(self.book.apply(Readings.of([reading])).updates)
        return alerts

    def wait(self, minutes: float) -> list[Alert]:
        self.now_us += int(minutes * MINUTE_US)
        return self.book.advance(self.now_us)


def changes(updates: Sequence[object]) -> list[Alert]:
    return [each for each in updates if isinstance(each, Alert)]


def told(alerts: Sequence[Alert]) -> list[tuple[str, AlertChange]]:
    return [(each.rule_id.removeprefix("readings-"), each.change) for each in alerts]


def test_deviation_is_raised_once_and_resolves_near_the_mean() -> None:
    machine = Machine(DEVIATION)
    assert machine.read(*[20.0 + at % 2 for at in range(60)]) == []
    assert told(machine.read(90.0, start=60)) == [("deviation", AlertChange.RAISED)]
    # Far from the mean still, though within 3 deviations by now.
    assert machine.read(35.0, start=61) == []
    assert told(machine.read(21.0, start=62)) == [("deviation", AlertChange.RESOLVED)]


def test_sensor_is_silent_by_its_own_rhythm_and_bad_readings_are_silence() -> None:
    machine = Machine(default_rules({})[1])
    machine.read(*[20.0] * 20)
    assert machine.wait(9.9) == []
    assert machine.read(*[None] * 2, start=29) == []
    assert told(machine.wait(0.5)) == [("stale", AlertChange.RAISED)]
    assert told(machine.read(20.0, start=40)) == [("stale", AlertChange.RESOLVED)]


def test_range_is_that_of_the_type_of_the_sensor() -> None:
    rules = default_rules({"t": SensorType("t", low=10.0, max=30.0), "v": SensorType("v", unit="m/s")})
    assert [each.id for each in rules] == ["readings-deviation", "readings-stale", "readings-range-t"]
    assert rules[2].keys == ("*/T",)
    condition = rules[2].condition
    assert isinstance(condition, Range)
    assert (condition.low, condition.high) == (10.0, 30.0)
    machine = Machine(rules[2])
    assert told(machine.read(20.0, 9.0, 31.0, 30.0)) == [
        ("range-t", AlertChange.RAISED),
        ("range-t", AlertChange.RESOLVED),
    ]


def test_id_of_an_alert_does_not_depend_on_a_restart_between_bad_readings() -> None:
    rule = default_rules({"t": SensorType("t", high=30.0)})[2]
    whole = Machine(rule)
    wanted = whole.read(1.0, None, None, 2.0, None, 40.0)
    first, second = Machine(rule), Machine(rule)
    first.read(1.0, None, None, 2.0)
    second.book.restore(KEY, first.book.checkpoint(KEY))
    found = second.read(None, 40.0, start=4)
    assert [alert.id for alert in found] == [alert.id for alert in wanted]
    assert len(found) == 1


def test_late_readings_raise_nothing_again() -> None:
    machine = Machine(default_rules({"t": SensorType("t", high=30.0)})[2])
    assert told(machine.read(*[20.0] * 5, 40.0)) == [("range-t", AlertChange.RAISED)]
    machine.read(20.0, start=6)
    late = Readings.of([Reading(KEY, 50.0, 2 * MINUTE_US), Reading(KEY, 60.0, MINUTE_US)])
    assert changes(machine.book.apply(late).updates) == []


def test_rules_whose_alerts_are_open_are_told() -> None:
    machine = Machine(default_rules({"t": SensorType("t", high=30.0)})[2])
    assert machine.book.alerting(KEY) == []
    machine.read(40.0)
    assert [each.id for each in machine.book.alerting(KEY)] == ["readings-range-t"]


def test_score_counts_alerts_inside_and_outside_and_windows_found() -> None:
    score = AlarmScore.of([5, 10, 12, 40], [(10, 20), (30, 35), (40, 40)])
    assert (score.alerts, score.inside, score.outside, score.found, score.windows) == (4, 3, 1, 2, 3)
    assert score.share == 0.75
    assert AlarmScore.of([], [(1, 2)]).share == 0.0
    assert Decimal(3) == DEVIATION.condition.sigmas  # type: ignore[union-attr]  # it is a deviation
