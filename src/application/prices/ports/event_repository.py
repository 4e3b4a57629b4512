"""The port for querying events of prices: anomalies and moves."""

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from domain.prices.price_anomaly import Direction, Severity

# Time of the event, symbol, sequence, direction.
EventOrder = tuple[int, str, int, str]


class PriceEvent(Protocol):
    """order: sort key, from old to new, which identifies the event."""

    @property
    def symbol(self) -> str: ...

    @property
    def direction(self) -> Direction: ...

    @property
    def severity(self) -> Severity: ...

    @property
    def time_us(self) -> int: ...

    @property
    def order(self) -> EventOrder: ...


Event = TypeVar("Event", bound=PriceEvent)


@dataclass(frozen=True, slots=True)
class EventFilter:
    """A field that is None matches everything. Events match if their time is within [from_us, to_us).

    prefixes: of the symbols that match; none for all.
    """

    symbol: str | None = None
    direction: Direction | None = None
    severity: Severity | None = None
    from_us: int | None = None
    to_us: int | None = None
    prefixes: tuple[str, ...] = ()

    def matches(self, event: PriceEvent) -> bool:
        return (
            (self.symbol is None or event.symbol == self.symbol)
            and (not self.prefixes or event.symbol.startswith(self.prefixes))
            and (self.direction is None or event.direction is self.direction)
            and (self.from_us is None or event.time_us >= self.from_us)
            and (self.to_us is None or event.time_us < self.to_us)
            and (self.severity is None or event.severity is self.severity)
        )


@dataclass(frozen=True, slots=True)
class EventPage(Generic[Event]):
    """next_after: the position after which the next page starts, None on the last."""

    items: tuple[Event, ...]
    next_after: EventOrder | None


class EventRepository(Protocol[Event]):
    async def page(
        self, matching: EventFilter, after: EventOrder | None, limit: int, newest_first: bool = True
    ) -> EventPage[Event]:
        """Return up to `limit` events that come after a position (see `PriceEvent.order`), or the first ones."""
        ...
