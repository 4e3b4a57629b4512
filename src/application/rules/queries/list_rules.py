"""List rules, and get one of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from application.errors import FieldError, ValidationFailed
from application.mediator import Message
from application.paging import PAGE_SIZE_DEFAULT, Order, page_size
from application.rules.errors import RuleNotFound
from application.rules.limits import may_see
from application.rules.ports.rules import Rules
from domain.rules.rule import Rule


@dataclass(frozen=True, slots=True)
class RulePage:
    """next_after: the id after which the next page starts, None on the last."""

    items: Sequence[Rule]
    next_after: str | None


@dataclass(frozen=True, slots=True)
class ListRules(Message[RulePage]):
    """In order of their ids. prefixes: of the keys that the caller is limited to."""

    limit: int | None = None
    after: str | None = None
    order: Order = Order.ASC
    prefixes: tuple[str, ...] = ()


class ListRulesValidator:
    def __init__(self, limit_max: int) -> None:
        self._limit_max = limit_max

    def validate(self, query: ListRules) -> ListRules:
        errors: list[FieldError] = []
        limit = page_size(query.limit, self._limit_max, errors)
        if errors:
            raise ValidationFailed(errors)
        return replace(query, limit=limit)


@dataclass(frozen=True, slots=True)
class GetRule(Message[Rule]):
    rule_id: str
    prefixes: tuple[str, ...] = ()


class ListRulesHandler:
    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    async def handle(self, query: ListRules) -> RulePage:
        limit, after, descending = query.limit or PAGE_SIZE_DEFAULT, query.after, query.order is Order.DESC
        found = [rule for rule in self._rules.list() if may_see(rule, query.prefixes)]
        if descending:
            found.reverse()
        if after is not None:
            found = [rule for rule in found if (rule.id < after if descending else rule.id > after)]
        return RulePage(found[:limit], found[limit - 1].id if len(found) > limit else None)


class GetRuleHandler:
    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    async def handle(self, query: GetRule) -> Rule:
        """Raises RuleNotFound."""
        rule = self._rules.get(query.rule_id)
        if rule is None or not may_see(rule, query.prefixes):
            raise RuleNotFound(query.rule_id)
        return rule
