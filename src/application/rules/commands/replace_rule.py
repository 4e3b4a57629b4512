"""Replace a rule by a changed one."""

from dataclasses import dataclass, replace
from typing import Any

from application.mediator import Message
from application.rules.limits import check_keys
from application.rules.ports.rules import Rules
from application.rules.rule_reading import RuleReader
from application.rules.rule_to_change import rule_to_change
from domain.rules.rule import Rule


@dataclass(frozen=True, slots=True)
class ReplaceRule(Message[Rule]):
    """values: its fields. revisions: of which the rule must be one; None for any. prefixes: as in `CreateRule`."""

    rule_id: str
    values: Any
    revisions: frozenset[int] | None = None
    prefixes: tuple[str, ...] = ()


class ReplaceRuleHandler:
    def __init__(self, rules: Rules, reader: RuleReader) -> None:
        self._rules = rules
        self._reader = reader

    async def handle(self, command: ReplaceRule) -> Rule:
        """Raises RuleNotFound, RuleChanged, RuleInFile, ValidationFailed, StorageFailed."""
        before = rule_to_change(self._rules, command.rule_id, command.revisions, command.prefixes)
        rule = self._reader.read(command.values, command.rule_id)
        check_keys(rule, command.prefixes)
        rule = replace(rule, revision=before.revision)
        if rule == before:
            # A rule that is the same goes on; another one would begin anew.
            return before
        rule = replace(rule, revision=before.revision + 1)
        await self._rules.put(rule)
        return rule
