"""The accounting of a stream of ticks: what has become of them so far."""

from dataclasses import replace

import msgspec

from api.http.rate_limits import Client
from api.views.ingest import BatchView
from api.views.problem import ErrorView
from application.errors import FieldError, ValidationFailed
from application.mediator import Mediator
from application.ports.processor import Patience
from application.prices.commands.process_price_batch import ProcessPriceBatch
from application.prices.commands.refuse_price_update import RefusePriceUpdate
from application.processing.batches import ERRORS_REPORTED_MAX
from application.processing.durability import Durability
from domain.access.principal import Principal
from infrastructure.processing.admission import Share


class StreamAccount:
    """Sends the ticks of one stream on, and counts them.

    durable: its answer waits until the ticks are on disk. share: its connection's. sender: who it comes from.
    client: counts its ticks, where they are limited.
    """

    def __init__(
        self, mediator: Mediator, durable: bool, share: Share, sender: Principal, client: Client | None
    ) -> None:
        self._mediator = mediator
        self.durable = durable
        self.share = share
        self._sender = sender
        self._client = client
        self.accepted = 0
        self.rejected = 0
        self._duplicates = 0
        self._errors: list[FieldError] = []

    @property
    def status(self) -> int:
        return 200 if self.durable else 202

    async def submit(self, command: ProcessPriceBatch) -> None:
        """Process ticks, for as long as it takes. Raises Unavailable, StorageFailed."""
        first = self._seen
        command = replace(
            command,
            patience=Patience.UNLIMITED,
            durability=Durability.LOGGED if self.durable else Durability.MEMORY,
            sender=self._sender,
        )
        if self._client is not None:
            self._client.add(len(command.ticks) + command.rejected)
        try:
            result = await self._mediator.send(command)
        except ValidationFailed as failure:
            self._refuse(failure.errors, len(command.ticks) + command.rejected, first)
        else:
            self.accepted += result.accepted
            self._duplicates += result.duplicates
            self._refuse(result.errors, result.rejected, first)

    def wait(self) -> float:
        """Return in how many seconds the rate limits allow more; 0 for now. Raises Unauthenticated."""
        return 0.0 if self._client is None else self._client.wait()

    async def refuse_line(self, error: FieldError) -> None:
        """Count a line that cannot be read as one rejected tick."""
        try:
            await self._mediator.send(RefusePriceUpdate((error,)))
        except ValidationFailed as failure:
            self._refuse(failure.errors, failure.ticks, self._seen)

    def view(self) -> BatchView:
        errors = [ErrorView.of(error) for error in self._errors]
        return BatchView(self.accepted, self.rejected, errors, self._duplicates or msgspec.UNSET)

    def _refuse(self, errors: tuple[FieldError, ...], ticks: int, first: int) -> None:
        """Count rejected ticks. first: position in the stream of the errors' index 0."""
        room = ERRORS_REPORTED_MAX - len(self._errors)
        self._errors += [error.at(first + (error.index or 0)) for error in errors[:room]]
        self.rejected += ticks

    @property
    def _seen(self) -> int:
        """All ticks so far."""
        return self.accepted + self.rejected + self._duplicates
