"""All messages about readings."""

from application.readings.commands.forget_readings import ForgetReadings
from application.readings.commands.process_reading_batch import ProcessReadingBatch
from application.readings.commands.replay_dead_reading import ReplayDeadReading
from application.readings.queries.get_machine import GetMachine
from application.readings.queries.get_sensor import GetSensor
from application.readings.queries.list_dead_readings import ListDeadReadings
from application.readings.queries.list_machines import ListMachines
from application.readings.queries.list_readings import ListReadings
from application.readings.queries.list_rollups import ListRollups

MESSAGES: tuple[type, ...] = (
    ProcessReadingBatch,
    ForgetReadings,
    GetMachine,
    GetSensor,
    ListMachines,
    ListReadings,
    ListRollups,
    ListDeadReadings,
    ReplayDeadReading,
)
