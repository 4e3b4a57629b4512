"""The backlog in front of the workers, over all partitions."""

from collections.abc import Callable


class Backlog:
    """Counts crowded channels, and notifies as soon as one of them no longer is.

    channels: how many there are. on_relief: called by a channel that was crowded and has room again.
    """

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._crowded = 0
        self.on_relief: Callable[[], None] = _nothing

    @property
    def is_crowded(self) -> bool:
        """Whether every channel is crowded, so that ticks would wait in any of them."""
        return self._crowded == self._channels

    @property
    def has_crowded(self) -> bool:
        """Whether any channel is crowded. None is full otherwise."""
        return self._crowded > 0

    def crowd(self) -> None:
        self._crowded += 1

    def relieve(self) -> None:
        self._crowded -= 1
        self.on_relief()


def _nothing() -> None:
    pass
