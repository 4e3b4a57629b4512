"""The mediator: the single entry point for commands and queries."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Generic, Protocol, TypeVar, cast

Result = TypeVar("Result")

Proceed = Callable[[Any], Awaitable[Any]]


class Message(Generic[Result]):
    """A command or query that returns a `Result`. Frozen, so the sender may keep it."""

    __slots__ = ()


class Handler(Protocol):
    async def handle(self, message: Any, /) -> Any: ...


class Behaviour(Protocol):
    """A step that every message passes; calls `proceed` to pass it on, modified or not.

    A plain function that returns an awaitable, so that a step with nothing to do afterwards costs no coroutine.
    """

    def __call__(self, message: Any, proceed: Proceed) -> Awaitable[Any]: ...


class MissingHandler(Exception):
    """A message type in use has no handler."""


class Mediator:
    """Sends a message through the behaviours, the first outermost, to the handler of its type.

    messages: every type that will be sent.

    Raises:
        MissingHandler: one of them has no handler.
    """

    def __init__(
        self, messages: Iterable[type], handlers: Mapping[type, Handler], behaviours: Sequence[Behaviour] = ()
    ) -> None:
        missing = [message.__name__ for message in messages if message not in handlers]
        if missing:
            raise MissingHandler(f"no handler for {', '.join(missing)}")
        self._chains = {message: self._chain(handler, behaviours) for message, handler in handlers.items()}

    def send(self, message: Message[Result]) -> Awaitable[Result]:
        """Return the handler's result, or raise its error."""
        return cast("Awaitable[Result]", self._chains[type(message)](message))

    @staticmethod
    def _chain(handler: Handler, behaviours: Sequence[Behaviour]) -> Proceed:
        chain: Proceed = handler.handle
        for behaviour in reversed(behaviours):
            chain = partial(behaviour.__call__, proceed=chain)
        return chain
