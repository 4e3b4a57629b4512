"""What can go wrong, as one tree.

MarketDataError
├── ValidationFailed      the message breaks a rule; says which, field by field
├── BatchTooLarge         more ticks in one batch than are taken at once
├── SymbolNotFound        nothing is known of the symbol
├── AnomalyNotFound       no anomaly has that id
├── HistoryDisabled       the service keeps no history
├── StorageFailed         what was to be on disk is not
├── KeyReused             the Idempotency-Key belongs to another request
├── KeyInUse              the first request with that Idempotency-Key is not answered yet
└── Unavailable           not now; worth another try in a while
    ├── Overloaded        too many requests wait, or for too long; it was not even read
    ├── QueueFull         no room in the partition's queue, and the policy is to refuse
    ├── QueueOverflowed   ticks were accepted and then dropped, which whoever sent them wanted to know
    ├── Draining          the service is shutting down
    ├── TooManyWatchers   the limit of connections that watch is reached
    └── HistoryUnavailable  the store does not answer
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

RETRY_AFTER_SECONDS = 1


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field.

    field: its name on the wire, empty where it is the whole.
    code: a stable word for programs.
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
    """Any failure that has a meaning to whoever asked."""


class ValidationFailed(MarketDataError):
    """The message breaks a rule.

    ticks: how many ticks are refused by it.
    """

    def __init__(self, errors: Sequence[FieldError], ticks: int = 0) -> None:
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors[:3]))
        self.errors = tuple(errors)
        self.ticks = ticks


class BatchTooLarge(MarketDataError):
    """More ticks in one batch than are taken at once."""

    def __init__(self, ticks: int, ticks_max: int) -> None:
        super().__init__(f"The batch has {ticks} ticks; at most {ticks_max} are taken at once.")


class SymbolNotFound(MarketDataError):
    """Nothing is known of the symbol."""

    def __init__(self, symbol: str) -> None:
        super().__init__(f"No price of {symbol} has been processed.")


class AnomalyNotFound(MarketDataError):
    """No anomaly has that id."""

    def __init__(self, anomaly_id: str) -> None:
        super().__init__(f"There is no anomaly {ascii(anomaly_id[:64])[1:-1]}.")


class HistoryDisabled(MarketDataError):
    """The service keeps no history."""

    def __init__(self) -> None:
        super().__init__("This service keeps no history: storage.enabled is false.")


class StorageFailed(MarketDataError):
    """What was to be on disk is not.

    taken: whether the ticks are in memory, and will be on disk once the storage takes them.
    """

    def __init__(self, reason: str, taken: bool) -> None:
        self.taken = taken
        what = "The ticks are taken into memory, but not on disk yet" if taken else "Nothing was taken"
        super().__init__(f"{what}: the storage fails ({reason}).")


class KeyReused(MarketDataError):
    """The Idempotency-Key belongs to another request."""

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was sent before, with another body.")


class KeyInUse(MarketDataError):
    """The first request with that Idempotency-Key is not answered yet."""

    def __init__(self) -> None:
        super().__init__("The first request with this Idempotency-Key is not answered yet.")


class Unavailable(MarketDataError):
    """Not now; worth another try in `RETRY_AFTER_SECONDS`."""


class Overloaded(Unavailable):
    """Too many requests wait, or for too long; it was not even read."""

    def __init__(self) -> None:
        super().__init__("More is sent than can be processed; nothing of this request was taken.")


class QueueFull(Unavailable):
    """No room in the partition's queue, and the policy is to refuse."""

    def __init__(self) -> None:
        super().__init__("The queue of the symbol's partition is full; nothing was taken.")


class QueueOverflowed(Unavailable):
    """Ticks were accepted and then dropped, which whoever sent them wanted to know."""

    def __init__(self) -> None:
        super().__init__(
            "The queue overflowed, and ticks of this request were dropped. Those with an id may be sent again."
        )


class TooManyWatchers(Unavailable):
    """The limit of connections that watch is reached."""

    def __init__(self, most: int) -> None:
        super().__init__(f"There are {most} connections that watch, which is as many as are allowed.")


class Draining(Unavailable):
    """The service is shutting down."""

    def __init__(self) -> None:
        super().__init__("The service is shutting down and takes no more ticks.")


class HistoryUnavailable(Unavailable):
    """The store does not answer."""

    def __init__(self) -> None:
        super().__init__("The store does not answer; what is in memory can be asked for.")
