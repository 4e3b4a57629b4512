"""The rules of a cluster, as its topic of rules has them: what every member knows, and owners put in force.

Written on the event loop; the threads of workers read snapshots.
"""

import asyncio
from collections.abc import Sequence

from domain.rules.rule import Rule
from infrastructure.cluster.follower import FollowedRecord
from infrastructure.cluster.records import RULE_RECORDS, RuleRecord, RulesRecord
from infrastructure.rules.registry import RuleRegistry
from infrastructure.rules.rule_format import unpacked_rule
from infrastructure.rules.stored_rule import StoredRule

# The partition of the topic that they are in: they have one order.
RULES_PARTITION = 0


class SharedRules:
    """version: of the newest change; 0 without any. It is one more than the offset of its record."""

    def __init__(self, registry: RuleRegistry) -> None:
        self.version = 0
        self._registry = registry
        self._records: dict[str, tuple[int, RuleRecord]] = {}
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []

    async def read(self, partition: int, records: Sequence[FollowedRecord]) -> None:
        """Take records of the topic, in order."""
        # A snapshot for the threads of workers: nobody changes the one that they see.
        known = dict(self._records)
        for _, value, _, offset in records:
            if value is None:
                continue
            record = RULE_RECORDS.decode(value)
            known[record.rule_id] = (offset + 1, record)
            self._register(offset + 1, record)
            self.version = offset + 1
        self._records = known
        for version, waiting in self._waiting:
            if version <= self.version and not waiting.done():
                waiting.set_result(None)
        self._waiting = [each for each in self._waiting if not each[1].done()]

    def after(self, version: int) -> RulesRecord:
        """Return what has changed since a version. For any thread."""
        records = self._records.values()
        newest = max((at for at, _ in records), default=0)
        return RulesRecord(newest, [each for each in records if each[0] > version])

    async def reached(self, version: int) -> None:
        """Wait until a version is known here."""
        if self.version < version:
            waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((version, waiting))
            await waiting

    def alerting(self, rule_ids: Sequence[str]) -> list[Rule]:
        rules = self._registry.rules
        return [rules[rule_id].rule for rule_id in rule_ids if rule_id in rules]

    def _register(self, version: int, record: RuleRecord) -> None:
        registry = self._registry
        registry.rules.pop(record.rule_id, None)
        if record.subject:
            rule = unpacked_rule(
                record.rule_id, record.revision, record.payload, registry.subjects, registry.with_parts
            )
            registry.rules[rule.id] = StoredRule(rule, version, record.in_file)
