"""How the service is."""

from api.views.view import View


class StatusView(View, frozen=True):
    """Yes, in a word."""

    status: str


class HealthView(View, frozen=True):
    """How the service is. engine: `compiled` or `interpreted`."""

    status: str
    version: str
    engine: str
    uptime_seconds: float
    checks: dict[str, str]
