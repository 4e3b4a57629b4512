"""Answers about health."""

from api.views.view import View


class StatusView(View, frozen=True):
    """The status in a word."""

    status: str


class HealthView(View, frozen=True):
    """The health of the service. engine: `compiled` or `interpreted`."""

    status: str
    version: str
    engine: str
    uptime_seconds: float
    checks: dict[str, str]
