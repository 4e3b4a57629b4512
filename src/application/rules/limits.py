"""Which rules concern somebody whose key is limited to some keys."""

from collections.abc import Sequence

from application.errors import FieldError, ValidationFailed
from domain.rules.rule import ALL_KEYS, Rule


def check_keys(rule: Rule, prefixes: Sequence[str]) -> None:
    """Raises ValidationFailed unless a rule is about keys with these prefixes only; none allow all."""
    errors = [
        FieldError(f"keys[{at}]", "forbidden_symbol", "is not among the symbols of your key")
        for at, pattern in enumerate(rule.keys)
        if not is_within(pattern, prefixes)
    ]
    if errors:
        raise ValidationFailed(errors)


def may_change(rule: Rule, prefixes: Sequence[str]) -> bool:
    """Whether a rule is about keys with these prefixes only."""
    return all(is_within(pattern, prefixes) for pattern in rule.keys)


def may_see(rule: Rule, prefixes: Sequence[str]) -> bool:
    """Whether a rule may be about a key with one of these prefixes."""
    return not prefixes or any(_overlap(pattern, prefix) for pattern in rule.keys for prefix in prefixes)


def is_within(pattern: str, prefixes: Sequence[str]) -> bool:
    return not prefixes or pattern.removesuffix(ALL_KEYS).startswith(tuple(prefixes))


def _overlap(pattern: str, prefix: str) -> bool:
    if pattern.startswith(ALL_KEYS):
        return True
    start = pattern.removesuffix(ALL_KEYS)
    return start.startswith(prefix) or (pattern.endswith(ALL_KEYS) and prefix.startswith(start))
