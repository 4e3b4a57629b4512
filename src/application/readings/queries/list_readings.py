"""List the readings of a sensor, in order of arrival or the newest first."""

from dataclasses import dataclass, replace

from application.errors import FieldError, SymbolNotFound, ValidationFailed
from application.mediator import Message
from application.paging import PAGE_SIZE_DEFAULT, Order, page_size
from application.ports.states import StateRepository
from application.processing.time_range import EARLIEST_US, LATEST_US, check_range
from application.readings.known_sensor import OBSERVATION, known_sensor
from application.readings.ports.reading_history import ReadingHistory, ReadingPage, ReadingPlace
from domain.readings.sensor_statistics import SensorStatistics


@dataclass(frozen=True, slots=True)
class ListReadings(Message[ReadingPage]):
    """Readings stamped within [from_us, to_us); either end may be None. after: exclusive start of the page."""

    machine: str
    sensor: str
    from_us: int | None = None
    to_us: int | None = None
    limit: int | None = None
    after: ReadingPlace | None = None
    order: Order = Order.ASC


class ListReadingsValidator:
    def __init__(self, limit_max: int) -> None:
        self._limit_max = limit_max

    def validate(self, query: ListReadings) -> ListReadings:
        errors: list[FieldError] = []
        limit = page_size(query.limit, self._limit_max, errors)
        check_range(query.from_us, query.to_us, errors)
        if errors:
            raise ValidationFailed(errors)
        return replace(query, limit=limit)


class ListReadingsHandler:
    """Raises SymbolNotFound if no reading of the sensor has been processed, HistoryUnavailable."""

    def __init__(self, history: ReadingHistory, sensors: StateRepository[SensorStatistics]) -> None:
        self._history = history
        self._sensors = sensors

    async def handle(self, query: ListReadings) -> ReadingPage:
        key = known_sensor(query.machine, query.sensor)
        if await self._sensors.get(key) is None:
            raise SymbolNotFound(key, OBSERVATION)
        from_us = EARLIEST_US if query.from_us is None else query.from_us
        to_us = LATEST_US if query.to_us is None else query.to_us
        limit = query.limit or PAGE_SIZE_DEFAULT
        return await self._history.readings(key, from_us, to_us, query.after, limit, query.order is Order.DESC)
