"""Delete a rule."""

from dataclasses import dataclass

from application.mediator import Message
from application.rules.ports.rules import Rules
from application.rules.rule_to_change import rule_to_change


@dataclass(frozen=True, slots=True)
class DeleteRule(Message[None]):
    """revisions, prefixes: as in `ReplaceRule`."""

    rule_id: str
    revisions: frozenset[int] | None = None
    prefixes: tuple[str, ...] = ()


class DeleteRuleHandler:
    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    async def handle(self, command: DeleteRule) -> None:
        """Raises RuleNotFound, RuleChanged, RuleInFile, StorageFailed."""
        rule_to_change(self._rules, command.rule_id, command.revisions, command.prefixes)
        await self._rules.remove(command.rule_id)
