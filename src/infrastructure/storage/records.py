"""What goes into a store and what comes out of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from application.ports.journal import FirstAnswer
from domain.candle_book import CandleBook
from domain.price_anomaly import PriceAnomaly
from domain.symbol_memento import SymbolMemento
from domain.ticks import Ticks


@dataclass(frozen=True, slots=True)
class Position:
    """Where a store stands.

    batch: number of the last batch written. last_seq: the last block of the log.
    recover_from: states hold at least everything up to this block. candles_seq: candles hold exactly that much.
    """

    batch: int = 0
    last_seq: int = 0
    recover_from: int = 0
    candles_seq: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """Ticks of the log. seq: its number, one more than that of the block before."""

    seq: int
    ticks: Ticks


@dataclass(frozen=True, slots=True)
class LoggedAnomaly:
    """Its tick stands at `place` in the block `block` of its batch, both from 0.

    window_us: the width of the window it was seen in.
    """

    anomaly: PriceAnomaly
    block: int
    place: int
    window_us: int


@dataclass(frozen=True, slots=True)
class StoredAnomaly:
    """The tick is at `place` in block `seq`; the ticks it was compared with were stamped in the window before it."""

    anomaly: PriceAnomaly
    seq: int
    place: int
    window_us: int


@dataclass(frozen=True, slots=True)
class StoredState:
    """The state of a symbol as it was behind block `seq`."""

    seq: int
    memento: SymbolMemento


@dataclass(slots=True)
class TickBlock:
    """Ticks of the log as they are stored, in order of arrival. low_us, high_us: their earliest and latest time."""

    count: int = 0
    low_us: int = 0
    high_us: int = 0
    has_ids: bool = False
    symbols: dict[str, None] = field(default_factory=dict)
    segments: list[bytes] = field(default_factory=list)


@dataclass(slots=True)
class Batch:
    """What is written in one transaction, all of it or nothing.

    number: one more than that of the batch before. written_us: when it was put together.
    blocks: of the log, the first of them `first_seq`. count: the ticks in them.
    candles: what all ticks since the last batch with candles have changed, those of this batch included.
    states: as they are behind the ticks of this batch. recover_from: new value of `Position.recover_from`, if any.
    """

    number: int
    written_us: int
    first_seq: int
    blocks: Sequence[TickBlock]
    count: int
    anomalies: Sequence[LoggedAnomaly] = ()
    answers: Sequence[FirstAnswer] = ()
    candles: CandleBook | None = None
    states: Sequence[SymbolMemento] = field(default=())
    recover_from: int | None = None

    @property
    def last_seq(self) -> int:
        """The last block behind this batch."""
        return self.first_seq - 1 + len(self.blocks)
