"""A Python client of the service: post ticks, read statistics and history, and stream prices live.

    with SyncMarketDataClient("http://127.0.0.1:8000") as client:
        client.post(Tick("AAPL", Decimal("101.25")))
        client.candles("AAPL", "1m").to_pandas()

    async with MarketDataClient("http://127.0.0.1:8000") as client:
        async for message in client.stream("AAPL", "BTC*"):
            ...

Self-contained: it imports nothing from the service.
"""

from marketdata_client.calls import RequestRefused
from marketdata_client.client import MarketDataClient
from marketdata_client.messages import (
    Accepted,
    AnomalySeen,
    BatchError,
    BatchResult,
    Connected,
    Disconnected,
    Gap,
    Heartbeat,
    Message,
    MoveSeen,
    Prices,
    Snapshot,
    Statistics,
    Tick,
)
from marketdata_client.records import Anomaly, Candle, Move, MoveChange, TickRecord
from marketdata_client.stream import Stream
from marketdata_client.subscriptions import Channel, StreamRefused
from marketdata_client.sync_client import SyncMarketDataClient
from marketdata_client.tables import Records

__all__ = [
    "Accepted",
    "Anomaly",
    "AnomalySeen",
    "BatchError",
    "BatchResult",
    "Candle",
    "Channel",
    "Connected",
    "Disconnected",
    "Gap",
    "Heartbeat",
    "MarketDataClient",
    "Message",
    "Move",
    "MoveChange",
    "MoveSeen",
    "Prices",
    "Records",
    "RequestRefused",
    "Snapshot",
    "Statistics",
    "Stream",
    "StreamRefused",
    "SyncMarketDataClient",
    "Tick",
    "TickRecord",
]
