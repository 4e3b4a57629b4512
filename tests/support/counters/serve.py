"""`marketdata serve` with counters: `python -m support.counters.serve`."""

import sys
from typing import Any

from api.server import serve
from api.subjects.registry import SUBJECTS
from infrastructure.settings_loader import load_settings
from support.counters.entry import COUNTERS

if __name__ == "__main__":
    overrides: dict[str, dict[str, Any]] = {"server": {"port": 0}, "simulation": {"enabled": False}}
    sys.exit(serve(load_settings(overrides=overrides).settings, (*SUBJECTS, COUNTERS)))
