"""The rules about one partition, as of one offset of its log.

Rules change, people deal with alerts, and moments pass for rules that watch the clock, all by records of the log: so
every owner comes to the same alerts with the same ids. The time is that of the partition, which is when its records
joined the log.
"""

from collections.abc import Callable, Iterable

import structlog

from domain.book import Book
from domain.rules.alert import Alert, AlertState
from domain.rules.rule import Rule
from domain.rules.rule_index import RuleIndex
from domain.rules.rule_monitor import acknowledged, resolved
from domain.rules.ruled_book import RuledBook
from infrastructure.cluster.records import ALERT_CHANGES, RULES, RuleRecord, RulesRecord, pack
from infrastructure.rules.rule_format import unpacked_alert, unpacked_rule
from infrastructure.storage.payloads import Corrupt
from infrastructure.subject import Subject

_log = structlog.stdlib.get_logger(__name__)


class PartitionRules:
    """version: of the newest change of rules that is in force. book: shows what it applies to them. watches_clock:
    whether what comes of an observation depends on when it came.

    now_us: the time of the partition.
    """

    def __init__(self, subject: Subject, now_us: Callable[[], int]) -> None:
        assert subject.values is not None, "there can be rules about it"
        self.version = 0
        self.watches_clock = False
        self._subject = subject
        self._now_us = now_us
        self._records: dict[str, tuple[int, RuleRecord]] = {}
        self._unread: dict[str, tuple[int, RuleRecord]] = {}
        self._rules: dict[str, Rule] = {}
        self._index = RuleIndex()
        self.book = RuledBook(subject.new_book(), self._index, subject.values, now_us)

    def change(self, value: bytes) -> tuple[list[Alert], set[str]]:
        """Put newer rules in force. Return the alerts that were open, resolved, and the keys that rules are about."""
        record = RULES.decode(value)
        alerts: list[Alert] = []
        keys: set[str] = set()
        if record.base > self.version:
            # Of somebody who knew more. The owner asks again for what is missing.
            return alerts, keys
        for version, each in sorted(record.rules, key=lambda found: found[0]):
            if version > self.version:
                alerts += self._put(version, each, keys)
        self.version = max(self.version, record.version)
        return alerts, keys

    def _put(self, version: int, record: RuleRecord, keys: set[str]) -> list[Alert]:
        before = self._rules.pop(record.rule_id, None)
        self._records.pop(record.rule_id, None)
        self._unread.pop(record.rule_id, None)
        alerts: list[Alert] = []
        if before is not None:
            self._index.remove(before.id)
            keys.update(self._keys_of(before))
            alerts = self.book.remove(before.id, self._now_us())
        rule = self._take(version, record)
        if rule is not None:
            self.book.add(rule)
            keys.update(self._keys_of(rule))
        self._look_at_clocks()
        return alerts

    def _take(self, version: int, record: RuleRecord) -> Rule | None:
        """Put a rule in force for new keys, and return it; None for one that is not in force here."""
        name = self._subject.name
        if record.subject != name:
            return None
        with_parts = (name,) if self._subject.has_parts else ()
        try:
            rule = unpacked_rule(
                record.rule_id, record.revision, record.payload, {name: self._subject.figures}, with_parts
            )
        except Corrupt as error:
            # A newer version of the service may know conditions that this one does not.
            _log.critical("a rule is not in force here", rule=record.rule_id, reason=str(error))
            self._unread[record.rule_id] = (version, record)
            return None
        if not rule.enabled:
            return None
        self._records[rule.id] = (version, record)
        self._rules[rule.id] = rule
        self._index.add(rule)
        return rule

    def _look_at_clocks(self) -> None:
        self.watches_clock = any(rule.watches_clock for rule in self._rules.values())

    def _keys_of(self, rule: Rule) -> list[str]:
        return [key for key in self.book.keys() if rule.is_about(key)]

    def change_alert(self, value: bytes) -> Alert | None:
        """Do what somebody wants of an alert. Return it afterwards; None if its state does not allow that any more."""
        change = ALERT_CHANGES.decode(value)
        alert = unpacked_alert(change.alert)
        monitor = self.book.monitor(alert.key, alert.rule_id)
        if monitor is not None:
            if monitor.alert is None or monitor.alert.id != alert.id:
                return None
            alert = monitor.alert
        if change.resolves:
            changed = resolved(alert, change.now_us)
            if monitor is not None:
                monitor.release()
        elif alert.state is AlertState.ACKNOWLEDGED:
            return None
        else:
            changed = acknowledged(alert, change.now_us, change.by)
            if monitor is not None:
                monitor.alert = changed
        return changed

    def advance(self) -> list[Alert]:
        """Show the time to the rules that watch it. Return what becomes of their alerts."""
        return self.book.advance(self._now_us())

    def alerting(self, key: str) -> list[str]:
        return [rule.id for rule in self.book.alerting(key)]

    def checkpoint(self) -> bytes:
        return pack(RulesRecord(self.version, list(self._records.values()), unread=list(self._unread.values())))

    def restore(self, checkpoint: bytes | None) -> None:
        """Put the rules of a checkpoint in force, before any state is restored."""
        if checkpoint is None:
            return
        record = RULES.decode(checkpoint)
        self.version = record.version
        for version, each in record.rules:
            self._take(version, each)
        self._unread = {each.rule_id: (version, each) for version, each in record.unread}
        self._look_at_clocks()

    def restored(self) -> set[str]:
        """All states are restored, with what their rules knew. Return the keys about which there are more rules now."""
        unread, self._unread = self._unread, {}
        keys: set[str] = set()
        for version, record in unread.values():
            self._put(version, record, keys)
        return keys


def books_of(subject: Subject, now_us: Callable[[], int]) -> tuple[Book, PartitionRules | None]:
    """Create the book of a partition, and its rules if there can be any."""
    if subject.values is None:
        return subject.new_book(), None
    rules = PartitionRules(subject, now_us)
    return rules.book, rules


def keys_of(alerts: Iterable[Alert]) -> dict[str, None]:
    return {alert.key: None for alert in alerts}
