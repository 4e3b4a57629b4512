"""List the roll-ups of a sensor."""

from dataclasses import dataclass, replace

from application.errors import FieldError, SymbolNotFound, ValidationFailed
from application.mediator import Message
from application.paging import PAGE_SIZE_DEFAULT, Order, page_size
from application.ports.states import StateRepository
from application.processing.time_range import EARLIEST_US, check_range
from application.readings.known_sensor import OBSERVATION, known_sensor
from application.readings.ports.reading_history import ReadingHistory
from domain.bars import Interval
from domain.readings.rollup import ROLLUP_INTERVALS, Rollup
from domain.readings.sensor_statistics import SensorStatistics


@dataclass(frozen=True, slots=True)
class RollupList:
    """key: of the sensor. still_open_us: a roll-up that ends later is still open, because no later reading has arrived.

    rest: the range of the next page, None on the last.
    """

    key: str
    items: tuple[Rollup, ...]
    still_open_us: int
    rest: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class ListRollups(Message[RollupList]):
    """Roll-ups that start within [from_us, to_us). Without to_us, the range ends at the newest reading."""

    machine: str
    sensor: str
    interval: Interval
    from_us: int | None = None
    to_us: int | None = None
    limit: int | None = None
    order: Order = Order.ASC


class ListRollupsValidator:
    def __init__(self, limit_max: int) -> None:
        self._limit_max = limit_max

    def validate(self, query: ListRollups) -> ListRollups:
        errors: list[FieldError] = []
        limit = page_size(query.limit, self._limit_max, errors)
        check_range(query.from_us, query.to_us, errors)
        if query.interval not in ROLLUP_INTERVALS:
            names = ", ".join(each.value for each in ROLLUP_INTERVALS)
            errors.append(FieldError("interval", "unknown_value", f"must be one of {names}"))
        if errors:
            raise ValidationFailed(errors)
        return replace(query, limit=limit)


class ListRollupsHandler:
    """Raises SymbolNotFound if no reading of the sensor has been processed, HistoryUnavailable."""

    def __init__(self, history: ReadingHistory, sensors: StateRepository[SensorStatistics]) -> None:
        self._history = history
        self._sensors = sensors

    async def handle(self, query: ListRollups) -> RollupList:
        key = known_sensor(query.machine, query.sensor)
        statistics = await self._sensors.get(key)
        if statistics is None:
            raise SymbolNotFound(key, OBSERVATION)
        newest_us = statistics.last_reading_us
        from_us = EARLIEST_US if query.from_us is None else query.from_us
        to_us = newest_us + 1 if query.to_us is None else query.to_us
        limit, newest_first = query.limit or PAGE_SIZE_DEFAULT, query.order is Order.DESC
        page = await self._history.rollups(key, query.interval, from_us, to_us, limit, newest_first)
        return RollupList(key, page.items, newest_us, page.rest)
