"""The ZeroMQ socket that trading systems push to."""

from collections.abc import Callable

import zmq
import zmq.asyncio
from zmq.auth.asyncio import AsyncioAuthenticator
from zmq.auth.base import Authenticator
from zmq.utils import z85

from infrastructure.settings import ZeroMqSettings

# The kind of a message that is none: it has several parts.
MULTIPART = "multipart"


class _KnownClients:
    """The public keys of CURVE that may connect."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._keys = {z85.decode(key) for key in keys}

    def callback(self, domain: str, key: bytes) -> bool:
        return z85.decode(key) in self._keys


class PullSocket:
    """Receives what publishers push.

    What is not received stays with ZeroMQ: once `high_water_mark` messages wait on either side, the publisher does.

    refuse: called with the kind and the reason of a message that is none.

    Raises:
        zmq.ZMQError: the address cannot be bound, or the secret key is none.
    """

    def __init__(self, settings: ZeroMqSettings, refuse: Callable[[str, str], None]) -> None:
        self._refuse = refuse
        self._address = settings.bind
        self._context = zmq.asyncio.Context(io_threads=1)
        self._authenticator: Authenticator | None = None
        self._waiting = self._context.socket(zmq.PULL)
        try:
            self._waiting.set(zmq.RCVHWM, settings.high_water_mark)
            self._waiting.set(zmq.MAXMSGSIZE, settings.max_message_bytes)
            self._waiting.set(zmq.LINGER, 0)
            self._waiting.set(zmq.IPV6, 1)
            secret = settings.curve_secret_key.get_secret_value()
            if secret:
                if settings.curve_clients:
                    self._authenticator = AsyncioAuthenticator(self._context)
                    self._authenticator.start()
                    self._authenticator.configure_curve_callback("*", _KnownClients(settings.curve_clients))
                self._waiting.set(zmq.CURVE_SERVER, 1)
                self._waiting.set(zmq.CURVE_SECRETKEY, secret.encode())
            self._waiting.bind(self._address)
            # With a port of its own, where any was asked for.
            self._endpoint = str(self._waiting.get_string(zmq.LAST_ENDPOINT))
        except zmq.ZMQError:
            self.close()
            raise
        # The same socket, read without a task or a future for each message.
        self._socket: zmq.Socket[bytes] = zmq.Socket.shadow(self._waiting)

    async def wait(self) -> None:
        """Wait until there is a message."""
        await self._waiting.poll()

    def take(self, count_max: int) -> list[bytes]:
        """Return the messages that are there, up to `count_max`."""
        frames: list[bytes] = []
        receive, get = self._socket.recv, self._socket.get
        try:
            for _ in range(count_max):
                frame = receive(zmq.NOBLOCK)
                if get(zmq.RCVMORE):
                    while get(zmq.RCVMORE):
                        receive(zmq.NOBLOCK)
                    self._refuse(MULTIPART, "it has several parts")
                else:
                    frames.append(frame)
        except zmq.Again:
            pass
        return frames

    def stop_accepting(self) -> None:
        """Accept no more connections."""
        self._waiting.unbind(self._endpoint)

    def close(self) -> None:
        if self._authenticator is not None:
            self._authenticator.stop()
        self._waiting.close()
        self._context.term()
