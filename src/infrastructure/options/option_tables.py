"""The tables of options beside the log: summaries of intervals, and positions at the ends of minutes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from domain.options.option_book import SummaryPoint
from domain.options.positions import ChainPositions
from infrastructure.options.option_format import positions_of_row, positions_row, summary_of_row, summary_row
from infrastructure.storage.records import LoggedEvent, Put
from infrastructure.storage.schema import OPTION_POSITION, OPTION_SUMMARY
from infrastructure.subject import Aggregates


class OptionTables:
    """The `SubjectTables` of options."""

    def new_aggregates(self) -> None:
        return None

    def write(
        self,
        connection: sa.Connection,
        put: Put,
        events: Sequence[LoggedEvent],
        aggregates: Aggregates | None,
        first_seq: int,
        last_seq: int,
    ) -> None:
        points = [each.event for each in events if isinstance(each.event, SummaryPoint)]
        # Of several of an interval, as after a chain was forgotten, the last one is valid.
        rows = {row[:4]: row for row in map(summary_row, points)}
        put(connection, OPTION_SUMMARY, list(rows.values()), True)
        positions = [each.event for each in events if isinstance(each.event, ChainPositions)]
        rows = {row[:3]: row for row in map(positions_row, positions)}
        put(connection, OPTION_POSITION, list(rows.values()), True)

    def forget(self) -> None:
        pass

    def forget_key(self, connection: sa.Connection, key: str) -> None:
        for table in (OPTION_SUMMARY, OPTION_POSITION):
            connection.execute(sa.delete(table).where(table.c.product == key))

    def shift(self, connection: sa.Connection, put: Put, seq: int, erased: Sequence[int]) -> None:
        pass

    def readers(self) -> Sequence[tuple[sa.Table, Callable[[tuple[Any, ...]], object]]]:
        return [(OPTION_SUMMARY, summary_of_row), (OPTION_POSITION, positions_of_row)]

    def sizes(self) -> Mapping[str, sa.Select[Any]]:
        tables = {"summaries": OPTION_SUMMARY, "positions": OPTION_POSITION}
        return {name: sa.select(sa.func.count()).select_from(table) for name, table in tables.items()}
