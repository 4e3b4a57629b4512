"""A rule as it is stored."""

from dataclasses import dataclass

from domain.rules.rule import Rule


@dataclass(frozen=True, slots=True)
class StoredRule:
    """since_seq: the last block of the log before it was made or changed; it is about those after. in_file: whether it
    is one of the file of rules, which alone changes it.
    """

    rule: Rule
    since_seq: int
    in_file: bool = False
