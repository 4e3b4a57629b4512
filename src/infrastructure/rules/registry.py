"""The rules of the service, and the books that they are shown to.

One event loop. Rules change at one moment between two blocks of the log (`infrastructure.storage.records.Amendment`),
so that a recovery shows each observation to the rules that it was shown to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import attrgetter

from application.ports.clock import Clock
from domain.book import Book
from domain.rules.alert import Alert
from domain.rules.rule import Rule
from domain.rules.rule_index import RuleIndex
from domain.rules.rule_monitor import RuleMonitor
from domain.rules.ruled_book import RuledBook
from infrastructure.processing.placement import partition_of
from infrastructure.rules.alert_tables import RuledTables
from infrastructure.rules.rule_format import RuledLogFormat
from infrastructure.rules.stored_rule import StoredRule
from infrastructure.subject import Subject


class RuleRegistry:
    """rules: all of them, by id. replayed_us: what the books take for the time while the log is replayed."""

    def __init__(self, clock: Clock) -> None:
        self.rules: dict[str, StoredRule] = {}
        self.replayed_us: int | None = None
        # The subjects whose figures can be of a part of a key.
        self.with_parts: set[str] = set()
        self._clock = clock
        self._figures: dict[str, tuple[str, ...]] = {}
        self._indexes: dict[str, RuleIndex] = {}
        self._books: dict[str, list[RuledBook]] = {}

    @property
    def subjects(self) -> Mapping[str, Sequence[str]]:
        """The subjects that rules can be about, with the figures that each of them names."""
        return self._figures

    def shared(self, subject: Subject) -> Subject:
        """Return a subject that keeps and publishes alerts, if there can be rules about it. Who shows its books to them
        is up to others.
        """
        if subject.values is None:
            return subject
        self._figures[subject.name] = subject.figures
        if subject.has_parts:
            self.with_parts.add(subject.name)
        return replace(
            subject,
            log=RuledLogFormat(subject.log),
            tables=RuledTables(subject.name, subject.tables),
            public=subject.public.with_events({Alert: attrgetter("id")}),
        )

    def ruled(self, subject: Subject) -> Subject:
        """Return a subject whose books are shown to rules, if there can be any about it."""
        values = subject.values
        if values is None:
            return subject
        index = self._indexes[subject.name] = RuleIndex()
        books = self._books[subject.name] = []

        def new_book() -> Book:
            book = RuledBook(subject.new_book(), index, values, self._now)
            books.append(book)
            return book

        return replace(self.shared(subject), new_book=new_book)

    def load(self, rules: Sequence[StoredRule]) -> None:
        """Take over stored rules, before any states are restored."""
        self.rules = {stored.rule.id: stored for stored in rules}
        for stored in rules:
            self._index(stored.rule)

    def suspend(self, stored: StoredRule) -> None:
        """Show nothing to a rule until `resume`, except for keys whose restored state knows it."""
        if stored.rule.subject in self._indexes:
            self._indexes[stored.rule.subject].remove(stored.rule.id)

    def resume(self, stored: StoredRule) -> None:
        rule = stored.rule
        if self._index(rule):
            for book in self._books[rule.subject]:
                book.add(rule)

    def change(self, rule_id: str, stored: StoredRule | None) -> list[Alert]:
        """Make, replace or remove a rule. Return the alerts that were open, resolved."""
        alerts: list[Alert] = []
        before = self.rules.pop(rule_id, None)
        if before is not None and before.rule.subject in self._indexes:
            self._indexes[before.rule.subject].remove(rule_id)
            now_us = self._now()
            for book in self._books[before.rule.subject]:
                alerts += book.remove(rule_id, now_us)
        if stored is not None:
            self.rules[rule_id] = stored
            self.resume(stored)
        return alerts

    def alerting(self, subject: str, key: str) -> list[Rule]:
        """Return the rules whose alerts about a key are open."""
        books = self._books.get(subject)
        return [] if not books else books[partition_of(key, len(books))].alerting(key)

    def monitor(self, alert: Alert) -> RuleMonitor | None:
        """Return the monitor that has raised an alert, if it is still there."""
        books = self._books.get(alert.subject)
        return None if not books else books[partition_of(alert.key, len(books))].monitor(alert.key, alert.rule_id)

    def monitors(self) -> list[tuple[str, RuleMonitor]]:
        """Return all monitors, with their keys."""
        return [each for books in self._books.values() for book in books for each in book.monitors()]

    def advance(self) -> list[Alert]:
        """Show the clock to the rules that watch it. Return what becomes of their alerts."""
        now_us = self._now()
        return [alert for books in self._books.values() for book in books for alert in book.advance(now_us)]

    def _index(self, rule: Rule) -> bool:
        """Put a rule in force. Returns whether there is anything to do for it."""
        index = self._indexes.get(rule.subject)
        if index is None or not rule.enabled:
            return False
        index.add(rule)
        return True

    def _now(self) -> int:
        return self._clock.now_us() if self.replayed_us is None else self.replayed_us
