"""Finds the rules of a key."""

from __future__ import annotations

from domain.rules.rule import ALL_KEYS, Rule


class RuleIndex:
    """The rules of one subject that are in force.

    Finding those of a key takes one look-up for each length of prefix or ending in use, however many rules there are.
    """

    def __init__(self) -> None:
        self._rules: dict[str, Rule] = {}
        # By name, or by prefix or ending with its `*`.
        self._by_pattern: dict[str, dict[str, Rule]] = {}
        # The lengths of the prefixes, and of the endings, in use.
        self._lengths: list[int] = []
        self._endings: list[int] = []

    def __len__(self) -> int:
        return len(self._rules)

    def add(self, rule: Rule) -> None:
        self._rules[rule.id] = rule
        for pattern in rule.keys:
            self._by_pattern.setdefault(pattern, {})[rule.id] = rule
        self._measure()

    def remove(self, rule_id: str) -> None:
        """Remove a rule, if it is known."""
        rule = self._rules.pop(rule_id, None)
        if rule is None:
            return
        for pattern in rule.keys:
            own = self._by_pattern.get(pattern, {})
            own.pop(rule_id, None)
            if not own:
                self._by_pattern.pop(pattern, None)
        self._measure()

    def of(self, key: str) -> list[Rule]:
        """Return the rules about a key, in order of their ids."""
        found = dict(self._by_pattern.get(key, {}))
        for length in self._lengths:
            if length <= len(key):
                found.update(self._by_pattern.get(key[:length] + ALL_KEYS, {}))
        for length in self._endings:
            if length <= len(key):
                found.update(self._by_pattern.get(ALL_KEYS + key[-length:], {}))
        return [found[rule_id] for rule_id in sorted(found)]

    def _measure(self) -> None:
        patterns = self._by_pattern
        self._lengths = sorted({len(pattern) - 1 for pattern in patterns if pattern.endswith(ALL_KEYS)})
        self._endings = sorted(
            {
                len(pattern) - 1
                for pattern in patterns
                if pattern.startswith(ALL_KEYS) and not pattern.endswith(ALL_KEYS)
            }
        )
