"""The messages about benchmarks: their shapes and an example of each."""

from typing import Any

import msgspec

from api.reference.benchmark_examples import REGRESSION, SUMMARY
from api.views.benchmarks import BenchmarkSummaryView, RegressionView
from api.views.view import View


class BenchmarksSnapshot(View, frozen=True):
    """The current summaries of tests just subscribed to. last: false if another snapshot follows."""

    benchmarks: list[BenchmarkSummaryView]
    last: bool


class BenchmarksMessage(View, frozen=True):
    """The latest summaries of tests that ran."""

    benchmarks: list[BenchmarkSummaryView]


class Regression(View, frozen=True):
    """A run that is worse than those before. Every one is sent."""

    regression: RegressionView


class RegressionsGap(View, frozen=True):
    """regressions: how many were dropped because the subscriber did not keep up."""

    regressions: int


SHAPES: dict[str, type[msgspec.Struct]] = {
    "snapshot": BenchmarksSnapshot,
    "benchmarks": BenchmarksMessage,
    "regression": Regression,
    "gap": RegressionsGap,
}
# (description, message).
EXAMPLES: dict[str, tuple[str, dict[str, Any]]] = {
    "benchmarks": (
        "The latest summaries of benchmarks that ran. Only on the channel `benchmarks`, of `*`.",
        {"type": "benchmarks", "seq": 4, "benchmarks": [SUMMARY]},
    ),
    "regression": (
        "A benchmark is worse than before. Only on the channel `regressions`, of `*`.",
        {"type": "regression", "seq": 5, "regression": REGRESSION},
    ),
}
