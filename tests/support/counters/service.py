"""The service with counters, in a process of its own."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from support.service import Service

_TESTS = Path(__file__).parents[2]


class CountingService(Service):
    program = (sys.executable, "-m", "support.counters.serve")
    more_environment: ClassVar[Mapping[str, str]] = {"PYTHONPATH": str(_TESTS)}
