"""What of a subject can be watched: the latest states of its keys, and its events."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from api.views.view import View
from application.ports.live_feed import LiveFeed


@dataclass(frozen=True, slots=True)
class EventChannel:
    """name: of the channel. message: type of a message with one event, and the field that holds it.

    key: what an event is about. view: how it looks to clients.
    """

    name: str
    message: str
    key: Callable[[Any], str]
    view: Callable[[Any], View]


@dataclass(frozen=True, slots=True)
class LiveSubject:
    """name: of the channel of states, which is the type of its messages too, and the field that holds the states.

    view: how a snapshot of a key looks to clients.
    """

    name: str
    feed: LiveFeed
    view: Callable[[Any], View]
    events: EventChannel | None = None

    @property
    def channels(self) -> tuple[str, ...]:
        return (self.name,) if self.events is None else (self.name, self.events.name)
