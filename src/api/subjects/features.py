"""What a subject brings to the service."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec
from litestar.types import ControllerRouterHandler
from prometheus_client.registry import Collector

from api.http.fast_path import FastRead, Respond
from api.live.live_subject import LiveSubject
from api.subjects.processing import Core, Processing
from application.behaviours.validation import Validator
from application.mediator import Handler, Mediator
from infrastructure.settings import Settings
from infrastructure.storage.retention import Pruner
from infrastructure.storage.storage import Recovered
from infrastructure.subject import Subject


class Feed(Protocol):
    """A way in that is not HTTP."""

    async def run(self) -> None:
        """Send until cancelled."""
        ...


@dataclass(frozen=True, slots=True)
class Connected:
    """What sends messages.

    dependencies: what handlers of the subject are injected with, by name. posts, reads: the fast path. stream_paths:
    where bodies may go on for ever.
    """

    dependencies: Mapping[str, Any] = field(default_factory=dict)
    posts: Mapping[str, Respond] = field(default_factory=dict)
    reads: Sequence[FastRead] = ()
    stream_paths: Sequence[str] = ()
    feeds: Sequence[Feed] = ()


@dataclass(frozen=True, slots=True)
class Features:
    """messages: every type it understands. validators: its rules of validity, by type of message.

    routes: what is reached by HTTP. connect: makes what needs the mediator. live_examples, live_shapes: its messages to
    those who watch, for the documents. recovered: what comes back at the start besides its book.
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
    collectors: Sequence[Collector] = ()
    pruners: Sequence[Pruner] = ()
    recovered: Sequence[Recovered] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A line in the registry. define: columns, log format and book; assemble: all the rest."""

    define: Callable[[Settings], Subject]
    assemble: Callable[[Subject, Core], Features]
