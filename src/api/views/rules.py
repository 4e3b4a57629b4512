"""Rules and alerts."""

from decimal import Decimal
from typing import Any

import msgspec

from api.timestamps import to_rfc3339
from api.views.view import View, significant
from application.rules.ports.backtests import Backtest, BacktestState
from application.rules.ports.dead_letters import DeadLetter
from application.rules.rule_writing import rule_values
from domain.rules.alert import Alert
from domain.rules.backtest import BacktestResult
from domain.rules.rule import Rule

_KEYS_MAX = 1000


class RuleView(View, frozen=True):
    """A rule. condition, clear: an object with one field, the name of the condition.

    revision: grows with every change; also the `ETag`.
    """

    id: str
    name: str
    subject: str
    keys: list[str]
    condition: dict[str, Any]
    severity: str
    clear: dict[str, Any] | None
    cooldown_seconds: float | Decimal
    enabled: bool
    notify: list[str]
    note: str
    revision: int

    @classmethod
    def of(cls, rule: Rule) -> "RuleView":
        values = rule_values(rule)
        return cls(
            rule.id,
            rule.name,
            rule.subject,
            values["keys"],
            values["condition"],
            rule.severity.value,
            values.get("clear"),
            values["cooldownSeconds"],
            rule.enabled,
            values["notify"],
            rule.note,
            rule.revision,
        )


class RulePageView(View, frozen=True):
    """Rules in order of their ids. nextCursor: for the next page, null on the last."""

    items: list[RuleView]
    next_cursor: str | None


class AlertView(View, frozen=True):
    """What a rule has raised for a key. threshold: the line that the value crossed.

    state: `raised`, `acknowledged` or `resolved`. raisedAt: time of the observation, or the clock's if the rule watches
    that. count: how often the condition has become true while the alert was open.
    """

    id: str
    rule_id: str
    rule_name: str
    subject: str
    key: str
    severity: str
    state: str
    value: float | Decimal
    threshold: float | Decimal
    explanation: str
    raised_at: str
    acknowledged_at: str | None
    acknowledged_by: str | None
    resolved_at: str | None
    count: int

    @classmethod
    def of(cls, alert: Alert) -> "AlertView":
        return cls(
            alert.id,
            alert.rule_id,
            alert.rule_name,
            alert.subject,
            alert.key,
            alert.severity.value,
            alert.state.value,
            alert.value,
            alert.threshold,
            alert.explanation,
            to_rfc3339(alert.raised_us),
            None if alert.acknowledged_us is None else to_rfc3339(alert.acknowledged_us),
            alert.acknowledged_by,
            None if alert.resolved_us is None else to_rfc3339(alert.resolved_us),
            alert.count,
        )


class AlertPageView(View, frozen=True):
    """Alerts, newest first unless ordered otherwise. nextCursor: for the next page, null on the last."""

    items: list[AlertView]
    next_cursor: str | None


class NotificationView(View, frozen=True):
    """What a webhook gets. id: the Idempotency-Key, the same for all attempts."""

    id: str
    change: str
    alert: AlertView

    @classmethod
    def of(cls, alert: Alert) -> "NotificationView":
        return cls(f"{alert.id}-{alert.change.value}", alert.change.value, AlertView.of(alert))


class DeadLetterView(View, frozen=True):
    """A delivery that failed for good. attempts: made so far. error: of the last one.

    failedAt: null once it is tried again.
    """

    id: str
    channel: str
    change: str
    attempts: int
    error: str
    created_at: str
    failed_at: str | None
    alert: AlertView

    @classmethod
    def of(cls, letter: DeadLetter) -> "DeadLetterView":
        return cls(
            letter.id,
            letter.channel,
            letter.alert.change.value,
            letter.attempts,
            letter.error,
            to_rfc3339(letter.created_us),
            None if letter.dead_us is None else to_rfc3339(letter.dead_us),
            AlertView.of(letter.alert),
        )


class DeadLetterPageView(View, frozen=True):
    """Dead letters, newest first unless ordered otherwise. nextCursor: for the next page, null on the last."""

    items: list[DeadLetterView]
    next_cursor: str | None


class KeyCountView(View, frozen=True):
    """Alerts of one key."""

    key: str
    alerts: int


class BusiestHourView(View, frozen=True):
    """The hour with the most alerts."""

    start: str
    alerts: int


class BacktestResultView(View, frozen=True):
    """What a rule would have raised. alerts: the first 1000 of them. byKey: the 1000 keys with the most.

    observations: that the rule was shown, between `from` and `to`. perDay: alerts a day, over at least one day.
    """

    total: int
    per_day: float
    busiest_hour: BusiestHourView | None
    by_key: list[KeyCountView]
    alerts: list[AlertView]
    observations: int
    from_: str | None = msgspec.field(name="from")
    to: str | None

    @classmethod
    def of(cls, result: BacktestResult) -> "BacktestResultView":
        busiest = result.busiest_hour
        keys = sorted(result.by_key.items(), key=lambda each: (-each[1], each[0]))
        return cls(
            total=result.total,
            per_day=significant(result.per_day),
            busiest_hour=None if busiest is None else BusiestHourView(to_rfc3339(busiest[0]), busiest[1]),
            by_key=[KeyCountView(key, count) for key, count in keys[:_KEYS_MAX]],
            alerts=[AlertView.of(alert) for alert in result.alerts.values()],
            observations=result.observations,
            from_=to_rfc3339(result.first_us) if result.observations else None,
            to=to_rfc3339(result.last_us) if result.observations else None,
        )


class BacktestView(View, frozen=True):
    """A back-test. state: `running`, `done`, `failed` or `cancelled`. progress: from 0 to 1.

    result: once it is done.
    """

    id: str
    state: str
    progress: float
    result: BacktestResultView | None

    @classmethod
    def of(cls, backtest: Backtest) -> "BacktestView":
        result = backtest.result if backtest.state is BacktestState.DONE else None
        return cls(
            backtest.id,
            backtest.state.value,
            round(backtest.progress, 4),
            None if result is None else BacktestResultView.of(result),
        )
