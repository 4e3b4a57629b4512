"""What a subject contributes to the service."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec
from litestar.types import ControllerRouterHandler
from prometheus_client.registry import Collector

from api.http.fast_path import FastRead, Respond
from api.http.gathering import Gatherer
from api.live.live_subject import LiveSubject
from api.subjects.processing import Core, Processing
from application.behaviours.validation import Validator
from application.mediator import Handler, Mediator
from domain.rules.rule import Rule
from infrastructure.settings import Settings
from infrastructure.storage.retention import Pruner
from infrastructure.storage.storage import Recovered
from infrastructure.subject import Subject


class Feed(Protocol):
    """A source of observations other than HTTP."""

    async def run(self) -> None:
        """Send until cancelled."""
        ...


@dataclass(frozen=True, slots=True)
class Connected:
    """The parts of a subject that send messages.

    dependencies: injected into the subject's handlers, by name. posts, reads: the fast path. gatherers: for
    some of these, by template. stream_paths: paths that accept unbounded bodies.
    """

    dependencies: Mapping[str, Any] = field(default_factory=dict)
    posts: Mapping[str, Respond] = field(default_factory=dict)
    reads: Sequence[FastRead] = ()
    gatherers: Mapping[str, Gatherer[Any]] = field(default_factory=dict)
    stream_paths: Sequence[str] = ()
    feeds: Sequence[Feed] = ()


@dataclass(frozen=True, slots=True)
class Features:
    """messages: every message type it handles. validators: by message type.

    routes: its HTTP routes. connect: makes the parts that need the mediator. live_examples, live_shapes: its messages
    to subscribers, for the API documents. more_live: further channels with states of their own. recovered: what is
    recovered at start-up besides its book.
    """

    processing: Processing
    live: LiveSubject
    messages: Sequence[type]
    handlers: Mapping[type, Handler]
    validators: Mapping[type, Validator]
    routes: Sequence[ControllerRouterHandler]
    connect: Callable[[Mediator], Connected]
    live_examples: Mapping[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    live_shapes: Mapping[str, type[msgspec.Struct]] = field(default_factory=dict)
    more_live: Sequence[LiveSubject] = ()
    collectors: Sequence[Collector] = ()
    pruners: Sequence[Pruner] = ()
    recovered: Sequence[Recovered] = ()


def no_rules(settings: Settings) -> Sequence[Rule]:
    """Return the rules that a subject without any has. By name, so that an entry can go to another process."""
    return ()


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the registry. define: columns, log format and book. assemble: everything else.

    rules: those that there are from the start.
    """

    define: Callable[[Settings], Subject]
    assemble: Callable[[Subject, Core], Features]
    rules: Callable[[Settings], Sequence[Rule]] = no_rules
