"""Alerts as lines of the log."""

import structlog

from infrastructure.delivery.channel import Delivery

_log = structlog.stdlib.get_logger(__name__)


class LogChannel:
    async def send(self, delivery: Delivery) -> None:
        alert = delivery.alert
        _log.warning(
            f"alert {alert.change.value}",
            alert=alert.id,
            rule=alert.rule_name,
            key=alert.key,
            severity=alert.severity.value,
            explanation=alert.explanation,
        )
