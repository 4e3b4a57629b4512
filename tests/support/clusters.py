"""Subjects as the members of a cluster have them."""

from infrastructure.rules.registry import RuleRegistry
from infrastructure.subject import Subject
from infrastructure.system_clock import SystemClock
from support import batches


def shared(subject: Subject) -> Subject:
    return RuleRegistry(SystemClock()).shared(subject)


SUBJECT = shared(batches.SUBJECT)
