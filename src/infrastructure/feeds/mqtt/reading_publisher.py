"""Publishes messages with QoS 1, as machines do."""

import ssl
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from infrastructure.feeds.mqtt.broker_session import PORTS
from infrastructure.settings import MqttSettings

_IN_FLIGHT_MAX = 1000
_CONNECT_SECONDS = 10.0
# Without any acknowledgement.
_PUBLISH_SECONDS = 60.0


class PublishFailed(Exception):
    """The broker has not taken everything. The message says why."""


class ReadingPublisher:
    """A connection with a thread of its own. Whatever the broker has not acknowledged when it is lost is sent again.

    settings: address, name and password count.

    Raises:
        PublishFailed: there is no connection, on entering.
    """

    def __init__(self, settings: MqttSettings) -> None:
        self._address = urlsplit(settings.url)
        self._client = Client(CallbackAPIVersion.VERSION2)
        if settings.username:
            self._client.username_pw_set(settings.username, settings.password.get_secret_value() or None)
        if self._address.scheme == "mqtts":
            self._client.tls_set_context(ssl.create_default_context())
        self._client.max_inflight_messages_set(_IN_FLIGHT_MAX)
        self._client.on_connect = self._on_connect
        self._answered = threading.Event()
        self._refusal = "it does not answer"

    def __enter__(self) -> Self:
        address = self._address
        try:
            self._client.connect(address.hostname or "", address.port or PORTS[address.scheme])
        except OSError as error:
            raise PublishFailed(str(error)) from None
        self._client.loop_start()
        self._answered.wait(_CONNECT_SECONDS)
        if self._refusal:
            self._client.loop_stop()
            raise PublishFailed(self._refusal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Publish payloads to topics, in order; return once the broker has acknowledged all. Raises PublishFailed."""
        sent = [self._client.publish(topic, payload, qos=1) for topic, payload in messages]
        try:
            for each in sent:
                each.wait_for_publish(_PUBLISH_SECONDS)
                if not each.is_published():
                    raise PublishFailed(f"the broker has acknowledged nothing for {_PUBLISH_SECONDS:g} s")
        except (RuntimeError, ValueError) as error:
            raise PublishFailed(str(error)) from None

    def _on_connect(self, _client: Client, _userdata: object, _flags: Any, reason: ReasonCode, _more: Any) -> None:
        self._refusal = str(reason) if reason.is_failure else ""
        self._answered.set()
