"""Ids for readings over MQTT that have none."""

from application.ports.clock import Clock
from domain.readings.reading import Reading
from infrastructure.feeds.mqtt.broker_session import Received
from infrastructure.feeds.mqtt.reading_messages import digest_of
from infrastructure.processing.seen_ids import SeenIds


class MessageIds:
    """Ids by which a repetition of a message of QoS 1 is known: it has that of the last message with its number.

    seen: the ids of recent readings, kept by whoever processes them.
    """

    def __init__(self, seen: SeenIds) -> None:
        self._seen = seen

    def identified(self, reading: Reading, message: Received) -> Reading:
        """Return the reading with an id, if it is to have one."""
        if reading.id is not None or not message.qos:
            return reading
        return reading._replace(id=self._id_of(reading.key, message, "mqtt"))

    def _id_of(self, key: str, message: Received, kind: str) -> str:
        name = f"{kind}-{message.number}-{digest_of(message.topic, message.payload)}-"
        count = 0
        while self._seen.knows(key, f"{name}{count}"):
            count += 1
        if message.repeated and count:
            count -= 1
        return f"{name}{count}"


class MessageIdsOfMember(MessageIds):
    """The same where the ids of recent readings are with others: this process remembers those that it gave.

    What another process has given is not known, so its ids differ from those of any other.
    """

    def __init__(self, given: SeenIds, clock: Clock) -> None:
        super().__init__(given)
        self._given = given
        self._clock = clock
        self._kind = f"mqtt-{clock.now_us():x}"

    def identified(self, reading: Reading, message: Received) -> Reading:
        if reading.id is not None or not message.qos:
            return reading
        own_id = self._id_of(reading.key, message, self._kind)
        self._given.add(f"{reading.key}\n{own_id}", self._clock.now_us())
        return reading._replace(id=own_id)
