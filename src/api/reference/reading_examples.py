"""Examples of readings, and the schema of their bodies, for the routes."""

from typing import Any

from api.reference.price_examples import TICK_SCHEMA
from domain.numbers import NUMBER_MAX
from domain.readings.sensor_key import NAME_CHARACTERS

READING = {
    "machineId": "CNC-001",
    "sensorType": "temperature",
    "value": 85.4,
    "unit": "°C",
    "quality": "good",
    "timestamp": "2026-01-31T12:00:00.500Z",
}
BATCH = [
    READING,
    {"machineId": "CNC-001", "sensorType": "vibration", "value": "-0.25"},
    {"machineId": "CNC-001", "sensorType": "temperature", "value": 85, "timestamp": "2199-01-01T00:00:00Z"},
]
NDJSON_BATCH = (
    '{"machineId":"CNC-001","sensorType":"temperature","value":85.4}\n'
    '{"machineId":"CNC-001","sensorType":"vibration","value":"-0.25"}\n'
)
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
SENSOR: dict[str, Any] = {
    "machineId": "CNC-001",
    "sensorType": "temperature",
    "unit": "°C",
    "value": 85.4,
    "quality": "good",
    "mean": 85.0,
    "std": 0.4,
    "min": 84.6,
    "max": 85.4,
    "count": 3,
    "badCount": 0,
    "lateCount": 0,
    "zScore": 2.0,
    "lastReadingTime": "2026-01-31T12:00:00.500Z",
}
MACHINE = {
    "machineId": "CNC-001",
    "status": "ok",
    "lastSeen": "2026-01-31T12:00:00.500Z",
    "sensors": [
        {
            "status": "ok",
            "type": {"unit": "°C", "min": -50.0, "max": 200.0, "low": 10.0, "high": 95.0, "resolution": 0.1},
            "sensor": SENSOR,
        }
    ],
}
MACHINES = {
    "items": [
        {
            "machineId": "CNC-001",
            "status": "ok",
            "lastSeen": "2026-01-31T12:00:00.500Z",
            "sensors": ["temperature"],
        }
    ],
    "total": 1,
    "nextCursor": None,
}
STORED_READING = READING | {"id": None}
READINGS = {"items": [STORED_READING], "nextCursor": None}
ROLLUPS = {
    "items": [
        {
            "machineId": "CNC-001",
            "sensorType": "temperature",
            "interval": "1m",
            "start": "2026-01-31T12:00:00.000Z",
            "avg": 85.0,
            "min": 84.6,
            "max": 85.4,
            "std": 0.4,
            "count": 3,
            "closed": False,
        }
    ],
    "nextCursor": None,
}
DEAD_READINGS = {
    "items": [
        {
            "id": 7,
            "receivedAt": "2026-01-31T12:00:00.500Z",
            "topic": "machines/CNC-001/temperature",
            "payload": "n/a",
            "reason": "value must be a decimal number",
        }
    ],
    "total": 1,
    "nextCursor": None,
}
# The same as NDJSON and as CSV.
READING_LINES = {
    "application/x-ndjson": '{"machineId":"CNC-001","sensorType":"temperature","value":85.4,"unit":"°C",'
    '"quality":"good","timestamp":"2026-01-31T12:00:00.500Z","id":null}\n',
    "text/csv": "machineId,sensorType,value,unit,quality,timestamp,id\r\n"
    "CNC-001,temperature,85.4,°C,good,2026-01-31T12:00:00.500Z,\r\n",
}
ROLLUP_LINES = {
    "application/x-ndjson": '{"machineId":"CNC-001","sensorType":"temperature","interval":"1m",'
    '"start":"2026-01-31T12:00:00.000Z","avg":85.0,"min":84.6,"max":85.4,"std":0.4,"count":3,"closed":false}\n',
    "text/csv": "machineId,sensorType,interval,start,avg,min,max,std,count,closed\r\n"
    "CNC-001,temperature,1m,2026-01-31T12:00:00.000Z,85.0,84.6,85.4,0.4,3,false\r\n",
}

_TICK: dict[str, Any] = TICK_SCHEMA["properties"]
_NAME = {"type": "string", "minLength": 1, "maxLength": 31, "pattern": f"^[{NAME_CHARACTERS}]+$"}
# Bodies of readings have their own parsers, which no struct describes.
READING_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["machineId", "sensorType", "value"],
    "additionalProperties": False,
    "properties": {
        "machineId": _NAME
        | {"description": "The same in any case; with the type of the sensor 63 characters at most."},
        "sensorType": _NAME | {"description": "The same in any case."},
        "value": {
            "description": "Up to 64 significant digits.",
            "anyOf": [
                {"type": "number", "minimum": -NUMBER_MAX, "maximum": NUMBER_MAX},
                {"type": "string", "pattern": r"^[+-]?[0-9]{1,20}(\.[0-9]{1,20})?$", "examples": ["85.40"]},
            ],
        },
        "unit": {"description": "Printable.", "type": ["string", "null"], "minLength": 1, "maxLength": 32},
        "quality": {"enum": ["good", "uncertain", "bad", None]},
        "timestamp": _TICK["timestamp"],
        "id": _TICK["id"] | {"description": "Printable. A reading with the same id counts once."},
    },
}
