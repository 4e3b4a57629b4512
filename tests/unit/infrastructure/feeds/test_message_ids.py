"""Repetitions of messages of QoS 1 are known, and what only looks like one is not."""

import pytest

from domain.readings.reading import Reading
from domain.readings.readings import Readings
from infrastructure.feeds.mqtt.broker_session import Received
from infrastructure.feeds.mqtt.message_ids import MessageIds, MessageIdsOfMember
from infrastructure.processing.seen_ids import SeenIds
from support.fakes import FakeClock

READING = Reading("M/T", 1.5, 7)


def message(number: int, repeated: bool = False, payload: bytes = b"1.5", qos: int = 1) -> Received:
    return Received("machines/m/t", payload, qos, number, repeated, False)


class Sensor:
    """Counts readings as the service does. ids: of this process."""

    def __init__(self) -> None:
        self.seen = SeenIds(1000, 3600.0)
        self.counted = 0
        self.restart()

    def restart(self) -> None:
        self.ids = MessageIds(self.seen)
        self.ids.connected()

    def hear(self, *messages: Received) -> int:
        """Return how many of them count."""
        readings = Readings.of([self.ids.identified(READING, each) for each in messages])
        return len(messages) - len(self.seen.register(readings, 0))


def test_the_same_value_with_another_number_or_for_another_time_is_another_reading() -> None:
    sensor = Sensor()
    assert sensor.hear(message(1), message(2)) == 2
    assert sensor.hear(message(1)) == 1


@pytest.mark.parametrize("restarts", [False, True])
def test_a_repetition_over_the_next_connection_counts_once(restarts: bool) -> None:
    sensor = Sensor()
    sensor.hear(message(1), message(2))
    sensor.restart() if restarts else sensor.ids.connected()
    assert sensor.hear(message(1, repeated=True), message(2, repeated=True), message(3)) == 1


def test_a_connection_that_breaks_before_all_is_repeated_changes_nothing() -> None:
    sensor = Sensor()
    sensor.hear(message(1), message(2))
    sensor.ids.connected()
    assert sensor.hear(message(1, repeated=True)) == 0
    sensor.ids.connected()
    assert sensor.hear(message(1, repeated=True), message(2, repeated=True)) == 0


def test_what_was_repeated_and_not_acknowledged_is_repeated_again() -> None:
    sensor = Sensor()
    sensor.hear(message(1), message(2))
    sensor.ids.connected()
    assert sensor.hear(message(1, repeated=True), message(2, repeated=True), message(3)) == 1
    sensor.ids.connected()
    assert sensor.hear(message(1, repeated=True), message(2, repeated=True), message(3, repeated=True)) == 0


def test_a_repetition_over_the_same_connection_counts_once() -> None:
    sensor = Sensor()
    assert sensor.hear(message(1), message(2), message(1, repeated=True)) == 2


def test_what_never_came_is_no_repetition_of_what_was_acknowledged_long_ago() -> None:
    sensor = Sensor()
    sensor.hear(message(1), message(2))
    sensor.ids.connected()
    # Nothing is repeated, so the broker has heard that 1 was taken, and its number is free.
    sensor.hear(message(3))
    sensor.ids.connected()
    assert sensor.hear(message(1, repeated=True)) == 1


def test_readings_with_ids_and_those_of_qos_0_are_left_alone() -> None:
    ids = Sensor().ids
    assert ids.identified(READING, message(0, qos=0)).id is None
    assert ids.identified(READING._replace(id="own"), message(1)).id == "own"


def test_a_member_remembers_what_it_gave_and_takes_nothing_for_that_of_another() -> None:
    clock = FakeClock()
    ids = MessageIdsOfMember(SeenIds(1, 3600.0), clock)
    ids.connected()
    # However many there are, and whatever is forgotten meanwhile.
    given = [ids.identified(READING, message(number % 5 + 1)).id for number in range(100)]
    assert len(set(given)) == 100
    first = [ids.identified(READING, message(number)).id for number in (1, 1)]
    ids.connected()
    again = ids.identified(READING, message(1, repeated=True)).id
    assert first[0] != first[1] == again
    assert ids.identified(READING._replace(id="own"), message(2)).id == "own"
    other = MessageIdsOfMember(SeenIds(1000, 3600.0), FakeClock(clock.now_us() + 1))
    other.connected()
    assert other.identified(READING, message(1, repeated=True)).id not in first
