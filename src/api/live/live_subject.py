"""The parts of a subject that can be subscribed to: the latest states of its keys, and its events."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from api.http.encoded_states import EncodedStates
from api.views.view import View
from application.ports.live_feed import LiveFeed


@dataclass(frozen=True, slots=True)
class EventChannel:
    """name: of the channel. message: type of a message with one event, and the field that holds the event.

    kind: class of the events. key: the key of an event. view: converts an event for clients, None if it is not sent.
    is_of_observations: whether the events are the observations themselves, of keys that are named one by one.
    """

    name: str
    message: str
    kind: type
    key: Callable[[Any], str]
    view: Callable[[Any], View | None]
    is_of_observations: bool = False


class EventFeed(Protocol):
    """Carries events that belong to no subject."""

    def watch(self, watching: bool) -> None:
        """Start or stop keeping events. None are kept while there are no subscribers."""
        ...

    def take(self) -> Sequence[Any]:
        """Return the events since the last call, in order."""
        ...


@dataclass(frozen=True, slots=True)
class LiveEvents:
    """A channel of events beside the subjects."""

    channel: EventChannel
    feed: EventFeed


@dataclass(frozen=True, slots=True)
class LiveSubject:
    """name: of the channel of states; also the type of its messages, and the field that holds the states.

    states: encodes the snapshot of a key. events: of these, a client that names no channel gets the first.
    pattern: what a pattern of a subscription stands for among the keys.
    """

    name: str
    feed: LiveFeed
    states: EncodedStates
    events: tuple[EventChannel, ...] = ()
    pattern: Callable[[str], str] = str

    @property
    def channels(self) -> tuple[str, ...]:
        return (self.name, *(channel.name for channel in self.events))

    @property
    def default_channels(self) -> tuple[str, ...]:
        return self.channels[:2]
