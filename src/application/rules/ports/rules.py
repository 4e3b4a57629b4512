"""The port for rules."""

from collections.abc import Sequence
from typing import Protocol

from domain.rules.rule import Rule


class Rules(Protocol):
    def list(self) -> Sequence[Rule]:
        """Return all rules, in order of their ids."""
        ...

    def get(self, rule_id: str) -> Rule | None: ...

    def is_in_file(self, rule_id: str) -> bool:
        """Whether a rule is one of `rules.file`, which alone changes it."""
        ...

    async def put(self, rule: Rule) -> None:
        """Make a rule, or replace it, from one moment on.

        Raises:
            StorageFailed: the change is not on disk.
        """
        ...

    async def remove(self, rule_id: str) -> None:
        """Remove a rule. Its open alerts resolve. Raises StorageFailed."""
        ...
