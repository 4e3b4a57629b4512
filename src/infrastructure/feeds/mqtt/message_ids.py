"""Ids for readings over MQTT that have none."""

from application.ports.clock import Clock
from domain.readings.reading import Reading
from infrastructure.feeds.mqtt.broker_session import Received
from infrastructure.feeds.mqtt.reading_messages import digest_of
from infrastructure.processing.seen_ids import SeenIds


class MessageIds:
    """Ids by which a repetition of a message of QoS 1 is known: it has that of the last message with its number.

    A broker repeats what it has no acknowledgement of at the beginning of a connection. Once it sends something new,
    all of that has been repeated: what is repeated over the next connection came after it.

    seen: the ids of recent readings, kept by whoever processes them.
    """

    def __init__(self, seen: SeenIds) -> None:
        self._seen = seen
        self._repeats = True
        # Until something new comes, also what came before this process may be repeated.
        self._is_first = True
        # By number, the key and the name of what may be repeated.
        self._last: dict[int, str] = {}

    def connected(self) -> None:
        """There is a new connection."""
        self._repeats = True

    def identified(self, reading: Reading, message: Received) -> Reading:
        """Return the reading with an id, if it is to have one."""
        if reading.id is not None or not message.qos:
            return reading
        return reading._replace(id=self._id_of(reading.key, message, "mqtt"))

    def _id_of(self, key: str, message: Received, kind: str) -> str:
        name = f"{kind}-{message.number}-{digest_of(message.topic, message.payload)}-"
        if self._repeats and not message.repeated:
            self._repeats = self._is_first = False
            self._last.clear()
        came_before = self._is_first or self._last.get(message.number) == f"{key}\n{name}"
        self._last[message.number] = f"{key}\n{name}"
        count = 0
        while self._seen.knows(key, f"{name}{count}"):
            count += 1
        if message.repeated and came_before and count:
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
