"""Where `marketdata replay` sends to: a service over HTTP, or a topic of an MQTT broker."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Protocol

import click
import httpx
import msgspec
from pydantic import ValidationError

from api.cli.loading import load_or_exit
from api.cli.replay_outcome import Answer, Refusal
from infrastructure.feeds.mqtt.reading_publisher import ReadingPublisher
from infrastructure.feeds.mqtt.reading_topics import ReadingTopics
from infrastructure.feeds.recorded_tick import RecordedBatch
from infrastructure.settings import MqttSettings
from marketdata_client.calls import signed_by

_TIMEOUT_SECONDS = 30
_RETRIES_MAX = 30
_RETRY_SECONDS_MAX = 60
_SCHEMES = ("mqtt://", "mqtts://")
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Destination(Protocol):
    def send(self, path: str, batch: RecordedBatch) -> Answer:
        """Send a batch. path: of the service. Raises click.ClickException."""
        ...


def is_broker(url: str) -> bool:
    return url.startswith(_SCHEMES)


@contextmanager
def service_at(url: str, key: str | None) -> Iterator[Destination]:
    with httpx.Client(base_url=url, headers=signed_by(key), timeout=_TIMEOUT_SECONDS) as client:
        yield _Service(client)


@contextmanager
def topic_of(url: str, topic: str | None, config: Path | None) -> Iterator[Destination]:
    """topic: as that of `feeds.mqtt`; if that names the same broker, its name and password are used.

    Raises:
        click.UsageError: the address or the topic cannot be one.
        PublishFailed: the broker is not there, or does not let us in.
    """
    if topic is None:
        raise click.UsageError("--url of an MQTT broker needs the --topic that readings go to, such as replayed/+/+")
    own = load_or_exit(config).settings.feeds.mqtt
    known = {"username": own.username, "password": own.password} if own.url == url else {}
    try:
        settings = MqttSettings.model_validate({"url": url, "topic": topic, **known})
    except ValidationError as error:
        first = error.errors()[0]
        raise click.UsageError(f"--{first['loc'][0]} {first['msg'].removeprefix('Value error, ')}") from None
    with ReadingPublisher(settings) as publisher:
        yield _Topic(publisher, ReadingTopics(topic))


class _Service:
    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def send(self, path: str, batch: RecordedBatch) -> Answer:
        """Post a batch, retrying on 503 and 429, which mean that none of it was accepted."""
        client = self._client
        headers = {"Content-Type": batch.media_type}
        for _ in range(_RETRIES_MAX):
            answer = client.post(path, content=batch.body, headers=headers)
            if answer.status_code not in (429, 503):
                break
            # A proxy may send a date instead of seconds; wait one second then.
            wait = answer.headers.get("Retry-After", "")
            time.sleep(min(int(wait), _RETRY_SECONDS_MAX) if wait.isdecimal() else 1)
        status = answer.status_code
        if status in (401, 403):
            raise click.ClickException(f"{client.base_url} needs the --key of a feeder: it answered {status}")
        try:
            read = msgspec.json.decode(answer.content, type=Answer)
        except msgspec.DecodeError:
            read = None
        if read is None or not (read.accepted or read.duplicates or read.title):
            raise click.ClickException(f"{client.base_url} is not a marketdata service: it answered {status}")
        return read


class _Topic:
    def __init__(self, publisher: ReadingPublisher, topics: ReadingTopics) -> None:
        self._publisher = publisher
        self._topics = topics
        self._run = token_hex(8)

    def send(self, path: str, batch: RecordedBatch) -> Answer:
        """Publish the readings of a batch, in order, and wait until the broker has all of them."""
        del path
        messages = []
        errors = []
        for index, (number, line) in enumerate(zip(batch.numbers, batch.body.split(b"\n"), strict=True)):
            fields = _FIELDS.decode(line)
            machine = msgspec.json.decode(fields.pop("machineId"), type=str)
            topic = self._topics.of(machine, msgspec.json.decode(fields.pop("sensorType"), type=str))
            if topic is None:
                errors.append(Refusal("machineId", "no_topic", "+ and # cannot be in a topic", index))
                continue
            # Without an id, one reading twice at the same moment would be taken for a repetition.
            fields.setdefault("id", msgspec.Raw(b'"replay-%s-%d"' % (self._run.encode(), number)))
            messages.append((topic, msgspec.json.encode(fields)))
        self._publisher.publish(messages)
        return Answer(accepted=len(messages), errors=errors)
