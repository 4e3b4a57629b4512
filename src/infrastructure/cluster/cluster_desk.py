"""Changes of rules and alerts in a cluster: the `Rules` and the `AlertDesk` of a gateway.

A rule is one record of the topic of rules: whoever reads it knows it. Owners put it in force by a record of their own
log. An alert is changed by a record of the log of its key.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from application.errors import ChangePending
from application.ports.clock import Clock
from application.rules.errors import RuleChanged, RuleExists
from domain.rules.alert import Alert
from domain.rules.rule import Rule
from domain.rules.rule_monitor import acknowledged, resolved
from infrastructure.cluster.log_producer import LogProducer
from infrastructure.cluster.read_model import ReadModel
from infrastructure.cluster.records import ALERT_CHANGED, AlertChange, RuleRecord, pack
from infrastructure.cluster.shared_rules import RULES_PARTITION, SharedRules
from infrastructure.cluster.topics import Topics
from infrastructure.processing.placement import partition_of
from infrastructure.rules.known_rules import KnownRules
from infrastructure.rules.registry import RuleRegistry
from infrastructure.rules.rule_format import packed_alert, packed_rule


class ClusterDesk(KnownRules):
    """models: of the subjects that there can be rules about, by name."""

    def __init__(
        self,
        registry: RuleRegistry,
        rules: SharedRules,
        models: Mapping[str, ReadModel],
        log: LogProducer,
        topics: Topics,
        clock: Clock,
    ) -> None:
        super().__init__(registry)
        self._rules = rules
        self._models = models
        self._log = log
        self._topics = topics
        self._clock = clock

    async def put(self, rule: Rule, in_file: bool = False) -> None:
        await self._write(RuleRecord(rule.id, rule.subject, rule.revision, packed_rule(rule), in_file))

    async def remove(self, rule_id: str) -> None:
        stored = self._registry.rules[rule_id]
        await self._write(RuleRecord(rule_id, revision=stored.rule.revision))

    async def change(self, alert: Alert, by: str | None, resolves: bool) -> Alert | None:
        """Do it in the log, and wait until the owner has. Raises ChangePending, StorageFailed."""
        now_us = self._clock.now_us()
        model = self._models[alert.subject]
        partition = partition_of(alert.key, len(model.books))
        value = pack(AlertChange(packed_alert(alert), now_us, by, resolves))
        async with self._in_time():
            offset = await self._log.ask(model.subject, partition, ALERT_CHANGED, value)
            await model.until(partition, lambda position: position.offset > offset)
        if not model.was_done(partition, offset):
            return None
        return resolved(alert, now_us) if resolves else acknowledged(alert, now_us, by)

    async def _write(self, record: RuleRecord) -> None:
        """Write a rule, and wait until every owner has put it in force.

        Raises:
            RuleExists, RuleChanged: somebody else has changed it meanwhile.
            ChangePending: owners are missing, or the brokers.
        """
        async with self._in_time():
            offset = await self._log.send(self._topics.rules, RULES_PARTITION, record.rule_id.encode(), pack(record))
            version = offset + 1
            if not await self._rules.counts(version):
                known = self._registry.rules.get(record.rule_id)
                if record.revision == 1 and record.subject:
                    raise RuleExists(record.rule_id)
                raise RuleChanged(0 if known is None else known.rule.revision)
            for model in self._models.values():
                for partition in range(len(model.books)):
                    await model.until(partition, lambda position: position.rules >= version)

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        """Raises ChangePending, if it takes too long."""
        try:
            async with asyncio.timeout(self._log.confirm_seconds):
                yield
        except TimeoutError:
            raise ChangePending from None
