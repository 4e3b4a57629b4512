"""A connection to an MQTT broker that breaks in the middle of something is missed at once."""

import asyncio
import socket
import struct
import threading
import time
from collections.abc import Awaitable, Callable, Iterator

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

    async def given_up(broker: asyncio.Server) -> None:
        settings = MqttSettings(url=f"mqtt://127.0.0.1:{broker.sockets[0].getsockname()[1]}")
        with pytest.raises(MqttError, match="timed out"):
            await BrokerSession(settings).__aenter__()

    async def main() -> None:
        ended: asyncio.Queue[int] = asyncio.Queue()

        def of(answers: bytes) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                writer.write(answers)
                try:
                    await reader.read()
                    ended.put_nowait(len(answers))
                finally:
                    writer.close()

            return serve

        # Neither the connection nor the subscription is answered, or only the subscription is not.
        brokers = [await asyncio.start_server(of(answers), "127.0.0.1", 0) for answers in (b"", b"\x20\x02\x00\x00")]
        async with asyncio.timeout(30):
            await asyncio.gather(*(given_up(broker) for broker in brokers))
            assert {await ended.get(), await ended.get()} == {0, 4}
        for broker in brokers:
            broker.close()

    uvloop.run(main())
