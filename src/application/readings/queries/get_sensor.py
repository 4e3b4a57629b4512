"""Get the statistics of one sensor."""

from dataclasses import dataclass

from application.errors import SymbolNotFound
from application.mediator import Message
from application.ports.states import StateRepository
from application.readings.known_sensor import OBSERVATION, known_sensor
from domain.readings.sensor_statistics import SensorStatistics


@dataclass(frozen=True, slots=True)
class GetSensor(Message[SensorStatistics]):
    machine: str
    sensor: str


class GetSensorHandler:
    """Raises SymbolNotFound if the sensor has no reading."""

    def __init__(self, sensors: StateRepository[SensorStatistics]) -> None:
        self._sensors = sensors

    async def handle(self, query: GetSensor) -> SensorStatistics:
        key = known_sensor(query.machine, query.sensor)
        found = await self._sensors.get(key)
        if found is None:
            raise SymbolNotFound(key, OBSERVATION)
        return found
