"""Acknowledge an alert, or resolve it."""

from dataclasses import dataclass

from application.mediator import Message
from application.rules.errors import AlertClosed, AlertNotFound
from application.rules.ports.alerts import AlertDesk, Alerts
from domain.rules.alert import Alert, AlertState


@dataclass(frozen=True, slots=True)
class _ChangeAlert:
    """by: name of who does it. prefixes: of the keys that the caller is limited to."""

    alert_id: str
    by: str | None = None
    prefixes: tuple[str, ...] = ()


class AcknowledgeAlert(_ChangeAlert, Message[Alert]):
    """Only an alert that is raised can be acknowledged."""

    __slots__ = ()


class ResolveAlert(_ChangeAlert, Message[Alert]):
    """It is not raised again before its condition was false."""

    __slots__ = ()


class ChangeAlertHandler:
    def __init__(self, alerts: Alerts, desk: AlertDesk) -> None:
        self._alerts = alerts
        self._desk = desk

    async def handle(self, command: AcknowledgeAlert | ResolveAlert) -> Alert:
        """Raises AlertNotFound, AlertClosed, StorageFailed."""
        alert = await self._alerts.get(command.alert_id)
        if alert is None or (command.prefixes and not alert.key.startswith(command.prefixes)):
            raise AlertNotFound(command.alert_id)
        resolves = isinstance(command, ResolveAlert)
        if not alert.is_open or (not resolves and alert.state is AlertState.ACKNOWLEDGED):
            raise AlertClosed(alert.state.value)
        changed = await self._desk.change(alert, command.by, resolves)
        if changed is None:
            raise AlertClosed(AlertState.RESOLVED.value)
        return changed
