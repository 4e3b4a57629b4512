"""Ids for readings over MQTT that have none."""

from application.ports.clock import Clock
from domain.readings.reading import Reading
from infrastructure.feeds.mqtt.broker_session import Received
from infrastructure.feeds.mqtt.reading_messages import digest_of
from infrastructure.processing.seen_ids import SeenIds


class MessageIds:
    """Ids by which a repetition of a message of QoS 1 is known: it has that of the last message with its number.

    A broker repeats what it has no acknowledgement of at the beginning of a connection. Once it sends something new,
    all of that has been repeated: what is repeated over the next connection came over this one.

    seen: the ids of recent readings, kept by whoever processes them.
    """

    def __init__(self, seen: SeenIds) -> None:
        self._seen = seen
        self._repeats = True
        # Until something new comes, also what came before this process may be repeated.
        self._is_first = True
        # By number, what came over this connection, and what came before and may be repeated.
        self._came: dict[int, str] = {}
        self._before: dict[int, str] = {}

    def connected(self) -> None:
        """There is a new connection."""
        self._before |= self._came
        self._came = {}
        self._repeats = True

    def identified(self, reading: Reading, message: Received) -> Reading:
        """Return the reading with an id, if it is to have one."""
        if reading.id is not None or not message.qos:
            return reading
        name = f"{message.number}-{digest_of(message.topic, message.payload)}"
        came_before = self._came_before(message, name)
        return reading._replace(id=f"mqtt-{self._id_of(reading.key, message, name, came_before)}")

    def _came_before(self, message: Received, name: str) -> bool:
        """Whether a message is a repetition of one that may have come to this process, or to the one before."""
        if self._repeats and not message.repeated:
            self._repeats = self._is_first = False
            self._before = {}
        came = self._is_first or name in (self._came.get(message.number), self._before.get(message.number))
        self._came[message.number] = name
        return message.repeated and came

    def _id_of(self, key: str, message: Received, name: str, came_before: bool) -> str:
        count = 0
        while self._seen.knows(key, f"mqtt-{name}-{count}"):
            count += 1
        return f"{name}-{count - 1 if came_before and count else count}"


class MessageIdsOfMember(MessageIds):
    """The same where others keep the ids of recent readings: a repetition is known by what this process remembers.

    What another process has given is not known, so its ids differ from those of any other.
    """

    def __init__(self, seen: SeenIds, clock: Clock) -> None:
        super().__init__(seen)
        self._process = f"{clock.now_us():x}"
        self._count = 0
        # By the number of the message: what it was, and what it got.
        self._given: dict[int, tuple[str, str]] = {}

    def _id_of(self, key: str, message: Received, name: str, came_before: bool) -> str:
        before, given = self._given.get(message.number, ("", ""))
        if not came_before or before != name:
            self._count += 1
            given = f"{self._process}-{self._count}"
            self._given[message.number] = (name, given)
        return given
