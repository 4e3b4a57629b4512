"""The tables of prices beside the log: anomalies, moves and candles."""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from domain.prices.candle_book import CandleBook
from domain.prices.price_anomaly import PriceAnomaly
from domain.prices.price_move import PriceMove
from infrastructure.prices.price_format import (
    PRICE_CANDLES,
    StoredAnomaly,
    anomaly_of,
    anomaly_row,
    move_of,
    stored_move_row,
)
from infrastructure.storage.candle_chunks import CandleChunks
from infrastructure.storage.records import LoggedEvent, Put
from infrastructure.storage.schema import ANOMALY, CANDLE_CHUNK, MOVE
from infrastructure.subject import Aggregates


class PriceTables:
    """The `SubjectTables` of prices. window_us: the width of the window used for anomalies."""

    def __init__(self, window_us: int) -> None:
        self._window_us = window_us
        self._chunks = CandleChunks(PRICE_CANDLES)

    def new_aggregates(self) -> CandleBook:
        return CandleBook()

    def write(
        self,
        connection: sa.Connection,
        put: Put,
        events: Sequence[LoggedEvent],
        aggregates: Aggregates | None,
        first_seq: int,
        last_seq: int,
    ) -> None:
        placed = [
            StoredAnomaly(each.event, first_seq + each.block, each.place, self._window_us)
            for each in events
            if isinstance(each.event, PriceAnomaly)
        ]
        put(connection, ANOMALY, [anomaly_row(anomaly) for anomaly in placed], False)
        # Of several states of a move, the last one is valid.
        moves = {each.event.order: each.event for each in events if isinstance(each.event, PriceMove)}
        put(connection, MOVE, [stored_move_row(move) for move in moves.values()], True)
        if isinstance(aggregates, CandleBook):
            self._chunks.write(connection, put, aggregates, last_seq)

    def forget(self) -> None:
        self._chunks.forget()

    def forget_key(self, connection: sa.Connection, key: str) -> None:
        for table in (CANDLE_CHUNK, ANOMALY, MOVE):
            connection.execute(sa.delete(table).where(table.c.symbol == key))
        self._chunks.forget()

    def shift(self, connection: sa.Connection, put: Put, seq: int, erased: Sequence[int]) -> None:
        stored = [anomaly_of(tuple(row)) for row in connection.execute(sa.select(ANOMALY).where(ANOMALY.c.seq == seq))]
        shifted = [replace(each, place=each.place - bisect_left(erased, each.place)) for each in stored]
        put(connection, ANOMALY, [anomaly_row(each) for each in shifted], True)

    def readers(self) -> Sequence[tuple[sa.Table, Callable[[tuple[Any, ...]], object]]]:
        return [(CANDLE_CHUNK, PRICE_CANDLES.candles_of), (ANOMALY, anomaly_of), (MOVE, move_of)]

    def sizes(self) -> Mapping[str, sa.Select[Any]]:
        return {
            "chunks": sa.select(sa.func.count()).select_from(CANDLE_CHUNK),
            "anomalies": sa.select(sa.func.count()).select_from(ANOMALY),
            "moves": sa.select(sa.func.count()).select_from(MOVE),
        }
