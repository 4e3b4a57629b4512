"""Database access, which differs between SQLite and PostgreSQL."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

Result = TypeVar("Result")
Rows = Sequence[tuple[Any, ...]]


class SqlDatabase(ABC):
    """name: a readable name of the database."""

    name: str

    @abstractmethod
    async def writing(self, work: Callable[[sa.Connection], Result]) -> Result:
        """Run work in its own transaction. Raises StoreFailed."""
        ...

    @abstractmethod
    async def reading(self, work: Callable[[sa.Connection], Result]) -> Result:
        """Run work that only reads. Raises StoreFailed."""
        ...

    @abstractmethod
    def put(self, connection: sa.Connection, table: sa.Table, rows: Rows, replace: bool = False) -> None:
        """Insert many rows, all columns in order. replace: overwrite rows with the same key."""
        ...

    async def scalar(self, statement: sa.Select[Any]) -> int | None:
        """Return the single number that a statement selects."""
        return await self.reading(lambda connection: connection.execute(statement).scalar())

    async def delete(self, statement: sa.Delete) -> int:
        """Return how many rows were deleted."""
        return await self.writing(lambda connection: int(connection.execute(statement).rowcount))
