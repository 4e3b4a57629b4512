"""A Python client of the service: post ticks, read statistics, and stream them live.

    async with MarketDataClient("http://127.0.0.1:8000") as client:
        await client.post(Tick("AAPL", Decimal("101.25")))
        async for message in client.stream("AAPL", "BTC*"):
            ...

Self-contained: it imports nothing from the service.
"""

from marketdata_client.client import MarketDataClient, RequestRefused
from marketdata_client.messages import (
    Accepted,
    Anomaly,
    AnomalySeen,
    BatchError,
    BatchResult,
    Connected,
    Disconnected,
    Gap,
    Heartbeat,
    Message,
    Prices,
    Snapshot,
    Statistics,
    Tick,
)
from marketdata_client.stream import Stream
from marketdata_client.subscriptions import StreamRefused

__all__ = [
    "Accepted",
    "Anomaly",
    "AnomalySeen",
    "BatchError",
    "BatchResult",
    "Connected",
    "Disconnected",
    "Gap",
    "Heartbeat",
    "MarketDataClient",
    "Message",
    "Prices",
    "RequestRefused",
    "Snapshot",
    "Statistics",
    "Stream",
    "StreamRefused",
    "Tick",
]
