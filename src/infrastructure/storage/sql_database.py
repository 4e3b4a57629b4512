"""How a database is reached, which is what SQLite and PostgreSQL differ in."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

Result = TypeVar("Result")
Rows = Sequence[tuple[Any, ...]]


class SqlDatabase(ABC):
    """name: what to call it in front of people."""

    name: str

    @abstractmethod
    async def writing(self, work: Callable[[sa.Connection], Result]) -> Result:
        """Do work in a transaction of its own. Raises StoreFailed."""
        ...

    @abstractmethod
    async def reading(self, work: Callable[[sa.Connection], Result]) -> Result:
        """Do work that only reads. Raises StoreFailed."""
        ...

    @abstractmethod
    def put(self, connection: sa.Connection, table: sa.Table, rows: Rows, replace: bool = False) -> None:
        """Insert many rows, all columns in order. replace: those there with the same key."""
        ...

    async def scalar(self, statement: sa.Select[Any]) -> int | None:
        """The one number that a statement asks for."""
        return await self.reading(lambda connection: connection.execute(statement).scalar())

    async def delete(self, statement: sa.Delete) -> int:
        """How many rows were deleted."""
        return await self.writing(lambda connection: int(connection.execute(statement).rowcount))
