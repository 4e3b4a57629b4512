"""Makes changes of rules and alerts: the `Rules` and the `AlertDesk` of the service."""

from collections.abc import Callable, Sequence
from typing import Protocol

from application.errors import StorageFailed
from application.ports.clock import Clock
from domain.rules.alert import Alert
from domain.rules.rule import Rule
from infrastructure.rules.known_rules import KnownRules
from infrastructure.rules.registry import RuleRegistry
from infrastructure.rules.rule_amendments import AlertChanged, AlertsByClock, RuleChange
from infrastructure.storage.records import Amendment


class AmendedJournal(Protocol):
    @property
    def failure(self) -> str | None: ...

    def amend(self, amendment: Amendment, /) -> None: ...

    async def committed(self) -> None: ...


class RuleDesk(KnownRules):
    """announce: hears of the alerts that change with a rule, by hand or by the clock.

    stores: whether there is a store to wait for.
    """

    def __init__(
        self,
        registry: RuleRegistry,
        journal: AmendedJournal,
        announce: Callable[[Sequence[Alert]], None],
        clock: Clock,
        stores: bool,
    ) -> None:
        super().__init__(registry)
        self._journal = journal
        self._announce = announce
        self._clock = clock
        self._stores = stores

    async def put(self, rule: Rule, in_file: bool = False) -> None:
        await self._make(RuleChange(self._registry, self._announce, rule.id, rule, in_file))

    async def remove(self, rule_id: str) -> None:
        await self._make(RuleChange(self._registry, self._announce, rule_id, None, False))

    async def change(self, alert: Alert, by: str | None, resolves: bool) -> Alert | None:
        change = AlertChanged(self._registry, self._announce, alert, self._clock.now_us(), by, resolves)
        await self._make(change)
        return change.changed

    def look_at_the_clock(self) -> None:
        """Show the clock to the rules that watch it."""
        alerts = self._registry.advance()
        if alerts:
            self._journal.amend(AlertsByClock(alerts))
            self._announce(alerts)

    async def _make(self, amendment: Amendment) -> None:
        if self._stores and self._journal.failure is not None:
            raise StorageFailed(self._journal.failure, taken=False)
        self._journal.amend(amendment)
        if self._stores:
            await self._journal.committed()
