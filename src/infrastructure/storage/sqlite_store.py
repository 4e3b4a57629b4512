"""The store in a SQLite file: the default, which needs no server."""

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from infrastructure.storage.payloads import Corrupt
from infrastructure.storage.schema import KEY_STATE
from infrastructure.storage.sql_database import Rows
from infrastructure.storage.sql_store import SqlStore
from infrastructure.storage.store import StoreFailed, StoreInUse, StoreRefused
from infrastructure.subject import Subject

FILE = "marketdata.db"
_LOCK = "lock"
_READERS = 2
# Pages of 4 KiB after which the WAL is checkpointed, which takes a few tens of milliseconds.
_CHECKPOINT_PAGES = 8192
_ROWS_AT_ONCE = 400

Result = TypeVar("Result")


class SqliteStore(SqlStore):
    """directory: created if missing. read_only: for readers beside the service; creates and locks nothing.

    One thread writes and a few read, none of them the event loop's. Every commit is on disk when it returns (WAL with
    synchronous = FULL).
    """

    def __init__(self, directory: Path, subjects: Sequence[Subject], read_only: bool = False) -> None:
        super().__init__(subjects)
        self.name = str(directory / FILE)
        self._directory = directory
        self._read_only = read_only
        self._lock: int | None = None
        self._write_thread = ThreadPoolExecutor(1, "sqlite-writer")
        self._read_threads = ThreadPoolExecutor(_READERS, "sqlite-reader")
        self._write_engine = _engine(directory / FILE, writes=True)
        self._read_engine = _engine(directory / FILE, writes=False)

    async def open(self) -> None:
        if self._read_only:
            if not (self._directory / FILE).is_file():
                raise StoreRefused(f"there is no store in {self._directory}")
            return
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self._directory / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreInUse(f"the data directory {self._directory} is in use by another service") from None
        except OSError as error:
            raise StoreRefused(f"the data directory {self._directory} cannot be used: {error.strerror}") from None
        try:
            await super().open()
        except StoreFailed as error:
            raise StoreRefused(f"the store in {self._directory} cannot be used: {error}") from None

    async def verify(self) -> None:
        problems = await self.reading(lambda connection: _structure(connection, KEY_STATE.name))
        if problems:
            raise Corrupt(f"the file {self.name} is damaged: {problems[0]}")

    async def damages(self) -> list[str]:
        return [*await self.reading(_structure), *await super().damages()]

    async def close(self) -> None:
        for executor in (self._write_thread, self._read_threads):
            executor.shutdown()
        self._read_engine.dispose()
        self._write_engine.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def writing(self, work: Callable[[sa.Connection], Result]) -> Result:
        return await self._in(self._write_thread, self._write_engine, work)

    async def reading(self, work: Callable[[sa.Connection], Result]) -> Result:
        return await self._in(self._read_threads, self._read_engine, work)

    async def _in(
        self, executor: ThreadPoolExecutor, engine: sa.Engine, work: Callable[[sa.Connection], Result]
    ) -> Result:
        def run() -> Result:
            with engine.begin() as connection:
                return work(connection)

        try:
            return await asyncio.get_running_loop().run_in_executor(executor, run)
        except sa.exc.DBAPIError as error:
            raise StoreFailed(str(error.orig)) from error
        except sqlite3.Error as error:
            # While connecting, it is not wrapped.
            raise StoreFailed(str(error)) from error
        except UnicodeDecodeError as error:
            # The message about a damaged schema quotes it.
            raise StoreFailed("it is damaged: a text in it is not UTF-8") from error

    def put(self, connection: sa.Connection, table: sa.Table, rows: Rows, replace: bool = False) -> None:
        """Insert many rows per statement; each runs without blocking the other threads."""
        for at in range(0, len(rows), _ROWS_AT_ONCE):
            some = rows[at : at + _ROWS_AT_ONCE]
            row = f"({','.join('?' * len(table.columns))})"
            verb = "INSERT OR REPLACE" if replace else "INSERT"
            statement = f"{verb} INTO {table.name} VALUES {','.join([row] * len(some))}"
            connection.exec_driver_sql(statement, tuple(value for each in some for value in each))


def _structure(connection: sa.Connection, table: str | None = None) -> list[str]:
    """Return structural problems of the file, or of the part that a table occupies."""
    pragma = "PRAGMA integrity_check" if table is None else f"PRAGMA quick_check({table})"
    return [str(row[0]) for row in connection.exec_driver_sql(pragma) if row[0] != "ok"]


def _engine(file: Path, writes: bool) -> sa.Engine:
    # Multi-row inserts are long statements of many different lengths: few are worth caching.
    options = {"check_same_thread": False, "cached_statements": 16}
    engine = sa.create_engine(f"sqlite:///{file}", pool_size=1 if writes else _READERS, connect_args=options)

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: Any) -> None:
        # Transactions are begun explicitly below, not implicitly by the module.
        connection.isolation_level = None
        if writes:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
            connection.execute(f"PRAGMA journal_size_limit = {_CHECKPOINT_PAGES * 4096}")
        else:
            connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA busy_timeout = 5000")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
