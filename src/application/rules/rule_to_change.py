"""What is the same for all commands that change a rule."""

from collections.abc import Sequence

from application.rules.errors import RuleChanged, RuleInFile, RuleNotFound
from application.rules.limits import may_change, may_see
from application.rules.ports.rules import Rules
from domain.rules.rule import Rule


def rule_to_change(rules: Rules, rule_id: str, revisions: frozenset[int] | None, prefixes: Sequence[str] = ()) -> Rule:
    """Return a rule that the caller may change now.

    revisions: that the caller has read; None if that does not matter.

    Raises:
        RuleNotFound: there is none, or it is about keys that the caller is not limited to.
        RuleChanged: it has another revision.
        RuleInFile: only the file of rules changes it.
    """
    rule = rules.get(rule_id)
    if rule is None or not may_see(rule, prefixes) or not may_change(rule, prefixes):
        raise RuleNotFound(rule_id)
    if revisions is not None and rule.revision not in revisions:
        raise RuleChanged(rule.revision)
    if rules.is_in_file(rule_id):
        raise RuleInFile
    return rule
