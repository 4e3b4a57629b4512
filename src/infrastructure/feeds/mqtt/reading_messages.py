"""Decodes messages of machines: the topic names a sensor, the payload is its value, or an object with it."""

from collections.abc import Callable
from hashlib import blake2b
from typing import Literal

import msgspec

from application.errors import FieldError
from domain.numbers import InvalidNumber
from domain.readings.reading import Quality, Reading
from domain.readings.sensor_key import InvalidMachine, InvalidSensor, sensor_key
from infrastructure.feeds.mqtt.reading_topics import ReadingTopics
from infrastructure.feeds.raw_numbers import number_in

# From what a timestamp is in JSON to microseconds; raises ValueError.
ReadMoment = Callable[[int | str], int]
_DIGEST_BYTES = 8


class Payload(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """What the topic does not say."""

    value: msgspec.Raw
    unit: str | None = None
    quality: Literal["good", "uncertain", "bad"] | None = None
    timestamp: int | str | None = None
    id: str | None = None


_DECODER = msgspec.json.Decoder(Payload)


class BadMessage(Exception):
    """A message is no reading. kind: one of few. reason: for people, with nothing of the message."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


class ReadingMessages:
    """topic: the filter of the subscription, as of `ReadingTopics`."""

    def __init__(self, topic: str, read_moment: ReadMoment, sensors_max: int) -> None:
        self._topics = ReadingTopics(topic)
        self._read_moment = read_moment
        self._sensors_max = sensors_max
        self._keys: dict[str, str] = {}

    def read(self, topic: str, payload: bytes, now_us: int) -> Reading:
        """Read a message received at `now_us`. Raises BadMessage."""
        key = self._keys.get(topic) or self._key_of(topic)
        try:
            if not payload.lstrip().startswith(b"{"):
                value = number_in(msgspec.Raw(payload.strip()))
                if value is None:
                    raise BadMessage("empty", "it has no value")
                return Reading(key, value, now_us)
            given = _DECODER.decode(payload)
            value = number_in(given.value)
            if value is None:
                raise BadMessage("invalid", "value must be a number")
            time_us = now_us if given.timestamp is None else self._read_moment(given.timestamp)
        except msgspec.ValidationError:
            raise BadMessage("invalid", "a field is missing, unknown, or has a wrong value") from None
        except InvalidNumber as error:
            raise BadMessage("invalid", f"value {error}") from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise BadMessage("not_json", "it is neither a number nor a JSON object") from None
        except ValueError as error:
            raise BadMessage("invalid", f"timestamp {error}") from None
        quality = Quality.GOOD if given.quality is None else Quality(given.quality)
        own_id = given.id
        if own_id is None and given.timestamp is not None:
            # A sensor reads one value at a moment: the same message again is the same reading.
            own_id = f"mqtt-{digest_of(topic, payload)}"
        return Reading(key, value, time_us, quality, given.unit, own_id)

    def _key_of(self, topic: str) -> str:
        names = self._topics.names_in(topic)
        if names is None:
            raise BadMessage("topic", "the topic names no sensor")
        try:
            key = sensor_key(*names)
        except InvalidMachine as error:
            raise BadMessage("topic", f"the machine {error}") from None
        except InvalidSensor as error:
            raise BadMessage("topic", f"the type of the sensor {error}") from None
        if len(self._keys) >= self._sensors_max:
            self._keys.clear()
        self._keys[topic] = key
        return key


def digest_of(topic: str, payload: bytes) -> str:
    """Identify a message by what it says."""
    return blake2b(topic.encode() + b"\n" + payload, digest_size=_DIGEST_BYTES).hexdigest()


def refused(error: FieldError) -> BadMessage:
    return BadMessage("refused", f"{error.field} {error.message}" if error.field else error.message)
