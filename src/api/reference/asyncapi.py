"""The AsyncAPI 3.0 document: the WebSocket and all its messages."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import msgspec

from api.live.client_messages import Ping, Subscribe, Unsubscribe
from api.live.examples import CLIENT, SERVER, Json
from api.live.handshakes import WS_PATH
from api.live.server_messages import Error, Heartbeat, Pong, Subscribed
from api.reference.openapi import component_schemas

_REF = "#/components/schemas/"
_SERVER_BODIES: dict[str, Sequence[type[msgspec.Struct]]] = {
    "subscribed": (Subscribed,),
    "unsubscribed": (Subscribed,),
    "pong": (Pong,),
    "heartbeat": (Heartbeat,),
    "error": (Error,),
}
_CLIENT_BODIES: dict[str, type[msgspec.Struct]] = {"subscribe": Subscribe, "unsubscribe": Unsubscribe, "ping": Ping}


Messages = Mapping[str, tuple[str, Json]]
# More than one where subjects share a type of message.
Shapes = Mapping[str, Sequence[type[msgspec.Struct]]]


def server_messages(own: Messages) -> dict[str, tuple[str, Json]]:
    """All messages of the service, with examples. own: those of the subjects."""
    first, *others = SERVER.items()
    return dict([first, *own.items(), *others])


def asyncapi_document(own: Messages, shapes: Shapes, channels: Sequence[str], default: Sequence[str]) -> Json:
    """own, shapes: the messages of the subjects. channels: all channels. default: those used if none is named."""
    server = server_messages(own)
    bodies = _SERVER_BODIES | dict(shapes)
    messages = {name: _message(about, (_CLIENT_BODIES[name],), example) for name, (about, example) in CLIENT.items()}
    for name, (about, example) in server.items():
        front = {
            "type": "object",
            "required": ["type", "seq"],
            "properties": {"type": {"const": name}, "seq": {"type": "integer", "minimum": 1}},
        }
        messages[name] = _message(about, bodies[name], example, front)
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
            "hear": {"action": "send", "channel": _WATCH, "messages": _listed(server)},
        },
        "components": {
            "messages": messages,
            "schemas": _schemas(bodies, channels, default),
        },
    }


def _schemas(bodies: Shapes, channels: Sequence[str], default: Sequence[str]) -> Json:
    schemas = component_schemas((*_CLIENT_BODIES.values(), *(body for each in bodies.values() for body in each)))
    # The channels are known only at run time.
    named = {"type": "array", "items": {"enum": sorted(channels)}, "default": list(default)}
    for op in (Subscribe, Unsubscribe):
        schemas[op.__name__]["properties"]["channels"] = named
    return schemas


_WATCH = {"$ref": "#/channels/watch"}


def _message(about: str, bodies: Sequence[type[msgspec.Struct]], example: Json, *front: Json) -> Json:
    refs = [{"$ref": _REF + body.__name__} for body in bodies]
    schema: Json = refs[0] if len(refs) == 1 else {"anyOf": refs}
    return {
        "contentType": "application/json",
        "summary": about,
        "payload": {"allOf": [*front, schema]} if front else schema,
        "examples": [{"payload": example}],
    }


def _listed(messages: Mapping[str, Any]) -> list[Json]:
    return [{"$ref": f"#/channels/watch/messages/{name}"} for name in messages]
