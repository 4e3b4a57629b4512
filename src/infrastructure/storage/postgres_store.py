"""The store in a PostgreSQL database."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from infrastructure.storage.sql_database import Rows
from infrastructure.storage.sql_store import SqlStore
from infrastructure.storage.store import StoreFailed, StoreInUse, StoreRefused
from infrastructure.subject import Subject

_CONNECT_SECONDS = 5
_COMMAND_SECONDS = 60
# So that the server misses a machine that is gone, and takes its locks back, within half a minute.
_KEEPALIVE = {"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "4"}
# Arbitrary, as long as no other program on the same database uses it for its own locks.
_LOCK = 0x6D61726B
# Of the one that leads.
_LEADER_LOCK = 0x6D61726C

Result = TypeVar("Result")


class PostgresStore(SqlStore):
    """url: `postgresql://user:password@host:port/name`. read_only: for readers beside the service; takes no lock.

    Runs in a thread with its own event loop, so that rows by the thousand do not block the service.
    """

    def __init__(self, url: str, subjects: Sequence[Subject], read_only: bool = False) -> None:
        super().__init__(subjects)
        self._url = sa.make_url(url).set(drivername="postgresql+asyncpg")
        # Without its password, which may also be in the query.
        self.name = self._url.set(query={}).render_as_string().replace("+asyncpg", "")
        self._read_only = read_only
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="postgres", daemon=True)
        self._engine: AsyncEngine | None = None
        self._lock: AsyncConnection | None = None
        # With the lock of the one that leads.
        self._leading: AsyncConnection | None = None
        self._one_at_a_time = asyncio.Lock()

    async def open(self) -> None:
        self._thread.start()
        try:
            await self._call(self._connect())
            if not self._read_only:
                await super().open()
        except StoreFailed as error:
            raise StoreRefused(f"the database {self.name} cannot be used: {error}") from None

    async def verify(self) -> None:
        """Do nothing: the server verifies its data itself."""

    async def close(self) -> None:
        if self._thread.is_alive():
            await self._call(self._disconnect())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop.close()

    async def leads(self) -> bool:
        """The database ends the lead of a process with its connection."""
        return await self._call(self._lead())

    async def _lead(self) -> bool:
        assert self._engine is not None, "the store is open"
        async with self._one_at_a_time:
            connection = self._leading
            try:
                if connection is not None:
                    await connection.execute(sa.select(1))
                    await connection.commit()
                    return True
                connection = await self._engine.connect()
                if await connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_LEADER_LOCK))):
                    await connection.commit()
                    self._leading = connection
                    return True
                await connection.close()
            except (sa.exc.SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
                self._leading = None
                await _drop(connection)
                raise StoreFailed(_reason(error)) from error
            return False

    async def writing(self, work: Callable[[sa.Connection], Result]) -> Result:
        return await self._call(self._transact(work))

    async def reading(self, work: Callable[[sa.Connection], Result]) -> Result:
        return await self._call(self._transact(work))

    async def _call(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run work in the thread."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    async def _transact(self, work: Callable[[sa.Connection], Result]) -> Result:
        assert self._engine is not None, "the store is open"
        try:
            async with self._engine.begin() as connection:
                return await connection.run_sync(work)
        except (sa.exc.DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            raise StoreFailed(_reason(error)) from error

    async def _connect(self) -> None:
        self._engine = create_async_engine(
            self._url,
            # Two of them may be held by locks.
            pool_size=4,
            connect_args={
                "timeout": _CONNECT_SECONDS,
                "command_timeout": _COMMAND_SECONDS,
                "server_settings": _KEEPALIVE,
            },
        )
        if self._read_only:
            return
        try:
            self._lock = await self._engine.connect()
            got = await self._lock.scalar(sa.select(sa.func.pg_try_advisory_lock(_LOCK)))
            await self._lock.commit()
        except (sa.exc.DBAPIError, asyncpg.PostgresError, OSError, TimeoutError) as error:
            raise StoreFailed(_reason(error)) from error
        except TypeError as error:
            # The driver takes the parameters of the address as arguments.
            raise StoreFailed("its address has a parameter that does not exist") from error
        if not got:
            raise StoreInUse(f"the database {self.name} cannot be used: another service is using it")

    async def _disconnect(self) -> None:
        await _drop(self._leading)
        await _drop(self._lock)
        if self._engine is not None:
            await self._engine.dispose()

    def put(self, connection: sa.Connection, table: sa.Table, rows: Rows, replace: bool = False) -> None:
        if not rows:
            return
        names = [column.name for column in table.columns]

        async def put(raw: Any) -> None:
            if not replace:
                await raw.copy_records_to_table(table.name, records=rows, columns=names)
                return
            keys = [column.name for column in table.primary_key]
            values = ", ".join(f"${number}" for number in range(1, len(names) + 1))
            changes = ", ".join(f"{name} = excluded.{name}" for name in names if name not in keys)
            await raw.executemany(
                f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({values}) "  # noqa: S608  # names of our own
                f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changes}",
                rows,
            )

        # The driver's own connection, inside the current transaction.
        driver: Any = connection.connection.dbapi_connection
        driver.run_async(put)


async def _drop(connection: AsyncConnection | None) -> None:
    """Close a connection, with the lock that it holds."""
    if connection is not None:
        await connection.invalidate()
        await connection.close()


def _reason(error: BaseException) -> str:
    """Return what went wrong in one line, without the statement."""
    original = getattr(error, "orig", None) or error
    return (str(original) or type(original).__name__).splitlines()[0]
