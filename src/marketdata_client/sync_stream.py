"""The stream for scripts and notebooks."""

import time
from collections.abc import Generator, Mapping
from contextlib import suppress

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from marketdata_client.messages import Connected, Message
from marketdata_client.subscriptions import LOSSES, MESSAGE_BYTES_MAX, Retries, Subscriptions, reason_of


def messages(address: str, subscriptions: Subscriptions, headers: Mapping[str, str]) -> Generator[Message]:
    """What `Stream` yields, without await. Closing the generator closes the connection."""
    retries = Retries()
    while True:
        try:
            with connect(address, compression=None, max_size=MESSAGE_BYTES_MAX, additional_headers=headers) as socket:
                retries.on_connection()
                # A lost connection is detected by the reader below.
                with suppress(ConnectionClosed):
                    for frame in subscriptions.on_connection():
                        socket.send(frame)
                yield Connected()
                for text in socket:
                    if (message := subscriptions.on_frame(text)) is not None:
                        yield message
            reason = "the service closed the connection"
        except LOSSES as error:
            reason = reason_of(error)
        lost = retries.on_loss(reason)
        yield lost
        time.sleep(lost.retry_seconds)
