"""Examples of trades, and the schema of their bodies, for the routes."""

from typing import Any

from api.reference.price_examples import TICK_SCHEMA
from domain.numbers import NUMBER_MAX

TRADE = {
    "symbol": "AAPL",
    "side": "buy",
    "quantity": 20,
    "price": 103.5,
    "venue": "XNAS",
    "timestamp": "2026-01-31T12:00:00.500Z",
    "sentAt": "2026-01-31T12:00:00.500Z",
}
BATCH = [
    TRADE,
    {"side": "sell", "quantity": "0.25"},
    {"side": "sell", "quantity": 1, "timestamp": "2199-01-31T12:00:00Z"},
]
NDJSON_BATCH = '{"symbol":"AAPL","side":"buy","quantity":20}\n{"side":"sell","quantity":"0.25"}\n'
BATCH_ANSWER = {
    "accepted": 2,
    "rejected": 1,
    "errors": [
        {
            "field": "timestamp",
            "code": "in_the_future",
            "message": "must not be more than 60 s ahead of the server's clock",
            "index": 2,
        }
    ],
}
STATISTICS: dict[str, Any] = {
    "symbol": "AAPL",
    "tradeCount": 2,
    "buyCount": 1,
    "sellCount": 1,
    "buyVolume": 20,
    "sellVolume": 5,
    "totalVolume": 25,
    "vwap": 103.4,
    "lastPrice": 103.0,
    "lastQuantity": 5.0,
    "lastTradeTime": "2026-01-31T12:00:00.500Z",
    "quantity": {"mean": 12.5, "std": 7.5, "max": 20, "count": 2},
    "imbalance": 0.6,
    "tradesPerSecond": 0.2,
    "latencyMicros": {
        "count": 2,
        "min": 180,
        "mean": 190.0,
        "p50": 180,
        "p95": 200,
        "p99": 200,
        "max": 200,
        "negative": 0,
    },
}
PAGE = {"items": [STATISTICS], "total": 1, "nextCursor": None}
STORED_TRADE = {
    "symbol": "AAPL",
    "side": "buy",
    "quantity": 20.0,
    "price": 103.5,
    "venue": "XNAS",
    "timestamp": "2026-01-31T12:00:00.500Z",
    "latencyMicros": 180,
    "id": None,
}
TRADES = {"items": [STORED_TRADE], "nextCursor": None}
CANDLES = {
    "items": [
        {
            "symbol": "AAPL",
            "interval": "1m",
            "start": "2026-01-31T12:00:00.000Z",
            "open": 103.5,
            "high": 103.5,
            "low": 103.0,
            "close": 103.0,
            "buyVolume": 20,
            "sellVolume": 5,
            "count": 2,
            "closed": False,
        }
    ],
    "nextCursor": None,
}
# The same as NDJSON and as CSV.
TRADE_LINES = {
    "application/x-ndjson": '{"symbol":"AAPL","side":"buy","quantity":20.0,"price":103.5,"venue":"XNAS",'
    '"timestamp":"2026-01-31T12:00:00.500Z","latencyMicros":180,"id":null}\n',
    "text/csv": "symbol,side,quantity,price,venue,timestamp,latencyMicros,id\r\n"
    "AAPL,buy,20.0,103.5,XNAS,2026-01-31T12:00:00.500Z,180,\r\n",
}

CANDLE_LINES = {
    "application/x-ndjson": '{"symbol":"AAPL","interval":"1m","start":"2026-01-31T12:00:00.000Z","open":103.5,'
    '"high":103.5,"low":103.0,"close":103.0,"buyVolume":20,"sellVolume":5,"count":2,"closed":false}\n',
    "text/csv": "symbol,interval,start,open,high,low,close,buyVolume,sellVolume,count,closed\r\n"
    "AAPL,1m,2026-01-31T12:00:00.000Z,103.5,103.5,103.0,103.0,20,5,2,false\r\n",
}

_TICK: dict[str, Any] = TICK_SCHEMA["properties"]
_DECIMAL = _TICK["volume"]["anyOf"][1]
# Bodies of trades have their own parsers, which no struct describes.
TRADE_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["side", "quantity"],
    "additionalProperties": False,
    "properties": {
        "symbol": _TICK["symbol"]
        | {"type": ["string", "null"], "description": "As of a tick; `trades.default_symbol`, where absent."},
        "side": {"enum": ["buy", "sell"]},
        "quantity": {
            "description": "At least 0.",
            "anyOf": [{"type": "number", "minimum": 0, "maximum": NUMBER_MAX}, _DECIMAL],
        },
        "price": {
            "description": "Greater than 0, up to 64 significant digits.",
            "anyOf": [*_TICK["price"]["anyOf"], {"type": "null"}],
        },
        "venue": {"description": "Printable.", "type": ["string", "null"], "minLength": 1, "maxLength": 64},
        "timestamp": _TICK["timestamp"],
        "sentAt": _TICK["timestamp"]
        | {"description": "When it was sent, as `timestamp`; the latency is measured from then on."},
        "id": _TICK["id"] | {"description": "Printable. A trade with the same id counts once."},
    },
}
