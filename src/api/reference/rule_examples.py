"""Examples of rules and alerts, and the schema of a rule as it is sent."""

from typing import Any

from api.http.responses import JSON
from api.views.view import encode

RULE: dict[str, Any] = {
    "id": "gold-above-110",
    "name": "Gold above 110",
    "subject": "prices",
    "keys": ["GOLD", "XAU*"],
    "condition": {"level": {"above": 110}},
    "severity": "warning",
    "clear": {"level": {"below": 109}},
    "cooldownSeconds": 60,
    "enabled": True,
    "notify": [],
    "note": "",
    "revision": 1,
}
RULES = {"items": [RULE], "nextCursor": None}
ALERT: dict[str, Any] = {
    "id": "a33aa3a5e9b0e4f0e5c0a7e5a8f1c2d3",
    "ruleId": "gold-above-110",
    "ruleName": "Gold above 110",
    "subject": "prices",
    "key": "GOLD",
    "severity": "warning",
    "state": "raised",
    "value": 110.5,
    "threshold": 110.0,
    "explanation": "value 110.5 is above 110",
    "raisedAt": "2026-01-31T12:00:01.000Z",
    "acknowledgedAt": None,
    "acknowledgedBy": None,
    "resolvedAt": None,
    "count": 1,
}
ACKNOWLEDGED = ALERT | {
    "state": "acknowledged",
    "acknowledgedAt": "2026-01-31T12:00:20.000Z",
    "acknowledgedBy": "ada",
}
RESOLVED = ACKNOWLEDGED | {"state": "resolved", "resolvedAt": "2026-01-31T12:03:00.000Z"}
ALERTS = {"items": [ALERT], "nextCursor": None}
ALERT_LINES = {
    "application/x-ndjson": encode(ALERT).decode() + "\n",
    "text/csv": ",".join(ALERT) + "\n" + "a33aa3a5e9b0e4f0e5c0a7e5a8f1c2d3,gold-above-110,Gold above 110,prices,GOLD,"
    "warning,raised,110.5,110.0,value 110.5 is above 110,2026-01-31T12:00:01.000Z,,,,1\n",
}
BACKTEST: dict[str, Any] = {
    "id": "5b1c9d0e4f6a48d2b7a3c1e0f9d8b7a6",
    "state": "done",
    "progress": 1.0,
    "result": {
        "total": 1,
        "perDay": 1.0,
        "busiestHour": {"start": "2026-01-31T12:00:00.000Z", "alerts": 1},
        "byKey": [{"key": "GOLD", "alerts": 1}],
        "alerts": [ALERT],
        "observations": 2,
        "from": "2026-01-31T12:00:00.000Z",
        "to": "2026-01-31T12:00:01.000Z",
    },
}
RUNNING = BACKTEST | {"state": "running", "progress": 0.0, "result": None}
DEAD_LETTER: dict[str, Any] = {
    "id": "a33aa3a5e9b0e4f0e5c0a7e5a8f1c2d3-raised-ops",
    "channel": "ops",
    "change": "raised",
    "attempts": 8,
    "error": "the answer is 500",
    "createdAt": "2026-01-31T12:00:01.000Z",
    "failedAt": "2026-01-31T12:10:51.204Z",
    "alert": ALERT,
}
DEAD_LETTERS = {"items": [DEAD_LETTER], "nextCursor": None}
REPLAYED = DEAD_LETTER | {"attempts": 0, "error": "", "failedAt": None}
DEAD_LETTER_LINES = {"application/x-ndjson": encode(DEAD_LETTER).decode() + "\n"}
RULE_LINES = {"application/x-ndjson": encode(RULE).decode() + "\n"}

_NUMBER = {"type": ["number", "string"]}
_TEXT = {"type": "string", "minLength": 1, "maxLength": 100}


def _object(required: list[str] = [], **properties: Any) -> dict[str, Any]:  # noqa: B006  # is not changed
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": required} if required else {})


def _optional(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


_CONDITION = {"$ref": "#/components/schemas/Condition"}
_PARTS = {"type": "array", "items": _CONDITION, "minItems": 1, "maxItems": 16}
_SCHEMAS: dict[str, Any] = {
    "Condition": {
        "description": (
            "An object with one field, the name of the condition. Figures that a subject names are conditions too, "
            "with the fields of `level`."
        ),
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": {
            "move": _object(
                ["percent", "withinMs"],
                percent=_NUMBER,
                withinMs={"type": "integer", "minimum": 1, "maximum": 86_400_000},
                direction={"enum": ["up", "down", "any"]},
            ),
            "level": _object(above=_NUMBER, below=_NUMBER),
            "rate": _object(
                ["overSeconds"],
                perSecond=_NUMBER,
                below=_NUMBER,
                overSeconds={"type": "integer", "minimum": 1, "maximum": 3600},
            ),
            "deviation": _object(
                ["sigmas", "over"],
                sigmas=_NUMBER,
                over={"type": "integer", "minimum": 2, "maximum": 1000},
                minimum={"type": "integer", "minimum": 2, "maximum": 1000, "default": 30},
            ),
            "stale": _object(afterSeconds=_NUMBER, timesUsual=_NUMBER),
            "range": _object(["low", "high"], low=_NUMBER, high=_NUMBER),
            "all": _PARTS,
            "any": _PARTS,
            "not": _CONDITION,
        },
    },
    "RuleBody": {
        "type": "object",
        "required": ["name", "subject", "keys", "condition"],
        "properties": {
            "id": _optional({"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,63}$"}),
            "name": _TEXT,
            "subject": {"type": "string"},
            "keys": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 100},
            "condition": _CONDITION,
            "severity": _optional({"enum": ["info", "warning", "critical"], "default": "warning"}),
            "clear": _optional(_CONDITION),
            "cooldownSeconds": _optional(_NUMBER | {"default": 60}),
            "enabled": _optional({"type": "boolean", "default": True}),
            "notify": _optional({"type": "array", "items": {"type": "string"}, "maxItems": 10}),
            "note": _optional({"type": "string", "maxLength": 1000}),
            "revision": _optional({"type": "integer", "minimum": 1, "maximum": 10**15 - 1}),
        },
        "additionalProperties": False,
    },
}
RULE_BODY = {
    JSON: {
        "schema": {"$ref": "#/components/schemas/RuleBody"},
        "example": {name: value for name, value in RULE.items() if name != "revision"},
        "schemas": _SCHEMAS,
    }
}
# The path names the rule.
REPLACED_BODY = {
    JSON: {
        "schema": {"$ref": "#/components/schemas/RuleBody"},
        "example": {name: value for name, value in RULE.items() if name not in ("id", "revision")},
    }
}
_MOMENT = {
    "anyOf": [
        {"type": "string", "format": "date-time"},
        {"type": "integer", "minimum": 10**11, "maximum": 10**14},
        {"type": "null"},
    ]
}
BACKTEST_BODY = {
    JSON: {
        "schema": {
            "type": "object",
            "required": ["rule"],
            "properties": {"rule": {"$ref": "#/components/schemas/RuleBody"}, "from": _MOMENT, "to": _MOMENT},
            "additionalProperties": False,
        },
        "example": {
            "rule": {name: value for name, value in RULE.items() if name not in ("id", "revision")},
            "from": "2026-01-31T00:00:00Z",
            "to": "2026-02-01T00:00:00Z",
        },
        "schemas": _SCHEMAS,
    }
}
