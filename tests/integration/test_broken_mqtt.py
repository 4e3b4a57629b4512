"""A connection to an MQTT broker that breaks in the middle of something is missed at once."""

import asyncio
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
import uvloop

from infrastructure.feeds.mqtt.broker_session import BrokerSession, MqttError
from infrastructure.settings import MqttSettings

_CONNECTIONS = 30
_MESSAGES = 100


@pytest.fixture
def port() -> Iterator[int]:
    """That of a broker that resets connections at some moment after the first acknowledgement."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_serve, args=(listening,), daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(10)


def _serve(listening: socket.socket) -> None:
    for number in range(_CONNECTIONS):
        connection, _ = listening.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(b"\x20\x02\x00\x00")
            subscribe = connection.recv(4096)
            connection.sendall(b"\x90\x03" + subscribe[2:4] + b"\x01")
            connection.sendall(b"".join(b"\x32\x08\x00\x03m/t\x00%c5" % (each + 1) for each in range(_MESSAGES)))
            connection.recv(4)
            # Somewhere between two turns of the client's loop.
            time.sleep(number % 20 / 10_000)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_connection_that_is_reset_while_messages_are_acknowledged_is_missed(port: int) -> None:
    async def hear() -> None:
        settings = MqttSettings(url=f"mqtt://127.0.0.1:{port}", keep_alive_seconds=600)
        async with BrokerSession(settings) as session:
            while True:
                await session.wait()
                session.acknowledge(session.take(4))
                await asyncio.sleep(0)

    async def main() -> None:
        for _ in range(_CONNECTIONS):
            async with asyncio.timeout(60):
                with pytest.raises(MqttError):
                    await hear()

    uvloop.run(main())


def test_connection_that_the_broker_does_not_finish_is_closed() -> None:
    """Otherwise it might be finished later, and end the one that was made instead."""
    ended: list[bytes] = []

    def serve(listening: socket.socket, answers: bytes) -> None:
        connection, _ = listening.accept()
        with connection, suppress(TimeoutError):
            connection.settimeout(20)
            connection.sendall(answers)
            while connection.recv(4096):
                pass
            ended.append(answers)

    async def give_up(listening: socket.socket) -> None:
        settings = MqttSettings(url=f"mqtt://127.0.0.1:{listening.getsockname()[1]}")
        with pytest.raises(MqttError, match="timed out"):
            await BrokerSession(settings).__aenter__()

    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent, socket.create_server(("127.0.0.1", 0)) as half:
            # Neither the connection nor the subscription is answered, or only the subscription is not.
            serving = [asyncio.to_thread(serve, silent, b""), asyncio.to_thread(serve, half, b"\x20\x02\x00\x00")]
            await asyncio.gather(give_up(silent), give_up(half), *serving)

    uvloop.run(main())
    assert sorted(ended) == [b"", b"\x20\x02\x00\x00"]
