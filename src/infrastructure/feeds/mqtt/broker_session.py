"""One connection to an MQTT broker, whose messages are acknowledged by whoever takes them."""

import asyncio
import select
import ssl
from collections import deque
from contextlib import suppress
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from aiomqtt import Client, MqttError
from paho.mqtt.client import Client as PahoClient
from paho.mqtt.client import MQTTMessage

from infrastructure.settings import MqttSettings

__all__ = ["PORTS", "BrokerSession", "MqttError", "Received"]

PORTS = {"mqtt": 1883, "mqtts": 8883}
# Messages of QoS 0 beyond are dropped. Of those of QoS 1, the broker sends a limited number before it waits.
_WAITING_MAX = 20_000
# How soon a connection is missed that nobody has told about, see `BrokerSession`.
_LOOK_SECONDS = 1.0
# Reads of such a connection in a turn of the event loop.
_READS = 64
# How long a broker may take to read what is acknowledged, before the connection is closed.
_SETTLE_SECONDS = 5.0
# No topic of ours: those have two wildcards.
_NO_TOPIC = "marketdata/none"


class Received(NamedTuple):
    """repeated: whether the broker may have sent it before. retained: whether it is from before the subscription."""

    topic: str
    payload: bytes
    qos: int
    number: int
    repeated: bool
    retained: bool


class BrokerSession:
    """A persistent session: what comes while nobody is connected, the broker keeps.

    aiomqtt acknowledges by itself (its issue 345), and does not tell which messages are repeated; so the client below
    it is told to leave that to us, before it connects.

    uvloop stops watching a socket that breaks while something is to be written, and tells nobody; paho would notice
    after twice the time of keep-alive. So whoever waits also looks.

    overflowed: messages of QoS 0 for which there was no room.

    Raises:
        MqttError: there is no connection, or none any more.
    """

    def __init__(self, settings: MqttSettings) -> None:
        address = urlsplit(settings.url)
        secret = settings.password.get_secret_value()
        self.overflowed = 0
        self._topic = settings.topic
        self._client = Client(
            address.hostname or "",
            address.port or PORTS[address.scheme],
            username=settings.username or None,
            password=secret or None,
            identifier=settings.client_id,
            clean_session=False,
            keepalive=settings.keep_alive_seconds,
            tls_context=ssl.create_default_context() if address.scheme == "mqtts" else None,
        )
        self._paho: PahoClient = self._client._client  # noqa: SLF001  # see above
        self._paho.manual_ack_set(True)
        self._paho.on_message = self._receive
        self._waiting: deque[Received] = deque()
        self._came = asyncio.Event()
        self._lost: asyncio.Task[object] | None = None

    async def __aenter__(self) -> Self:
        try:
            await self._client.__aenter__()
        except BaseException:
            # It may still be answered, and then take the place of the next connection.
            self._paho.disconnect()
            raise
        # Its own messages are none, so it ends when the connection does.
        self._lost = asyncio.ensure_future(anext(self._client.messages))
        try:
            await self._client.subscribe(self._topic, qos=1)
        except BaseException:
            await self._close(self._lost)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._lost is not None, "it is connected"
        try:
            await self._settle(self._lost)
        finally:
            await self._close(self._lost)

    async def _settle(self, lost: asyncio.Task[object]) -> None:
        """Wait until the broker has read what is acknowledged, which it has once it answers what is sent behind that.

        A broker that has a message for a closed connection may read it no further, as mosquitto does. It would repeat
        what is acknowledged, maybe to a process that cannot know it.
        """
        answer = asyncio.ensure_future(self._client.unsubscribe(_NO_TOPIC))
        try:
            await asyncio.wait((answer, lost), timeout=_SETTLE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _end(answer)

    async def _close(self, lost: asyncio.Task[object]) -> None:
        await _end(lost)
        with suppress(MqttError):
            await self._client.__aexit__(None, None, None)

    async def wait(self) -> None:
        """Wait until there are messages."""
        assert self._lost is not None, "it is connected"
        while not self._waiting:
            self._came.clear()
            came = asyncio.ensure_future(self._came.wait())
            try:
                done, _ = await asyncio.wait(
                    (came, self._lost), timeout=_LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
            finally:
                came.cancel()
            if not done:
                await self._look()
            if self._lost.done():
                await self._lost

    async def _look(self) -> None:
        """If the socket has broken, read what it still holds, up to the error, as a loop that watches it would."""
        while (connected := self._paho.socket()) is not None:
            polled = select.poll()
            # No event but an error or a hang-up.
            polled.register(connected, 0)
            if not polled.poll(0):
                return
            for _ in range(_READS):
                self._paho.loop_read()
            await asyncio.sleep(0)

    def take(self, count_max: int) -> list[Received]:
        """Return messages that are there, in the order in which they came."""
        return [self._waiting.popleft() for _ in range(min(count_max, len(self._waiting)))]

    def acknowledge(self, messages: list[Received]) -> None:
        """Tell the broker that these are taken. It sends others again, once there is a new connection."""
        for each in messages:
            if each.qos:
                self._paho.ack(each.number, each.qos)

    def _receive(self, _client: PahoClient, _userdata: object, message: MQTTMessage) -> None:
        if not message.qos and len(self._waiting) >= _WAITING_MAX:
            self.overflowed += 1
            return
        self._waiting.append(
            Received(message.topic, bytes(message.payload), message.qos, message.mid, message.dup, message.retain)
        )
        self._came.set()


async def _end(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError, MqttError):
        await task
