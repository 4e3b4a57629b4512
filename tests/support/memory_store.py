"""An in-memory store that gives the same answers as those on disk."""

import operator
from bisect import bisect_left, bisect_right, insort
from collections.abc import AsyncIterator, Mapping, Sequence
from operator import attrgetter
from typing import Any

from application.ports.journal import StoredAnswer
from application.prices.ports.event_repository import EventFilter, EventOrder
from domain.bars import Interval, rolled_up
from domain.prices.candle import Candle
from domain.prices.price_move import PriceMove
from domain.prices.ticks import Ticks
from infrastructure.prices.price_format import PRICES, PriceLogFormat, StoredAnomaly
from infrastructure.prices.price_store import Kind
from infrastructure.storage.candle_chunks import chunk_start
from infrastructure.storage.payloads import block_row, segments_of
from infrastructure.storage.records import Batch, Block, Position, StoredState
from infrastructure.storage.store import Place
from support.batches import RULES

_START = attrgetter("start_us")


class MemoryStore:
    """A `Store` and `PriceStore` of prices only, in lists and dictionaries."""

    def __init__(self) -> None:
        self._position = Position()
        self._blocks: list[tuple[int, Block]] = []
        self._states: dict[str, StoredState] = {}
        self._anomalies: list[StoredAnomaly] = []
        self._by_id: dict[str, StoredAnomaly] = {}
        self._moves: dict[EventOrder, PriceMove] = {}
        self._candles: dict[tuple[Interval, str], list[Candle]] = {}
        self._answers: dict[str, StoredAnswer] = {}

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def write(self, batch: Batch) -> None:
        before = self._position
        if before.batch >= batch.number:
            return
        for at, given in enumerate(batch.blocks):
            row = block_row(batch.first_seq + at, batch.written_us, given)
            first, *others = segments_of(row)
            ticks = _FORMAT.decode(first)
            for segment in others:
                ticks.extend(_FORMAT.decode(segment))
            self._blocks.append((batch.written_us, Block(row[0], PRICES, ticks, batch.written_us)))
        for logged in batch.events.get(PRICES, ()):
            if isinstance(logged.event, PriceMove):
                self._moves[logged.event.order] = logged.event
                continue
            seq = batch.first_seq + logged.block
            stored = StoredAnomaly(logged.event, seq, logged.place, RULES.window_us)
            insort(self._anomalies, stored, key=_order)
            self._by_id[logged.event.id] = stored
        for answer in batch.answers:
            self._answers[answer.key] = answer
        last_seq = batch.last_seq
        candles = None if batch.aggregates is None else batch.aggregates[PRICES]
        if candles is not None:
            for symbol in candles.symbols():
                self._merge(symbol, candles.candles(symbol))
        for state in batch.states:
            self._states[state.key] = StoredState(last_seq, PRICES, state.key, state.checkpoint)
        self._position = Position(
            batch.number,
            last_seq,
            before.recover_from if batch.recover_from is None else batch.recover_from,
            before.candles_seq if candles is None else last_seq,
        )

    async def verify(self) -> None:
        pass

    async def position(self) -> Position:
        return self._position

    async def states(self) -> Sequence[StoredState]:
        return list(self._states.values())

    async def blocks(self, after_seq: int | None) -> AsyncIterator[Block]:
        for _, block in self._blocks:
            if after_seq is None or block.seq > after_seq:
                yield block

    async def blocks_with_ids(self, since_us: int) -> AsyncIterator[tuple[int, Block]]:
        for written_us, block in self._blocks:
            if written_us >= since_us and block.columns.ids is not None:
                yield written_us, block

    async def answers(self, since_us: int) -> Sequence[StoredAnswer]:
        answers = sorted(self._answers.values(), key=attrgetter("written_us"))
        return [answer for answer in answers if answer.written_us >= since_us]

    async def observations(
        self,
        subject: str,
        key: str,
        from_us: int,
        to_us: int,
        after: Place | None,
        limit: int,
        newest_first: bool = False,
    ) -> Sequence[tuple[Place, Any]]:
        found: list[tuple[Place, Any]] = []
        for _, block in self._blocks:
            for at, tick in enumerate(_ticks(block)):
                if tick.symbol == key and from_us <= tick.timestamp_us < to_us:
                    found.append(((block.seq, at), tick))
        if newest_first:
            found.reverse()
        is_after = operator.lt if newest_first else operator.gt
        return [(place, tick) for place, tick in found if after is None or is_after(place, after)][:limit]

    async def candles(
        self,
        symbol: str,
        interval: Interval,
        from_us: int,
        to_us: int,
        chunks_max: int,
        newest_first: bool = False,
    ) -> Sequence[tuple[int, int, Sequence[Candle]]]:
        candles = self._candles.get((interval, symbol), [])
        start, stop = bisect_left(candles, from_us, key=_START), bisect_left(candles, to_us, key=_START)
        chunks: dict[int, list[Candle]] = {}
        for candle in candles[start:stop]:
            chunks.setdefault(chunk_start(interval, candle.start_us), []).append(candle.copy(candle.start_us))
        chosen = sorted(chunks, reverse=newest_first)[:chunks_max]
        return [(chunk, self._position.candles_seq, chunks[chunk]) for chunk in chosen]

    async def anomalies(
        self, matching: EventFilter, after: EventOrder | None, limit: int, newest_first: bool = True
    ) -> Sequence[StoredAnomaly]:
        is_after = operator.lt if newest_first else operator.gt
        found = (
            stored
            for stored in (reversed(self._anomalies) if newest_first else self._anomalies)
            if (after is None or is_after(stored.anomaly.order, after)) and matching.matches(stored.anomaly)
        )
        return [stored for stored, _ in zip(found, range(limit), strict=False)]

    async def anomaly(self, anomaly_id: str) -> StoredAnomaly | None:
        return self._by_id.get(anomaly_id)

    async def log_written_before(self, moment_us: int) -> int:
        return max((block.seq for written_us, block in self._blocks if written_us < moment_us), default=0)

    async def log_over(self, bytes_max: int) -> int:
        total = 0
        for _, block in reversed(self._blocks):
            total += len(block.columns) * _BYTES_A_TICK
            if total > bytes_max:
                return block.seq
        return 0

    async def prune_log(self, upto_seq: int, limit: int) -> int:
        count = min(bisect_right(self._blocks, upto_seq, key=lambda each: each[1].seq), limit)
        del self._blocks[:count]
        return count

    async def candles_over(self, interval: Interval, chunks_max: int) -> int | None:
        return None

    async def prune_candles(self, interval: Interval, symbol: str, before_us: int, limit: int) -> int:
        candles = self._candles.get((interval, symbol), [])
        count = bisect_left(candles, before_us, key=_START)
        del candles[:count]
        return 0

    async def forgotten(self) -> Mapping[tuple[str, str], int]:
        # They are erased at once.
        return {}

    async def erase(self, limit: int) -> bool:
        return False

    async def moves(
        self, matching: EventFilter, after: EventOrder | None, limit: int, newest_first: bool = True
    ) -> Sequence[PriceMove]:
        is_after = operator.lt if newest_first else operator.gt
        found = [
            self._moves[order]
            for order in sorted(self._moves, reverse=newest_first)
            if (after is None or is_after(order, after)) and matching.matches(self._moves[order])
        ]
        return found[:limit]

    async def events_over(self, kind: Kind, count_max: int) -> int | None:
        orders = self._orders(kind)
        over = len(orders) - count_max
        return orders[over - 1][0] if over > 0 else None

    async def prune_events(self, kind: Kind, symbol: str | None, before_us: int, limit: int) -> int:
        old = [order for order in self._orders(kind) if order[0] < before_us and symbol in (None, order[1])][:limit]
        for order in old:
            if kind == "moves":
                del self._moves[order]
        if kind == "anomalies":
            gone = [stored for stored in self._anomalies if stored.anomaly.order in old]
            for stored in gone:
                self._anomalies.remove(stored)
                del self._by_id[stored.anomaly.id]
        return len(old)

    def _orders(self, kind: Kind) -> list[EventOrder]:
        return sorted(self._moves) if kind == "moves" else [stored.anomaly.order for stored in self._anomalies]

    async def prune_answers(self, before_us: int) -> int:
        old = [key for key, answer in self._answers.items() if answer.written_us < before_us]
        for key in old:
            del self._answers[key]
        return len(old)

    def _merge(self, symbol: str, seconds: list[Candle]) -> None:
        candles = seconds
        for interval in Interval:
            if interval is not Interval.S1:
                candles = rolled_up(candles, interval.width_us)
            stored = self._candles.setdefault((interval, symbol), [])
            for candle in candles:
                at = bisect_left(stored, candle.start_us, key=_START)
                if at < len(stored) and stored[at].start_us == candle.start_us:
                    stored[at].merge(candle)
                else:
                    stored.insert(at, candle.copy(candle.start_us))


# Approximate memory per tick.
_BYTES_A_TICK = 100
_FORMAT = PriceLogFormat()


def _ticks(block: Block) -> Ticks:
    assert isinstance(block.columns, Ticks)
    return block.columns


def _order(stored: StoredAnomaly) -> EventOrder:
    return stored.anomaly.order
