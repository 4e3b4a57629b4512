"""The rules of a cluster, as its topic of rules has them: what every member knows, and owners put in force.

Every member reads all changes in their order and comes to the same rules: a change counts if it follows the one that is
known, so of two at the same time the first one does. Written on the event loop; the threads of workers read a snapshot.
"""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import structlog

from domain.rules.rule import Rule
from infrastructure.cluster.follower import FollowedRecord
from infrastructure.cluster.records import RULE_RECORDS, RuleRecord, RulesRecord
from infrastructure.rules.registry import RuleRegistry
from infrastructure.rules.rule_format import unpacked_rule
from infrastructure.rules.stored_rule import StoredRule
from infrastructure.storage.payloads import Corrupt

# The partition of the topic that they are in: they have one order.
RULES_PARTITION = 0
# Changes that did not count, for whoever has made them.
_REFUSED_MAX = 1000

_log = structlog.stdlib.get_logger(__name__)


class _Known(NamedTuple):
    """version: of the newest change that counts. records: the newest one of each rule, with its version."""

    version: int
    records: Mapping[str, tuple[int, RuleRecord]]


class SharedRules:
    def __init__(self, registry: RuleRegistry) -> None:
        self._registry = registry
        self._known = _Known(0, {})
        self._read = 0
        self._refused: deque[int] = deque(maxlen=_REFUSED_MAX)
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []

    @property
    def version(self) -> int:
        """Of the newest change; 0 without any. It is one more than the offset of its record. For any thread."""
        return self._known.version

    async def read(self, partition: int, records: Sequence[FollowedRecord]) -> None:
        """Take records of the topic, in order."""
        version, known = self._known.version, dict(self._known.records)
        for _, value, _, offset in records:
            self._read = offset + 1
            if value is None:
                continue
            record = RULE_RECORDS.decode(value)
            if _follows(record, known.get(record.rule_id)):
                version = offset + 1
                known[record.rule_id] = (version, record)
                self._register(version, record)
            else:
                self._refused.append(offset + 1)
        self._known = _Known(version, known)
        for awaited, waiting in self._waiting:
            if awaited <= self._read and not waiting.done():
                waiting.set_result(None)
        self._waiting = [each for each in self._waiting if not each[1].done()]

    def after(self, version: int) -> RulesRecord:
        """Return what has changed since a version. For any thread."""
        known = self._known
        changed = [each for each in known.records.values() if each[0] > version]
        return RulesRecord(known.version, changed, version)

    async def counts(self, version: int) -> bool:
        """Wait until a change has been read here. Return whether it counts."""
        if self._read < version:
            waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((version, waiting))
            await waiting
        return version not in self._refused

    def alerting(self, rule_ids: Sequence[str]) -> list[Rule]:
        """Return those of some rules that are known."""
        rules = self._registry.rules
        return [rules[rule_id].rule for rule_id in rule_ids if rule_id in rules]

    def _register(self, version: int, record: RuleRecord) -> None:
        rules = self._registry.rules
        rules.pop(record.rule_id, None)
        if not record.subject:
            return
        try:
            rule = unpacked_rule(
                record.rule_id, record.revision, record.payload, self._registry.subjects, self._registry.with_parts
            )
        except Corrupt as error:
            # A newer version of the service may know conditions that this one does not.
            _log.error("a rule is not known here", rule=record.rule_id, reason=str(error))
            return
        rules[rule.id] = StoredRule(rule, version, record.in_file)


def _follows(record: RuleRecord, before: tuple[int, RuleRecord] | None) -> bool:
    """Whether a change of a rule was made by somebody who knew the one before."""
    is_there = before is not None and bool(before[1].subject)
    if not is_there:
        return bool(record.subject)
    assert before is not None
    revision = before[1].revision
    return record.revision == (revision + 1 if record.subject else revision)
