from domain.book import Applied
from domain.columns import Columns
from domain.prices.price_update import PriceUpdate
from domain.prices.ticks import Ticks
from support.fakes import FakeClock, settle
from support.processing import partitions_of, processor_of


class _TimedRecorder:
    """A recorder that takes `seconds_each` per observation, and keeps the size of each batch."""

    is_crowded = False

    def __init__(self, clock: FakeClock) -> None:
        self.seconds_each = 0.0
        self.sizes: list[int] = []
        self._clock = clock

    async def wait_for_room(self) -> None:
        raise AssertionError("there is always room")

    def record(self, columns: Columns, applied: Applied) -> None:
        self.sizes.append(len(columns))
        self._clock.jump(self._clock.monotonic() + len(columns) * self.seconds_each)


async def test_batches_grow_while_they_are_short_and_shrink_when_they_take_a_whole_turn() -> None:
    clock = FakeClock()
    recorder = _TimedRecorder(clock)
    processor = processor_of(partitions_of(1, 100_000, clock=clock, recorder=recorder), clock)
    processor.start()
    ticks = [PriceUpdate("A", 100.0, 0)] * 20_000
    await processor.submit(Ticks.of(ticks))
    await settle()
    assert recorder.sizes[:6] == [256, 512, 1024, 2048, 4096, 4096]
    recorder.sizes.clear()
    recorder.seconds_each = 0.000_010
    await processor.submit(Ticks.of(ticks))
    await settle()
    assert recorder.sizes[:6] == [4096, 2048, 1024, 512, 256, 256]
    assert processor.statistics().processed == 40_000
    await processor.stop()
