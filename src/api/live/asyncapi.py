"""The AsyncAPI 3.0 document: the WebSocket and every message on it."""

from importlib.metadata import version
from typing import Any

import msgspec

from api.live.client_messages import Ping, Subscribe, Unsubscribe
from api.live.examples import CLIENT, SERVER, Json
from api.live.server_messages import Anomaly, Error, Gap, Heartbeat, Pong, Prices, Snapshot, Subscribed
from api.live.websocket import WS_PATH
from api.openapi import component_schemas

_REF = "#/components/schemas/"
_SERVER_BODIES: dict[str, type[msgspec.Struct]] = {
    "subscribed": Subscribed,
    "snapshot": Snapshot,
    "prices": Prices,
    "anomaly": Anomaly,
    "gap": Gap,
    "unsubscribed": Subscribed,
    "pong": Pong,
    "heartbeat": Heartbeat,
    "error": Error,
}
_CLIENT_BODIES: dict[str, type[msgspec.Struct]] = {"subscribe": Subscribe, "unsubscribe": Unsubscribe, "ping": Ping}


def asyncapi_document() -> Json:
    messages = {name: _message(about, _CLIENT_BODIES[name], example) for name, (about, example) in CLIENT.items()}
    for name, (about, example) in SERVER.items():
        front = {
            "type": "object",
            "required": ["type", "seq"],
            "properties": {"type": {"const": name}, "seq": {"type": "integer", "minimum": 1}},
        }
        messages[name] = _message(about, _SERVER_BODIES[name], example, front)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "marketdata",
            "version": version("marketdata"),
            "description": "What the service says to those who watch; /api/stream says it as server-sent events.",
        },
        "channels": {
            "watch": {
                "address": WS_PATH,
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
            }
        },
        "operations": {
            "say": {"action": "receive", "channel": _WATCH, "messages": _listed(CLIENT)},
            "hear": {"action": "send", "channel": _WATCH, "messages": _listed(SERVER)},
        },
        "components": {
            "messages": messages,
            "schemas": component_schemas((*_CLIENT_BODIES.values(), *_SERVER_BODIES.values())),
        },
    }


_WATCH = {"$ref": "#/channels/watch"}


def _message(about: str, body: type[msgspec.Struct], example: Json, *front: Json) -> Json:
    schema = {"$ref": _REF + body.__name__}
    return {
        "contentType": "application/json",
        "summary": about,
        "payload": {"allOf": [*front, schema]} if front else schema,
        "examples": [{"payload": example}],
    }


def _listed(messages: dict[str, Any]) -> list[Json]:
    return [{"$ref": f"#/channels/watch/messages/{name}"} for name in messages]
