"""Create a rule."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from application.mediator import Message
from application.rules.errors import RuleExists, TooManyRules
from application.rules.limits import check_keys
from application.rules.ports.rules import Rules
from application.rules.rule_reading import RuleReader
from domain.rules.rule import Rule


@dataclass(frozen=True, slots=True)
class CreateRule(Message[Rule]):
    """values: its fields, as JSON or TOML has them. prefixes: of the keys that the caller is limited to."""

    values: Any
    prefixes: tuple[str, ...] = ()


class CreateRuleHandler:
    def __init__(self, rules: Rules, reader: RuleReader, new_id: Callable[[], str], rules_max: int) -> None:
        self._rules = rules
        self._reader = reader
        self._new_id = new_id
        self._rules_max = rules_max

    async def handle(self, command: CreateRule) -> Rule:
        """Raises ValidationFailed, RuleExists, TooManyRules, StorageFailed."""
        rule = self._reader.read(command.values)
        check_keys(rule, command.prefixes)
        rule = rule if rule.id else replace(rule, id=self._new_id())
        if self._rules.get(rule.id) is not None:
            raise RuleExists(rule.id)
        if len(self._rules.list()) >= self._rules_max:
            raise TooManyRules(self._rules_max)
        await self._rules.put(rule)
        return rule
