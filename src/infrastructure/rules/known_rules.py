"""The rules of the service, as it knows them, and how those of a file are taken over."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace

from domain.rules.rule import Rule
from infrastructure.rules.registry import RuleRegistry


class KnownRules(ABC):
    """What is the same of `Rules`, however they are changed."""

    def __init__(self, registry: RuleRegistry) -> None:
        self._registry = registry

    def list(self) -> Sequence[Rule]:
        rules = self._registry.rules
        return [rules[rule_id].rule for rule_id in sorted(rules)]

    def get(self, rule_id: str) -> Rule | None:
        stored = self._registry.rules.get(rule_id)
        return None if stored is None else stored.rule

    def is_in_file(self, rule_id: str) -> bool:
        stored = self._registry.rules.get(rule_id)
        return stored is not None and stored.in_file

    @abstractmethod
    async def put(self, rule: Rule, in_file: bool = False) -> None:
        """Make a rule, or replace it. Raises StorageFailed."""
        ...

    @abstractmethod
    async def remove(self, rule_id: str) -> None:
        """Remove a rule. Its open alerts resolve. Raises StorageFailed."""
        ...

    async def take_over(self, rules: Sequence[Rule]) -> None:
        """Make the rules of the file what the file says. Raises StorageFailed."""
        stored = self._registry.rules
        for rule_id in [each.rule.id for each in stored.values() if each.in_file]:
            if rule_id not in {rule.id for rule in rules}:
                await self.remove(rule_id)
        for rule in rules:
            known = stored.get(rule.id)
            revision = 1 if known is None else known.rule.revision
            if known is None or not known.in_file or known.rule != replace(rule, revision=revision):
                await self.put(replace(rule, revision=revision if known is None else revision + 1), in_file=True)
