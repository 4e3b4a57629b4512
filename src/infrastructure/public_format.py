"""What readers see of a subject, as bytes: the snapshots of its keys, and its events."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, fields
from typing import Any, get_type_hints

import msgspec

from domain.numbers import Number

_pack = msgspec.msgpack.Encoder().encode


class PublicFormat:
    """msgpack with the names of fields, so that versions of the service can run side by side.

    snapshot: class of the snapshots, a dataclass. events: the id of an event, by its class, also a dataclass. An id
    derives from observations: an event that is made again has the same one. notices: updates that say what of a key
    has changed, with its key; they mean nothing without the snapshot, so they go with it. texts: members of snapshots
    that are text or None, which the annotations of a compiled class do not say.
    """

    def __init__(
        self,
        snapshot: type,
        events: Mapping[type, Callable[[Any], str]],
        notices: Mapping[type, Callable[[Any], str]] | None = None,
        texts: Collection[str] = (),
    ) -> None:
        self._kind = snapshot
        self._texts = texts
        self._snapshot = _decoder(snapshot, texts)
        self._ids = dict(events)
        self._notices = dict(notices or {})
        self._events = {kind.__name__: _decoder(kind) for kind in (*self._ids, *self._notices)}

    def with_events(self, events: Mapping[type, Callable[[Any], str]]) -> "PublicFormat":
        """Return the same with other events besides."""
        return PublicFormat(self._kind, {**self._ids, **events}, self._notices, self._texts)

    def encode_snapshot(self, snapshot: Any) -> bytes:
        return _pack(snapshot)

    def decode_snapshot(self, payload: bytes) -> Any:
        return self._snapshot(payload)

    def encode_event(self, event: Any) -> tuple[str, bytes]:
        """Return what identifies an event among all of the subject, and the event."""
        kind = type(event)
        return f"{kind.__name__} {self._ids[kind](event)}", _pack(event)

    def noticed_key(self, event: Any) -> str | None:
        """Return the key that a notice is about; None for an event."""
        key = self._notices.get(type(event))
        return None if key is None else key(event)

    def encode_notice(self, notice: Any) -> tuple[str, bytes]:
        """Return what `decode_event` needs."""
        return type(notice).__name__, _pack(notice)

    def decode_event(self, identity: str, payload: bytes) -> Any:
        return self._events[identity.partition(" ")[0]](payload)


def _decoder(kind: type, texts: Collection[str] = ()) -> Callable[[bytes], Any]:
    """Return the function that decodes a dataclass."""
    hints = get_type_hints(kind)
    if type not in hints.values():
        return msgspec.msgpack.Decoder(kind).decode
    # The annotations of a compiled class say `type` where its source says `Number`, or that it may be None.
    optional = {each.name: str | None if each.name in texts else Number | None for each in fields(kind)}
    members: list[Any] = [
        (each.name, optional[each.name] if hints[each.name] is type else hints[each.name])
        + (() if each.default is MISSING else (each.default,))
        for each in fields(kind)
    ]
    decode = msgspec.msgpack.Decoder(msgspec.defstruct(kind.__name__, members, gc=False)).decode
    return lambda payload: kind(*msgspec.structs.astuple(decode(payload)))
