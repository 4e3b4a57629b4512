"""What can go wrong, as one tree.

MarketDataError
├── ValidationFailed      the message breaks a rule; says which, field by field
├── BatchTooLarge         more ticks in one batch than are taken at once
├── SymbolNotFound        nothing is known of the symbol
└── Unavailable           not now; worth another try in a while
    ├── QueueFull         no room in the partition's queue, and the policy is to refuse
    └── Draining          the service is shutting down
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


class Unavailable(MarketDataError):
    """Not now; worth another try in `RETRY_AFTER_SECONDS`."""


class QueueFull(Unavailable):
    """No room in the partition's queue, and the policy is to refuse."""

    def __init__(self) -> None:
        super().__init__("The queue of the symbol's partition is full; nothing was taken.")


class Draining(Unavailable):
    """The service is shutting down."""

    def __init__(self) -> None:
        super().__init__("The service is shutting down and takes no more ticks.")
