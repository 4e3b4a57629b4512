"""Answers to submitted ticks."""

import msgspec

from api.views.problem import ErrorView
from api.views.view import View
from application.processing.batches import BatchResult


class AcceptedView(View, frozen=True, omit_defaults=True):
    """Whether a tick was accepted. duplicates: present if it had been accepted before."""

    accepted: int
    duplicates: int | msgspec.UnsetType = msgspec.UNSET


class BatchView(View, frozen=True):
    """How many ticks of a batch were accepted, and the errors of the others (the first 100).

    duplicates: ticks that had been accepted before; present only if there are any.
    """

    accepted: int
    rejected: int
    errors: list[ErrorView]
    duplicates: int | msgspec.UnsetType = msgspec.UNSET

    @classmethod
    def of(cls, result: BatchResult) -> "BatchView":
        errors = [ErrorView.of(error) for error in result.errors]
        return cls(result.accepted, result.rejected, errors, result.duplicates or msgspec.UNSET)


class ProgressView(View, frozen=True):
    """The counts of a stream of ticks so far."""

    accepted: int
    rejected: int
