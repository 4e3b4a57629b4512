"""A book whose observations are also shown to rules."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any

from domain.book import Applied, Book
from domain.rules.alert import Alert
from domain.rules.monitor import NEVER_US, NO_BAND, Observation
from domain.rules.rule import Rule
from domain.rules.rule_index import RuleIndex
from domain.rules.rule_monitor import RuleMonitor, resolved


@dataclass(frozen=True, slots=True)
class SavedRule:
    """The state of a rule for a key. alert: the one that is open."""

    rule_id: str
    revision: int
    state: list[Any]
    alert: Alert | None


@dataclass(frozen=True, slots=True)
class RuledCheckpoint:
    """The state of a key in the book, and of its rules."""

    checkpoint: Any
    rules: list[SavedRule]


class KeyWatch:
    """The rules about one key.

    sequence, newest_us: of its observations, as the book counts them. low, high: between these no double changes what
    the rules know, so they are not shown it.
    """

    __slots__ = ("by_clock", "high", "key", "low", "monitors", "newest_us", "sequence")

    def __init__(self, key: str, sequence: int, newest_us: int) -> None:
        self.key = key
        self.sequence = sequence
        self.newest_us = newest_us
        self.monitors: list[RuleMonitor] = []
        # Those that watch the clock.
        self.by_clock: list[RuleMonitor] = []
        self.low, self.high = NO_BAND

    def add(self, monitor: RuleMonitor) -> None:
        self.monitors.append(monitor)
        if monitor.watches_clock:
            self.by_clock.append(monitor)
        self.low, self.high = NO_BAND

    def find(self, rule_id: str) -> RuleMonitor | None:
        for monitor in self.monitors:
            if monitor.rule.id == rule_id:
                return monitor
        return None

    def remove(self, monitor: RuleMonitor) -> None:
        self.monitors.remove(monitor)
        if monitor.watches_clock:
            self.by_clock.remove(monitor)
        self.low, self.high = NO_BAND

    def skip(self, time_us: int) -> None:
        """Count an observation that is shown to no rule."""
        self.sequence += 1
        self.newest_us = max(self.newest_us, time_us)

    def observe(self, seen: Observation, changes: list[Alert]) -> None:
        sequence = self.sequence + 1
        for monitor in self.by_clock:
            monitor.advance(seen.now_us, self.key, self.sequence, changes)
        self.sequence = sequence
        seen.late = seen.time_us < self.newest_us
        if not seen.late:
            self.newest_us = seen.time_us
        low, high = -math.inf, math.inf
        for monitor in self.monitors:
            monitor.observe(seen, self.key, sequence, changes)
            own_low, own_high = monitor.band()
            low, high = max(low, own_low), min(high, own_high)
        self.low, self.high = low, high


class RuledBook:
    """A `Book` that adds alerts to the updates of the one that it wraps, and the state of rules to its checkpoints.

    Without rules a batch costs one comparison. With rules, observations of keys without any cost one look-up each.

    rules: of the subject; whoever changes them calls `add` and `remove` too. values: of the observations in a batch;
        None for one that is shown to no rule.
    now_us: the clock; None if it is as late as the newest observation, for observations of the past.
    """

    def __init__(
        self, book: Book, rules: RuleIndex, values: Callable[[Any], list[Any]], now_us: Callable[[], int] | None
    ) -> None:
        self._book = book
        self._rules = rules
        self._values = values
        self._now_us = now_us
        self._watches: dict[str, KeyWatch] = {}
        self._watched: set[str] = set()
        self._seen = Observation()
        # Whether keys must be watched before their first observation, for its figures.
        self._is_watched_first = book.publish_figures(self._watched)

    @property
    def book(self) -> Book:
        """The one that it wraps."""
        return self._book

    def apply(self, columns: Any) -> Applied:
        if len(self._rules) == 0:
            return self._book.apply(columns)
        known = len(self._book)
        new = [key for key in set(columns.keys) if key not in self._book] if self._is_watched_first else []
        self._watched.update(new)
        applied = self._book.apply(columns)
        if len(self._book) != known:
            for key in islice(self._book.keys(), known, None):
                for rule in self._rules.of(key):
                    self._watch(key, 0, -(1 << 62)).add(RuleMonitor(rule))
        for key in new:
            if key not in self._watches:
                self._watched.discard(key)
        if self._watches and not self._watched.isdisjoint(columns.keys):
            self._show(columns, applied)
        return applied

    def _show(self, columns: Any, applied: Applied) -> None:
        """Show the observations of a batch to the rules about their keys."""
        watches, seen = self._watches, self._seen
        figures_at = applied.figures_at
        keys: list[str] = columns.keys
        values: list[Any] = self._values(columns)
        times_us: list[int] = columns.times_us
        changes: list[Alert] = []
        follows = self._now_us is None
        if self._now_us is not None:
            seen.now_us = self._now_us()
        for at, key in enumerate(keys):
            watch = watches.get(key)
            if watch is None:
                continue
            value = values[at]
            if value is None:
                watch.skip(times_us[at])
                continue
            if not isinstance(value, float) and not isinstance(value, Decimal):
                # The book has not taken it.
                continue
            time_us = times_us[at]
            if follows and time_us > seen.now_us:
                seen.now_us = time_us
            if isinstance(value, float) and watch.low < value < watch.high:
                watch.skip(time_us)
                continue
            seen.value = value
            seen.time_us = time_us
            if figures_at is not None:
                seen.figures = figures_at(at)
            try:
                watch.observe(seen, changes)
            except Exception as error:
                applied.troubles.append((key, error))
        applied.updates += changes

    def advance(self, now_us: int) -> list[Alert]:
        """Show the clock to the rules that watch it. Return what becomes of their alerts."""
        changes: list[Alert] = []
        for watch in self._watches.values():
            for monitor in watch.by_clock:
                monitor.advance(now_us, watch.key, watch.sequence, changes)
        return changes

    def next_moment_us(self) -> int:
        """Return when the clock alone may change something."""
        moment_us = NEVER_US
        for watch in self._watches.values():
            for monitor in watch.by_clock:
                moment_us = min(moment_us, monitor.next_moment_us())
        return moment_us

    def add(self, rule: Rule) -> None:
        """Show observations of all matching keys to a rule from now on, unless they are already."""
        book = self._book
        for key in book.keys():
            if rule.is_about(key):
                watch = self._watch(key, book.update_count(key), book.newest_us(key))
                if watch.find(rule.id) is None:
                    watch.add(RuleMonitor(rule))

    def remove(self, rule_id: str, now_us: int) -> list[Alert]:
        """Forget a rule. Return its open alerts, resolved."""
        changes: list[Alert] = []
        for watch in list(self._watches.values()):
            monitor = watch.find(rule_id)
            if monitor is not None:
                if monitor.alert is not None:
                    changes.append(resolved(monitor.alert, now_us))
                watch.remove(monitor)
                self._drop_if_empty(watch)
        return changes

    def monitor(self, key: str, rule_id: str) -> RuleMonitor | None:
        """Return the monitor of a rule for a key, for changing it too."""
        watch = self._watches.get(key)
        if watch is None:
            return None
        watch.low, watch.high = NO_BAND
        return watch.find(rule_id)

    def alerting(self, key: str) -> list[Rule]:
        """Return the rules whose alerts about a key are open."""
        watch = self._watches.get(key)
        return [] if watch is None else [each.rule for each in watch.monitors if each.alert is not None]

    def monitors(self) -> list[tuple[str, RuleMonitor]]:
        """Return all monitors with their keys, for changing them too."""
        for watch in self._watches.values():
            watch.low, watch.high = NO_BAND
        return [(watch.key, monitor) for watch in self._watches.values() for monitor in watch.monitors]

    def publish_figures(self, keys: Collection[str]) -> bool:
        return self._book.publish_figures(keys)

    def __len__(self) -> int:
        return len(self._book)

    def __contains__(self, key: object) -> bool:
        return key in self._book

    def keys(self) -> Iterable[str]:
        return self._book.keys()

    def snapshot(self, key: str) -> Any:
        return self._book.snapshot(key)

    def checkpoint(self, key: str) -> RuledCheckpoint:
        watch = self._watches.get(key)
        saved = [] if watch is None else [_saved(monitor) for monitor in watch.monitors]
        return RuledCheckpoint(self._book.checkpoint(key), saved)

    def restore(self, key: str, checkpoint: RuledCheckpoint) -> None:
        """Set the state of a key, and of those of its rules that have not changed since."""
        self._book.restore(key, checkpoint.checkpoint)
        self._forget_watch(key)
        rules = {rule.id: rule for rule in self._rules.of(key)}
        for saved in checkpoint.rules:
            rule = rules.get(saved.rule_id)
            if rule is not None and rule.revision == saved.revision:
                monitor = RuleMonitor(rule)
                monitor.load(saved.state, saved.alert)
                self._watch(key, self._book.update_count(key), self._book.newest_us(key)).add(monitor)

    def forget(self, key: str) -> None:
        self._book.forget(key)
        self._forget_watch(key)

    def update_count(self, key: str) -> int:
        return self._book.update_count(key)

    def newest_us(self, key: str) -> int:
        return self._book.newest_us(key)

    def _watch(self, key: str, sequence: int, newest_us: int) -> KeyWatch:
        watch = self._watches.get(key)
        if watch is None:
            watch = self._watches[key] = KeyWatch(key, sequence, newest_us)
            self._watched.add(key)
        return watch

    def _drop_if_empty(self, watch: KeyWatch) -> None:
        if not watch.monitors:
            self._forget_watch(watch.key)

    def _forget_watch(self, key: str) -> None:
        self._watches.pop(key, None)
        self._watched.discard(key)


def _saved(monitor: RuleMonitor) -> SavedRule:
    return SavedRule(monitor.rule.id, monitor.rule.revision, monitor.save(), monitor.alert)
