"""What became of the ticks that `marketdata replay` has sent."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

_ERRORS_SHOWN = 5


class Refusal(msgspec.Struct):
    """An error in a tick. index: its position in the batch."""

    field: str
    code: str
    message: str
    index: int | None = None


class Answer(msgspec.Struct):
    """The response to a batch: the result or a problem."""

    accepted: int = 0
    duplicates: int = 0
    errors: list[Refusal] = []
    title: str = ""
    detail: str = ""


class Outcome:
    """Running totals, with examples of errors. in_flight: ticks sent and not yet answered."""

    def __init__(self) -> None:
        self.accepted = 0
        self.duplicates = 0
        self.rejected = 0
        self.in_flight = 0
        self._reasons: Counter[str] = Counter()
        self._examples: list[str] = []

    def take(self, file: Path, numbers: Sequence[int], answer: Answer) -> None:
        """Count the answer to a batch of a file. numbers: those of its ticks."""
        rejected = len(numbers) - answer.accepted - answer.duplicates
        self.accepted += answer.accepted
        self.duplicates += answer.duplicates
        self.rejected += rejected
        # One reason per tick, the first. The service limits the errors it reports per batch.
        first_of = {error.index: error for error in reversed(answer.errors)}
        for error in sorted(first_of.values(), key=lambda each: each.index or 0):
            self._reasons[error.code] += 1
            self._example(file, numbers[error.index or 0], f"{error.field}: {error.message}".removeprefix(": "))
        if rejected > len(first_of):
            self._reasons[answer.title or "not named"] += rejected - len(first_of)
        if answer.detail and not first_of:
            self._example(file, numbers[0], answer.detail)

    @property
    def sent(self) -> int:
        """Ticks answered, and those in flight."""
        return self.accepted + self.duplicates + self.rejected + self.in_flight

    def summarise(self, seconds: float) -> None:
        """Print the totals and the first of the errors."""
        rate = (self.sent - self.in_flight) / seconds if seconds else 0
        counts = [f"{self.accepted} accepted", f"{self.rejected} rejected"]
        if self.duplicates:
            counts.insert(1, f"{self.duplicates} duplicates")
        click.echo(f"{', '.join(counts)} in {seconds:.1f} s ({rate:,.0f} ticks/s)")
        if self.in_flight:
            click.echo(f"{self.in_flight} more were being sent; the service may have accepted them")
        for reason, count in self._reasons.most_common():
            click.echo(f"  {reason}: {count}")
        for example in self._examples:
            click.echo(example)

    def _example(self, file: Path, number: int, message: str) -> None:
        if len(self._examples) < _ERRORS_SHOWN:
            self._examples.append(f"{file}:{number}: {message}")
