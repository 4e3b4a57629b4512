"""Answers about health."""

from api.views.view import View


class StatusView(View, frozen=True):
    """The status in a word."""

    status: str


class HealthView(View, frozen=True):
    """The health of the service. engine: `compiled` or `interpreted`. simulated: whether prices are simulated."""

    status: str
    version: str
    engine: str
    uptime_seconds: float
    simulated: bool
    checks: dict[str, str]
