"""Which topics of MQTT are about which sensors."""

_WILD = ("+", "#")


class ReadingTopics:
    """topic: the filter of a subscription; its first `+` is the machine, its second one the type of the sensor."""

    def __init__(self, topic: str) -> None:
        self._levels = topic.split("/")
        self._machine, self._sensor = (at for at, level in enumerate(self._levels) if level == "+")

    def names_in(self, topic: str) -> tuple[str, str] | None:
        """Return the names of machine and sensor as they are written; None if the topic has other levels."""
        levels = topic.split("/")
        return (levels[self._machine], levels[self._sensor]) if len(levels) == len(self._levels) else None

    def of(self, machine: str, sensor: str) -> str | None:
        """Return the topic of a sensor; None if a name has a character that no topic to publish to may have."""
        if any(wild in name for wild in _WILD for name in (machine, sensor)):
            return None
        levels = [*self._levels]
        levels[self._machine], levels[self._sensor] = machine, sensor
        return "/".join(levels)
