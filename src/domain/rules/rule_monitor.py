"""What a rule makes of one key: when it raises an alert, and when that resolves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from domain.rules.alert import Alert, AlertChange, AlertState, alert_id
from domain.rules.compilation import monitor_of
from domain.rules.monitor import FALSE, NEVER_US, NO_BAND, TRUE, Band, Monitor, Observation
from domain.rules.rule import Rule


class RuleMonitor:
    """Raises an alert when the condition is true, no alert is open, and the cool-down of the last one is over. It
    resolves when the condition is false and `clear`, if the rule has one, is true. One resolved by hand is not raised
    again before that.

    Times are those of observations, or the clock's if the rule watches that.
    """

    __slots__ = ("_clear", "_condition", "_held", "_ready_us", "_was_true", "alert", "rule", "watches_clock")

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.watches_clock = rule.watches_clock
        # The alert that is open.
        self.alert: Alert | None = None
        self._condition: Monitor = monitor_of(rule.condition)
        self._clear: Monitor | None = None if rule.clear is None else monitor_of(rule.clear)
        # Resolved by hand, while the condition is still true.
        self._held = False
        self._was_true = False
        # When the cool-down is over.
        self._ready_us = -NEVER_US

    def observe(self, seen: Observation, key: str, sequence: int, changes: list[Alert]) -> None:
        """Take an observation, and add what becomes of the alert to `changes`. sequence: of the observation."""
        self._condition.observe(seen)
        if self._clear is not None:
            self._clear.observe(seen)
        if self.watches_clock:
            self._settle(seen.now_us, key, sequence, changes)
        elif not seen.late:
            self._settle(seen.time_us, key, sequence, changes)

    def advance(self, now_us: int, key: str, sequence: int, changes: list[Alert]) -> None:
        """Take that the clock has come so far, moment by moment. sequence: of the last observation."""
        while (moment_us := self.next_moment_us()) <= now_us:
            self._condition.advance(moment_us)
            if self._clear is not None:
                self._clear.advance(moment_us)
            self._settle(moment_us, key, sequence, changes)

    def band(self) -> Band:
        """Return the bounds between which, as things are, no double changes anything."""
        if self.watches_clock or self.alert is not None or self._held or self._condition.truth != FALSE:
            return NO_BAND
        if self._clear is not None and self._clear.band() == NO_BAND:
            # It may remember values, so it has to see all.
            return NO_BAND
        return self._condition.band()

    def next_moment_us(self) -> int:
        """Return when the clock alone may change something."""
        if not self.watches_clock:
            return NEVER_US
        moment_us = self._condition.next_moment_us()
        if self._clear is not None:
            moment_us = min(moment_us, self._clear.next_moment_us())
        if self.alert is None and not self._held and self._condition.truth == TRUE and self._ready_us > -NEVER_US:
            moment_us = min(moment_us, self._ready_us)
        return moment_us

    def _settle(self, at_us: int, key: str, sequence: int, changes: list[Alert]) -> None:
        truth = self._condition.truth
        if truth == TRUE:
            if self.alert is not None:
                if not self._was_true:
                    self.alert = replace(self.alert, count=self.alert.count + 1, change=AlertChange.REPEATED)
                    changes.append(self.alert)
            elif not self._held and at_us >= self._ready_us:
                self.alert = self._raised(at_us, key, sequence)
                self._ready_us = at_us + self.rule.cooldown_us
                changes.append(self.alert)
        elif truth == FALSE and (self._clear is None or self._clear.truth == TRUE):
            self._held = False
            if self.alert is not None:
                changes.append(resolved(self.alert, at_us))
                self.alert = None
        self._was_true = truth == TRUE

    def _raised(self, at_us: int, key: str, sequence: int) -> Alert:
        rule = self.rule
        value, threshold, explanation = self._condition.reason()
        return Alert(
            id=alert_id(rule.id, rule.revision, key, sequence, at_us),
            rule_id=rule.id,
            rule_name=rule.name,
            subject=rule.subject,
            key=key,
            severity=rule.severity,
            value=value,
            threshold=threshold,
            explanation=explanation,
            raised_us=at_us,
            notify=rule.notify,
        )

    def release(self) -> None:
        """The alert was resolved by hand."""
        self.alert = None
        self._held = True

    def adopt(self, alert: Alert) -> None:
        """Go on with an alert that is stored as open."""
        self.alert = alert
        self._held = False
        self._ready_us = alert.raised_us + self.rule.cooldown_us

    def disown(self) -> None:
        """Forget an alert that was never stored: if the condition is still true, it is raised again."""
        self.alert = None
        self._ready_us = -NEVER_US

    def cool_down(self, raised_us: int) -> None:
        """An alert is stored that was raised then, and may be newer than what is known here."""
        self._ready_us = max(self._ready_us, raised_us + self.rule.cooldown_us)

    def save(self) -> list[Any]:
        clear = None if self._clear is None else self._clear.save()
        return [self._condition.save(), clear, self._held, self._was_true, self._ready_us]

    def load(self, saved: list[Any], alert: Alert | None) -> None:
        """Take over what `save` returned, and the alert that was open."""
        self.alert = alert
        condition, clear, self._held, self._was_true, self._ready_us = saved
        self._condition.load(condition)
        if self._clear is not None:
            self._clear.load(clear)


def acknowledged(alert: Alert, at_us: int, by: str | None) -> Alert:
    return replace(
        alert,
        state=AlertState.ACKNOWLEDGED,
        acknowledged_us=at_us,
        acknowledged_by=by,
        change=AlertChange.ACKNOWLEDGED,
    )


def resolved(alert: Alert, at_us: int) -> Alert:
    return replace(alert, state=AlertState.RESOLVED, resolved_us=at_us, change=AlertChange.RESOLVED)
