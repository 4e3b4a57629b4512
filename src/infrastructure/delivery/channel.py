"""A channel, and a delivery to it."""

from dataclasses import dataclass
from typing import Protocol

from domain.rules.alert import Alert


@dataclass(frozen=True, slots=True)
class Delivery:
    """A change of an alert that has to reach a channel. id: of the alert, its change and the channel.

    created_us: when the alert changed. attempts: made so far. dead_us: when it failed for good; None before that.
    error: of the last attempt.
    """

    id: str
    channel: str
    created_us: int
    attempts: int
    next_us: int
    dead_us: int | None
    error: str
    alert: Alert

    @property
    def key(self) -> str:
        """The same for all attempts: the alert and its state."""
        return f"{self.alert.id}-{self.alert.change.value}"


class DeliveryFailed(Exception):
    """The message says why, without secrets and addresses."""


class Channel(Protocol):
    async def send(self, delivery: Delivery) -> None:
        """Return once it has arrived. Raises DeliveryFailed."""
        ...
