"""Machines, from the states of their sensors in memory."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence

from application.readings.ports.machines import MachinePage
from domain.readings.machine import Machine, Standing
from domain.readings.sensor_key import names_of
from domain.readings.sensor_statistics import SensorStatistics
from infrastructure.processing.snapshots import Snapshots


class InMemoryMachines:
    """The `MachineRepository` of this process. standing_of: tells how a sensor stands."""

    def __init__(self, snapshots: Snapshots, standing_of: Callable[[str], Standing]) -> None:
        self._snapshots = snapshots
        self._standing_of = standing_of
        self._keys: list[str] = []
        self._count = 0
        # The keys of each machine's sensors, sorted; machines in the order of their names.
        self._machines: dict[str, list[str]] = {}

    def sensors(self, machine: str, prefixes: tuple[str, ...] = ()) -> Sequence[str]:
        found = self._by_machine().get(machine, [])
        return [key for key in found if key.startswith(prefixes)] if prefixes else found

    async def get(self, machine: str, prefixes: tuple[str, ...] = ()) -> Machine | None:
        return self._machine(machine, prefixes)

    async def page(
        self,
        after: str | None,
        limit: int,
        standing: Standing | None = None,
        descending: bool = False,
        prefixes: tuple[str, ...] = (),
    ) -> MachinePage:
        names = list(self._by_machine())
        if prefixes:
            names = [name for name in names if self.sensors(name, prefixes)]
        if standing is not None:
            names = [
                name
                for name in names
                if (found := self._machine(name, prefixes)) is not None and found.standing is standing
            ]
        if descending:
            stop = len(names) if after is None else bisect_left(names, after)
            start = max(stop - limit, 0)
            chosen, more = names[start:stop][::-1], start > 0
        else:
            start = 0 if after is None else bisect_right(names, after)
            chosen, more = names[start : start + limit], start + limit < len(names)
        items = [found for name in chosen if (found := self._machine(name, prefixes)) is not None]
        return MachinePage(tuple(items), len(names), chosen[-1] if more else None)

    def _machine(self, name: str, prefixes: tuple[str, ...]) -> Machine | None:
        sensors: list[tuple[SensorStatistics, Standing]] = []
        for key in self.sensors(name, prefixes):
            statistics: SensorStatistics | None = self._snapshots.snapshot(key)
            if statistics is not None:
                sensors.append((statistics, self._standing_of(key)))
        return Machine(name, tuple(sensors)) if sensors else None

    def _by_machine(self) -> dict[str, list[str]]:
        keys = self._snapshots.keys()
        # It grows, until a key is forgotten: then it is another list.
        if keys is not self._keys or len(keys) != self._count:
            machines: dict[str, list[str]] = {}
            for key in keys:
                machines.setdefault(names_of(key)[0], []).append(key)
            self._machines = {name: machines[name] for name in sorted(machines)}
            self._keys, self._count = keys, len(keys)
        return self._machines
