"""The port for deliveries that failed for good."""

from collections.abc import Sequence
from typing import Protocol

from domain.rules.alert import Alert

# When it failed for good, and its id.
DeadLetterOrder = tuple[int, str]


class DeadLetter(Protocol):
    """id: of the alert, its change and the channel. created_us: when the alert changed. error: of the last attempt."""

    @property
    def id(self) -> str: ...

    @property
    def channel(self) -> str: ...

    @property
    def created_us(self) -> int: ...

    @property
    def attempts(self) -> int: ...

    @property
    def dead_us(self) -> int | None: ...

    @property
    def error(self) -> str: ...

    @property
    def alert(self) -> Alert: ...


class DeadLetters(Protocol):
    async def page(
        self,
        after: DeadLetterOrder | None,
        limit: int,
        newest_first: bool,
        from_us: int | None,
        to_us: int | None,
        prefixes: Sequence[str],
    ) -> Sequence[DeadLetter]:
        """Return the first of those that failed within [from_us, to_us), after a position."""
        ...

    async def get(self, delivery_id: str) -> DeadLetter | None: ...

    async def replay(self, letter: DeadLetter) -> DeadLetter:
        """Try again, as often as at first. Return it as it waits then."""
        ...
