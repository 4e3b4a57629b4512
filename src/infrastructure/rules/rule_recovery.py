"""Recovers rules with the log: each one from the block on that it was made or changed after."""

from infrastructure.rules.registry import RuleRegistry
from infrastructure.rules.sql_rules import SqlRules
from infrastructure.rules.stored_rule import StoredRule
from infrastructure.storage.records import Block


class RuleRecovery:
    """The `Follower` of rules.

    Which alerts are open is taken from the store at the end: what people and the clock have done to them is not in the
    log.
    """

    def __init__(self, registry: RuleRegistry, store: SqlRules) -> None:
        self._registry = registry
        self._store = store
        # Those that begin after the block that is replayed, the last of them first.
        self._later: list[StoredRule] = []

    async def begin(self) -> None:
        self._registry.load(await self._store.rules(self._registry.subjects, self._registry.with_parts))

    def restored(self, seq: int) -> None:
        rules = sorted(self._registry.rules.values(), key=lambda stored: -stored.since_seq)
        self._later = [stored for stored in rules if stored.since_seq > seq]
        for stored in self._later:
            self._registry.suspend(stored)
        for stored in rules[len(self._later) :]:
            self._registry.resume(stored)

    def follow(self, block: Block) -> None:
        self._registry.replayed_us = block.written_us
        while self._later and self._later[-1].since_seq < block.seq:
            self._registry.resume(self._later.pop())

    async def end(self) -> None:
        while self._later:
            self._registry.resume(self._later.pop())
        self._registry.replayed_us = None
        stored = {(alert.rule_id, alert.key): alert for alert in await self._store.open_alerts()}
        raised_us = await self._store.last_raised_us()
        for key, monitor in self._registry.monitors():
            place = (monitor.rule.id, key)
            alert = stored.get(place)
            if alert is not None:
                monitor.adopt(alert)
            elif monitor.alert is not None and await self._store.get(monitor.alert.id) is not None:
                monitor.release()
            elif monitor.alert is not None:
                monitor.disown()
            if monitor.watches_clock and place in raised_us:
                monitor.cool_down(raised_us[place])
