"""Every member comes to the same rules, and of two changes at the same time one counts."""

import asyncio
from decimal import Decimal

from domain.rules.condition import Level
from domain.rules.rule import ALL_KEYS, AlertSeverity, Rule
from infrastructure.cluster.follower import FollowedRecord
from infrastructure.cluster.records import RuleRecord, pack
from infrastructure.cluster.shared_rules import SharedRules
from infrastructure.rules.registry import RuleRegistry
from infrastructure.rules.rule_format import packed_rule
from infrastructure.system_clock import SystemClock
from support import batches


def rule(rule_id: str, revision: int = 1, above: int = 1) -> RuleRecord:
    made = Rule(
        id=rule_id,
        name=rule_id,
        subject="prices",
        keys=(ALL_KEYS,),
        condition=Level(Decimal(above), None),
        severity=AlertSeverity.INFO,
    )
    return RuleRecord(rule_id, "prices", revision, packed_rule(made))


def records(*given: RuleRecord, first: int = 0) -> list[FollowedRecord]:
    return [(each.rule_id.encode(), pack(each), 0, first + at) for at, each in enumerate(given)]


class Gateway:
    def __init__(self) -> None:
        self.registry = RuleRegistry(SystemClock())
        self.registry.shared(batches.SUBJECT)
        self.rules = SharedRules(self.registry)

    def revisions(self) -> dict[str, int]:
        return {rule_id: stored.rule.revision for rule_id, stored in self.registry.rules.items()}


async def test_changes_count_that_follow_the_one_before() -> None:
    gateway = Gateway()
    made = [
        rule("a"),
        rule("b"),
        # Somebody else has made it first.
        rule("a", above=5),
        rule("a", revision=2),
        # Of one who has read the first revision.
        rule("a", revision=2, above=7),
        RuleRecord("b", revision=3),
        RuleRecord("b", revision=1),
        # It is gone, so another one may have its id.
        rule("b", revision=1),
    ]
    await gateway.rules.read(0, records(*made))
    assert [await gateway.rules.counts(version) for version in range(1, 9)] == [
        True,
        True,
        False,
        True,
        False,
        False,
        True,
        True,
    ]
    assert gateway.revisions() == {"a": 2, "b": 1}
    # Whoever reads it in other portions comes to the same.
    other = Gateway()
    for at, each in enumerate(made):
        await other.rules.read(0, records(each, first=at))
    assert other.revisions() == gateway.revisions()
    assert other.rules.after(0) == gateway.rules.after(0)


async def test_owners_get_what_has_changed_since() -> None:
    gateway = Gateway()
    await gateway.rules.read(0, records(rule("a"), rule("b"), RuleRecord("a", revision=1)))
    found = gateway.rules.after(1)
    assert (found.version, found.base) == (3, 1)
    assert sorted((version, each.rule_id, each.subject) for version, each in found.rules) == [
        (2, "b", "prices"),
        (3, "a", ""),
    ]


async def test_who_has_written_a_change_waits_until_it_is_read() -> None:
    gateway = Gateway()
    waiting = asyncio.create_task(gateway.rules.counts(2))
    await gateway.rules.read(0, records(rule("a")))
    # Lets the task see it.
    await asyncio.sleep(0)
    assert not waiting.done()
    await gateway.rules.read(0, records(rule("a"), first=1))
    assert await waiting is False


async def test_a_rule_that_cannot_be_read_hides_no_other_and_owners_get_it_all_the_same() -> None:
    gateway = Gateway()
    odd = RuleRecord("odd", "prices", 1, pack({"id": "odd", "condition": {"prophecy": {}}, "notify": []}))
    await gateway.rules.read(0, records(rule("a"), odd, rule("b")))
    assert gateway.revisions() == {"a": 1, "b": 1}
    assert len(gateway.rules.after(0).rules) == 3
