"""Shows the clock to the rules that watch it."""

from application.ports.clock import Clock
from infrastructure.rules.rule_desk import RuleDesk

_LOOK_SECONDS = 1.0


class ClockWatch:
    """Rules take the moment at which something was due for its time, not the one at which it is looked at."""

    def __init__(self, desk: RuleDesk, clock: Clock) -> None:
        self._desk = desk
        self._clock = clock

    async def run(self) -> None:
        """Look once a second until cancelled."""
        while True:
            await self._clock.sleep(_LOOK_SECONDS)
            self._desk.look_at_the_clock()
