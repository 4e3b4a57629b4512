"""Examples of prices, consistent across all routes."""

from typing import Any

from api.timestamps import EARLIEST_MS, LATEST_MS
from domain.numbers import NUMBER_MAX, NUMBER_MIN
from domain.symbol import SYMBOL_LENGTH_MAX, SYMBOL_PATTERN, SYMBOL_RULE

TICK = {"symbol": "AAPL", "price": 103.5, "timestamp": "2026-01-31T12:00:00.500Z", "volume": 20}
BATCH = [
    {"symbol": "AAPL", "price": 100, "timestamp": "2026-01-31T12:00:00.000Z"},
    TICK,
    {"symbol": "AAPL", "price": 104, "timestamp": "2199-01-31T12:00:00Z"},
]
NDJSON_BATCH = '{"symbol":"AAPL","price":100}\n{"symbol":"BTCUSD","price":"64250.10"}\n'
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
STATISTICS = {
    "symbol": "AAPL",
    "currentPrice": 103.5,
    "movingAverage": 101.75,
    "minPrice": 100.0,
    "maxPrice": 103.5,
    "updateCount": 2,
    "lateCount": 0,
    "anomalyCount": 1,
    "lastUpdateTime": "2026-01-31T12:00:00.500Z",
}
PAGE = {"items": [STATISTICS], "total": 1, "nextCursor": None}
ANOMALIES: dict[str, Any] = {
    "items": [
        {
            "id": "f3c0a1d2b4958677a9b8c7d6e5f40312",
            "symbol": "AAPL",
            "direction": "up",
            "referencePrice": 100.0,
            "newPrice": 103.5,
            "changePercent": 3.5,
            "severity": "high",
            "detectedAt": "2026-01-31T12:00:00.500Z",
        }
    ],
    "nextCursor": None,
}
MOVES: dict[str, Any] = {
    "items": [
        {
            "id": "f3c0a1d2b4958677a9b8c7d6e5f40312",
            "symbol": "AAPL",
            "direction": "up",
            "startedAt": "2026-01-31T12:00:00.500Z",
            "endedAt": None,
            "referencePrice": 100.0,
            "peakPrice": 103.5,
            "peakPercent": 3.5,
            "severity": "high",
            "count": 1,
        }
    ],
    "nextCursor": None,
}
STORED_TICK = {
    "symbol": "AAPL",
    "price": 103.5,
    "timestamp": "2026-01-31T12:00:00.500Z",
    "volume": 20.0,
    "id": None,
}
TICKS = {"items": [STORED_TICK], "nextCursor": None}
EXPLAINED = {
    "id": "f3c0a1d2b4958677a9b8c7d6e5f40312",
    "symbol": "AAPL",
    "direction": "up",
    "referencePrice": 100.0,
    "newPrice": 103.5,
    "changePercent": 3.5,
    "severity": "high",
    "detectedAt": "2026-01-31T12:00:00.500Z",
    "window": [STORED_TICK | {"price": 100.0, "timestamp": "2026-01-31T12:00:00.000Z"}, STORED_TICK],
    "windowComplete": True,
}
CANDLES = {
    "items": [
        {
            "symbol": "AAPL",
            "interval": "1m",
            "start": "2026-01-31T12:00:00.000Z",
            "open": 100.0,
            "high": 103.5,
            "low": 100.0,
            "close": 103.5,
            "volume": 20,
            "vwap": 103.5,
            "count": 2,
            "closed": False,
        }
    ],
    "nextCursor": None,
}

_DECIMAL = {
    "type": "string",
    "description": "A decimal number, as exchanges send it.",
    "pattern": r"^[0-9]{1,20}(\.[0-9]{1,20})?$",
}
# Tick bodies have their own parsers, which no struct describes.
TICK_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["symbol", "price"],
    "additionalProperties": False,
    "properties": {
        "symbol": {
            "type": "string",
            "description": f"{SYMBOL_RULE}; trimmed and upper-cased.",
            "minLength": 1,
            "maxLength": SYMBOL_LENGTH_MAX,
            "pattern": SYMBOL_PATTERN,
        },
        "price": {
            "description": "Greater than 0, up to 64 significant digits.",
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0, "minimum": NUMBER_MIN, "maximum": NUMBER_MAX},
                _DECIMAL | {"pattern": r"^[0-9]{0,20}[1-9](\.[0-9]{1,20})?$"},
            ],
        },
        "timestamp": {
            "description": "RFC 3339 with an offset, or milliseconds since the Unix epoch; now, where absent.",
            "anyOf": [
                {"type": "string", "format": "date-time"},
                {"type": "integer", "minimum": EARLIEST_MS, "maximum": LATEST_MS},
                {"type": "null"},
            ],
        },
        "volume": {
            "description": "At least 0.",
            "anyOf": [{"type": "number", "minimum": 0, "maximum": NUMBER_MAX}, _DECIMAL, {"type": "null"}],
        },
        "id": {
            "description": "Printable; assigned by the feeder. A tick with the same id counts once.",
            "type": ["string", "null"],
            "minLength": 1,
            "maxLength": 128,
        },
    },
}
# Binary, so without an example.
ARROW_SCHEMA: dict[str, Any] = {
    "type": "string",
    "format": "binary",
    "description": "An Arrow IPC stream with the columns `symbol` (string, or dictionary of strings) and `price` "
    "(float64, decimal128, decimal256 or integer), and optionally `timestamp` (timestamp with a time zone, or int64 of "
    "milliseconds), `volume` (as price) and `id` (as symbol). A null is a field left out. Buffers are not compressed, "
    "dictionaries not sent as deltas.",
}

# The same as NDJSON and as CSV.
ANOMALY_LINES = {
    "application/x-ndjson": '{"id":"f3c0a1d2b4958677a9b8c7d6e5f40312","symbol":"AAPL","direction":"up",'
    '"referencePrice":100.0,"newPrice":103.5,"changePercent":3.5,"severity":"high",'
    '"detectedAt":"2026-01-31T12:00:00.500Z"}\n',
    "text/csv": "id,symbol,direction,referencePrice,newPrice,changePercent,severity,detectedAt\r\n"
    "f3c0a1d2b4958677a9b8c7d6e5f40312,AAPL,up,100.0,103.5,3.5,high,2026-01-31T12:00:00.500Z\r\n",
}
MOVE_LINES = {
    "application/x-ndjson": '{"id":"f3c0a1d2b4958677a9b8c7d6e5f40312","symbol":"AAPL","direction":"up",'
    '"startedAt":"2026-01-31T12:00:00.500Z","endedAt":null,"referencePrice":100.0,"peakPrice":103.5,'
    '"peakPercent":3.5,"severity":"high","count":1}\n',
    "text/csv": "id,symbol,direction,startedAt,endedAt,referencePrice,peakPrice,peakPercent,severity,count\r\n"
    "f3c0a1d2b4958677a9b8c7d6e5f40312,AAPL,up,2026-01-31T12:00:00.500Z,,100.0,103.5,3.5,high,1\r\n",
}
TICK_LINES = {
    "application/x-ndjson": '{"symbol":"AAPL","price":103.5,"timestamp":"2026-01-31T12:00:00.500Z","volume":20.0,'
    '"id":null}\n',
    "text/csv": "symbol,price,timestamp,volume,id\r\nAAPL,103.5,2026-01-31T12:00:00.500Z,20.0,\r\n",
}
CANDLE_LINES = {
    "application/x-ndjson": '{"symbol":"AAPL","interval":"1m","start":"2026-01-31T12:00:00.000Z","open":100.0,'
    '"high":103.5,"low":100.0,"close":103.5,"volume":20,"vwap":103.5,"count":2,"closed":false}\n',
    "text/csv": "symbol,interval,start,open,high,low,close,volume,vwap,count,closed\r\n"
    "AAPL,1m,2026-01-31T12:00:00.000Z,100.0,103.5,100.0,103.5,20,103.5,2,false\r\n",
}
