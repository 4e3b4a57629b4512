"""Answers about health."""

import msgspec

from api.views.cluster import ClusterView
from api.views.view import View


class StatusView(View, frozen=True):
    """The status in a word."""

    status: str


class HealthView(View, frozen=True):
    """The health of the service. engine: `compiled` or `interpreted`. simulated: whether prices are simulated.

    cluster: of a member of a cluster only.
    """

    status: str
    version: str
    engine: str
    uptime_seconds: float
    simulated: bool
    checks: dict[str, str]
    cluster: ClusterView | msgspec.UnsetType = msgspec.UNSET
