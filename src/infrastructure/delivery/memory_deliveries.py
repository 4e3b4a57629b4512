"""Deliveries of a service without a store: they last as long as the process."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from application.rules.ports.dead_letters import DeadLetter, DeadLetterOrder
from domain.rules.alert import Alert, AlertChange
from infrastructure.delivery.channel import Delivery
from infrastructure.rules.alert_tables import moment_us


class MemoryDeliveries:
    """The `Deliveries` and the `DeadLetters`."""

    def __init__(self) -> None:
        self._all: dict[str, Delivery] = {}

    def publish(self, alerts: Sequence[Alert]) -> None:
        """Deliver changes of alerts to the channels of their rules."""
        for alert in alerts:
            if alert.change is not AlertChange.REPEATED:
                for channel in alert.notify:
                    delivery_id = f"{alert.id}-{alert.change.value}-{channel}"
                    self._all[delivery_id] = Delivery(delivery_id, channel, moment_us(alert), 0, 0, None, "", alert)

    async def due(self, channel: str, now_us: int, limit: int) -> Sequence[Delivery]:
        return [each for each in self._waiting(channel) if each.next_us <= now_us][:limit]

    async def done(self, delivery: Delivery) -> None:
        self._all.pop(delivery.id, None)

    async def postpone(self, delivery: Delivery) -> None:
        self._all[delivery.id] = delivery

    async def overflow(self, channel: str, pending_max: int, now_us: int) -> int:
        waiting = self._waiting(channel)
        over = waiting[: max(len(waiting) - pending_max, 0)]
        for each in over:
            self._all[each.id] = replace(each, dead_us=now_us, error="too many were waiting")
        return len(over)

    async def waiting(self) -> dict[str, int]:
        return Counter(each.channel for each in self._all.values() if each.dead_us is None)

    async def prune(self, dead_max: int) -> None:
        dead = self._dead()
        for each in dead[: max(len(dead) - dead_max, 0)]:
            del self._all[each.id]

    async def page(
        self,
        after: DeadLetterOrder | None,
        limit: int,
        newest_first: bool,
        from_us: int | None,
        to_us: int | None,
        prefixes: Sequence[str],
    ) -> Sequence[Delivery]:
        found = []
        for each in reversed(self._dead()) if newest_first else self._dead():
            order = (each.dead_us or 0, each.id)
            is_after = after is None or (order < after if newest_first else order > after)
            in_time = (from_us is None or order[0] >= from_us) and (to_us is None or order[0] < to_us)
            if is_after and in_time and (not prefixes or each.alert.key.startswith(tuple(prefixes))):
                found.append(each)
        return found[:limit]

    async def get(self, delivery_id: str) -> Delivery | None:
        found = self._all.get(delivery_id)
        return None if found is None or found.dead_us is None else found

    async def replay(self, letter: DeadLetter) -> DeadLetter:
        again = Delivery(letter.id, letter.channel, letter.created_us, 0, 0, None, "", letter.alert)
        self._all[letter.id] = again
        return again

    def _waiting(self, channel: str) -> list[Delivery]:
        own = (each for each in self._all.values() if each.channel == channel and each.dead_us is None)
        return sorted(own, key=lambda each: (each.created_us, each.id))

    def _dead(self) -> list[Delivery]:
        dead = (each for each in self._all.values() if each.dead_us is not None)
        return sorted(dead, key=lambda each: (each.dead_us or 0, each.id))
