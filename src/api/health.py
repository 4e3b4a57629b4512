"""Readiness and the health report."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from api.http.errors import NotReady
from api.subjects.features import Features
from api.views.cluster import ClusterView
from api.views.health import HealthView
from application.ports.clock import Clock
from application.ports.journal import Journal
from infrastructure.delivery.breaker import BreakerState
from infrastructure.delivery.dispatcher import Dispatcher
from infrastructure.engine import ENGINE
from infrastructure.settings import Settings

if TYPE_CHECKING:
    from infrastructure.cluster.member import Member


class Health:
    """member: this process as a member of a cluster; None if it is on its own."""

    def __init__(
        self,
        features: Sequence[Features],
        journal: Journal,
        settings: Settings,
        clock: Clock,
        dispatchers: Sequence[Dispatcher],
        member: "Member | None",
    ) -> None:
        self._processors = [each.processing.processor for each in features]
        self._journal = journal
        self._member = member
        self._stores = settings.storage.enabled and member is None
        self._simulated = settings.simulation.enabled
        self._clock = clock
        self._dispatchers = dispatchers
        self._started = clock.monotonic()

    def check_ready(self) -> None:
        """Raises NotReady with the reason."""
        if not self._are_running():
            raise NotReady("The workers are not running, or are draining.")
        if self._member is not None and (problem := self._member.problem()) is not None:
            raise NotReady(f"Not a working member of the cluster: {problem}.")
        if self._stores and self._journal.failure is not None:
            raise NotReady("Degraded: the storage fails, so ticks are accepted into memory only.")

    def report(self) -> HealthView:
        running = self._are_running()
        if self._member is not None:
            return self._report_of(self._member, running)
        failure = self._journal.failure
        storage = "off" if not self._stores else "ok" if failure is None else f"failing: {failure}"
        status = "ok" if not self._stores or failure is None else "degraded"
        return HealthView(
            status=status if running else "unavailable",
            version=version("marketdata"),
            engine=ENGINE,
            uptime_seconds=round(self._clock.monotonic() - self._started, 3),
            simulated=self._simulated,
            checks={"workers": "ok" if running else "not running", "storage": storage, **self._channels()},
        )

    def _report_of(self, member: "Member", running: bool) -> HealthView:
        problem = member.problem()
        return HealthView(
            status="unavailable" if not running else "ok" if problem is None else "degraded",
            version=version("marketdata"),
            engine=ENGINE,
            uptime_seconds=round(self._clock.monotonic() - self._started, 3),
            simulated=self._simulated,
            checks={"workers": "ok" if running else "not running", "cluster": problem or "ok", **self._channels()},
            cluster=ClusterView.of(member, self._clock.now_us()),
        )

    def _channels(self) -> dict[str, str]:
        """How each channel of notifications is, by the state of its breaker."""
        return {
            f"channel {each.name}": "ok" if each.breaker.state is BreakerState.CLOSED else "failing"
            for each in self._dispatchers
        }

    def _are_running(self) -> bool:
        return all(processor.is_running for processor in self._processors)
