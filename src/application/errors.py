"""The exception hierarchy.

MarketDataError
├── ValidationFailed      the message breaks a rule; lists the errors field by field
├── BatchTooLarge         the batch has more ticks than allowed
├── SymbolNotFound        the symbol is unknown
├── OptionNotFound        the product, expiry or contract is unknown
├── AnomalyNotFound       no anomaly has that id
├── DeadReadingNotFound   no message over MQTT that could not be taken has that id
├── HistoryDisabled       the service keeps no history
├── StorageFailed         data that should be on disk is not
│   └── ChangePending     a change takes effect later
├── KeyReused             the Idempotency-Key belongs to another request
├── KeyInUse              the first request with that Idempotency-Key is still in progress
├── Unauthenticated       nothing says who the request comes from (application.access.errors, as all of access)
├── Forbidden             the caller's role does not suffice
├── WrongPassword         the name or the password is wrong
├── TooManyAttempts       too many wrong passwords
├── KeyNotFound           no API key has that id
├── AccountNotFound       no account has that name
├── AccountExists         the name is taken
└── Unavailable           temporary; retry later
    ├── Overloaded        too many requests are held, or for too long; this one was not decoded
    ├── QueueFull         the partition's queue is full, and the policy is to reject
    ├── QueueOverflowed   accepted ticks were dropped while the sender waited for them
    ├── Draining          the service is shutting down
    ├── TooManyWatchers   the limit of stream connections is reached
    ├── HistoryUnavailable  the store does not respond
    └── AccessUnavailable  nobody can sign in at the moment (application.access.errors)
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

RETRY_AFTER_SECONDS = 1


@dataclass(frozen=True, slots=True)
class FieldError:
    """An error in one field.

    field: its name on the wire; empty for the tick or batch as a whole.
    code: stable, for programs.
    message: a sentence for people.
    index: position of the tick in its batch, from 0.
    """

    field: str
    code: str
    message: str
    index: int | None = None

    def at(self, index: int) -> "FieldError":
        return replace(self, index=index)


class MarketDataError(Exception):
    """Base class of the failures reported to the caller."""


class ValidationFailed(MarketDataError):
    """The message breaks a rule.

    ticks: number of ticks rejected with it.
    """

    def __init__(self, errors: Sequence[FieldError], ticks: int = 0) -> None:
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors[:3]))
        self.errors = tuple(errors)
        self.ticks = ticks


class BatchTooLarge(MarketDataError):
    """The batch has more ticks than allowed."""

    def __init__(self, ticks: int, ticks_max: int) -> None:
        super().__init__(f"The batch has {ticks} ticks; the limit is {ticks_max}.")


class SymbolNotFound(MarketDataError):
    """The symbol is unknown. observation: what has not been processed of it, such as a price."""

    def __init__(self, symbol: str, observation: str = "price") -> None:
        super().__init__(f"No {observation} of {symbol} has been processed.")


class OptionNotFound(MarketDataError):
    """The product, expiry or contract is unknown. what: which of them. name: as asked for."""

    def __init__(self, what: str, name: str) -> None:
        super().__init__(f"No option quote has the {what} {ascii(name[:80])[1:-1]}.")


class AnomalyNotFound(MarketDataError):
    """No anomaly has that id."""

    def __init__(self, anomaly_id: str) -> None:
        super().__init__(f"No anomaly has the id {ascii(anomaly_id[:64])[1:-1]}.")


class DeadReadingNotFound(MarketDataError):
    """No message over MQTT that could not be taken has that id."""

    def __init__(self, dead_id: int) -> None:
        super().__init__(f"No dead letter of MQTT has the id {dead_id}.")


class HistoryDisabled(MarketDataError):
    """The service keeps no history."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"This service has no history: {reason}.")


class StorageFailed(MarketDataError):
    """Data that should be on disk is not.

    taken: whether the ticks are in memory, to be written once the storage works.
    """

    def __init__(self, reason: str, taken: bool) -> None:
        self.taken = taken
        what = "The ticks are in memory, but not on disk yet" if taken else "No tick was accepted"
        super().__init__(f"{what}: the storage fails ({reason}).")


class ChangePending(StorageFailed):
    """A change is on its way, and whoever has to carry it out has not done so yet."""

    def __init__(self) -> None:
        self.taken = True
        MarketDataError.__init__(
            self,
            "The change is not in force yet. It will be, once the brokers and an owner of each partition are there.",
        )


class KeyReused(MarketDataError):
    """The Idempotency-Key belongs to another request."""

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used before with a different body.")


class KeyInUse(MarketDataError):
    """The first request with that Idempotency-Key is still in progress."""

    def __init__(self) -> None:
        super().__init__("The first request with this Idempotency-Key is still being processed.")


class Unavailable(MarketDataError):
    """Temporary; retry after `RETRY_AFTER_SECONDS`."""


class Overloaded(Unavailable):
    """Too many requests are held, or for too long; this one was not decoded."""

    def __init__(self) -> None:
        super().__init__("The service is overloaded; no tick of this request was accepted.")


class QueueFull(Unavailable):
    """The partition's queue is full, and the policy is to reject."""

    def __init__(self) -> None:
        super().__init__("The queue of the symbol's partition is full; nothing was accepted.")


class QueueOverflowed(Unavailable):
    """Accepted ticks were dropped while the sender waited for them to be processed."""

    def __init__(self) -> None:
        super().__init__(
            "The queue overflowed, and ticks of this request were dropped. Those with an id may be sent again."
        )


class TooManyWatchers(Unavailable):
    """The limit of stream connections is reached."""

    def __init__(self, most: int) -> None:
        super().__init__(f"The limit of {most} subscribers is reached.")


class Draining(Unavailable):
    """The service is shutting down."""

    def __init__(self) -> None:
        super().__init__("The service is shutting down and accepts no more ticks.")


class HistoryUnavailable(Unavailable):
    """The store does not respond."""

    def __init__(self) -> None:
        super().__init__("The store does not answer; only data in memory is available.")
