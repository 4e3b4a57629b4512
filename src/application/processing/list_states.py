"""List the states of many symbols, for any subject."""

from dataclasses import dataclass, replace
from typing import Any, TypeVar

from application.errors import FieldError, ValidationFailed
from application.paging import PAGE_SIZE_DEFAULT, Order, page_size
from application.ports.states import StatePage, StateRepository
from application.processing.time_range import EARLIEST_US, LATEST_US, check_range
from domain.symbol import InvalidSymbol, normalise_symbol


@dataclass(frozen=True, slots=True)
class ListStates:
    """Sorted by symbol.

    symbols: None for all. from_us, to_us: only symbols last updated within [from_us, to_us). after: the symbol after
        which the page starts. prefixes: only symbols that start with one of these; none for all.
    """

    symbols: tuple[str, ...] | None = None
    limit: int | None = None
    after: str | None = None
    from_us: int | None = None
    to_us: int | None = None
    order: Order = Order.ASC
    prefixes: tuple[str, ...] = ()


Q = TypeVar("Q", bound=ListStates)


class ListStatesValidator:
    def __init__(self, limit_max: int) -> None:
        self._limit_max = limit_max

    def validate(self, query: Q) -> Q:
        errors: list[FieldError] = []
        limit = page_size(query.limit, self._limit_max, errors)
        check_range(query.from_us, query.to_us, errors)
        if query.symbols is None:
            symbols = None
        else:
            names = []
            for name in query.symbols:
                try:
                    names.append(normalise_symbol(name))
                except InvalidSymbol as error:
                    errors.append(FieldError("symbols", "invalid_symbol", f"{name[:64]!a} {error}"))
            symbols = tuple(sorted(set(names)))
        if errors:
            raise ValidationFailed(errors)
        return replace(query, symbols=symbols, limit=limit)


class ListStatesHandler:
    def __init__(self, repository: StateRepository[Any]) -> None:
        self._repository = repository

    async def handle(self, query: ListStates) -> StatePage[Any]:
        limit = query.limit or PAGE_SIZE_DEFAULT
        updated = None
        if query.from_us is not None or query.to_us is not None:
            from_us = EARLIEST_US if query.from_us is None else query.from_us
            updated = (from_us, LATEST_US if query.to_us is None else query.to_us)
        descending = query.order is Order.DESC
        return await self._repository.page(query.symbols, query.after, limit, updated, descending, query.prefixes)
