"""A real MQTT broker, run from the system's installation of mosquitto."""

import json
import shutil
import socket
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from support.service import eventually

PROGRAM = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")


class Mosquitto:
    """A broker on a free loopback port, which keeps sessions and what waits for them on disk.

    in_flight: messages that it sends to somebody before it waits for acknowledgements.
    """

    def __init__(self, directory: Path, in_flight: int = 1000) -> None:
        assert PROGRAM is not None, "mosquitto is installed"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        directory.chmod(0o777)
        self._settings = directory / "mosquitto.conf"
        self._settings.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
            f"persistence_location {directory}/\nautosave_interval 1\nautosave_on_changes true\n"
            f"max_inflight_messages {in_flight}\nmax_queued_messages 1000000\nuser root\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        assert PROGRAM is not None
        self._process = subprocess.Popen(
            [PROGRAM, "-c", str(self._settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        eventually(self._answers)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        """It writes what it keeps first."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=20)
            self._process = None

    def pause(self) -> None:
        """It is there, and says nothing."""
        assert self._process is not None
        self._process.send_signal(19)

    def go_on(self) -> None:
        assert self._process is not None
        self._process.send_signal(18)


class Machines:
    """Publishes as machines do, and knows what the broker has acknowledged to it."""

    def __init__(self, broker: Mosquitto) -> None:
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.max_inflight_messages_set(1000)
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def say(self, sensor: str, payload: object, qos: int = 1, retain: bool = False) -> paho.MQTTMessageInfo:
        text = payload if isinstance(payload, str | bytes) else json.dumps(payload)
        return self._client.publish(f"machines/{sensor}", text, qos, retain)

    def say_all(self, sensor: str, payloads: list[Any], qos: int = 1) -> None:
        """Return once the broker has all of them."""
        for each in [self.say(sensor, payload, qos) for payload in payloads]:
            each.wait_for_publish(20)
