"""Overload: more connections and more ticks than the service can handle, under every full mode.

`python -m benchmarks.overload` prints a table of closed loops (every connection waits for its answer) and open loops
(five times the capacity is offered, without waiting for answers). It fails if a count does not match what was sent, if
a tick is lost in a closed loop, or if memory grows.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.flooding import Case, Figures, measure
from infrastructure.engine import ENGINE

MODES = ("wait", "drop_oldest", "drop_newest", "reject")
_CONNECTIONS = (4, 64, 512)
# Processing is compared with the best of these.
_REFERENCE_CONNECTIONS = (4, 64)
_TIMES_TOO_MUCH = 5
_POLITE_WITHIN_SECONDS = 0.1
# Allowed memory growth from the peak of the first fifth to the end, as a fraction, in cases of a minute or more.
_GROWTH_MAX = 0.05
_GROWTH_SECONDS = 60.0
_COLUMNS = (
    "processed/s", "ratio", "dropped", "rejected", "503", "GET p50", "GET p99", "polite", "slowest", "msg/s", "MiB 1/5",
    "MiB end",
)  # fmt: skip


@dataclass
class _Row:
    """One case over all rounds. ratios: to the best reference of the same round."""

    figures: list[Figures] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        case = self.figures[0].case
        reads = sorted(chain.from_iterable(each.reads for each in self.figures))
        polite = sorted(chain.from_iterable(each.polite for each in self.figures))
        answers: dict[str, int] = {}
        for status, count in chain.from_iterable(each.answers.items() for each in self.figures):
            answers[status] = answers.get(status, 0) + count
        return {
            "mode": case.mode,
            "connections": case.connections,
            "load": "singles" if case.singles else "batches",
            "loop": "closed" if case.rate is None else "open",
            "processed_per_second": round(median(each.processed_per_second for each in self.figures)),
            "ratio": round(median(self.ratios), 3),
            **{name: sum(each.accounts[name] for each in self.figures) for name in self.figures[0].accounts},
            "answers": answers,
            "get_p50_ms": _quantile_ms(reads, 0.5),
            "get_p99_ms": _quantile_ms(reads, 0.99),
            "polite_within_100_ms": sum(each <= _POLITE_WITHIN_SECONDS for each in polite) / len(polite),
            "polite_slowest_ms": _quantile_ms(polite, 1.0),
            "watcher_messages_per_second": round(median(each.watched / each.seconds for each in self.figures), 1),
            "memory_mib_first_fifth": round(median(each.settled_mib for each in self.figures)),
            "memory_mib_at_the_end": round(median(each.memory_mib[-1] for each in self.figures)),
        }


def _quantile_ms(ordered: Sequence[float], share: float) -> float:
    return round(1000 * ordered[min(int(share * len(ordered)), len(ordered) - 1)], 2)


def _print(name: str, row: dict[str, Any]) -> None:
    cells = (
        f"{row['processed_per_second']:,}",
        f"{row['ratio']:.2f}",
        f"{row['dropped']:,}",
        f"{row['rejected']:,}",
        f"{row['answers'].get('503', 0):,}",
        f"{row['get_p50_ms']:.1f}",
        f"{row['get_p99_ms']:.1f}",
        f"{row['polite_within_100_ms']:.2%}",
        f"{row['polite_slowest_ms']:.0f}",
        f"{row['watcher_messages_per_second']:.1f}",
        f"{row['memory_mib_first_fifth']}",
        f"{row['memory_mib_at_the_end']}",
    )
    _print_line(name, cells)


def _print_line(name: str, cells: Sequence[str]) -> None:
    print(f"  {name:44}" + "".join(f"{cell:>12}" for cell in cells), flush=True)


def _growth(figures: Figures) -> list[str]:
    """What to complain about, if the memory grew."""
    if figures.seconds < _GROWTH_SECONDS or figures.memory_mib[-1] <= figures.settled_mib * (1 + _GROWTH_MAX):
        return []
    return [f"{figures.case.name}: the memory grew: {figures.memory_mib}"]


def _table(
    cases: Sequence[Case], reference: Sequence[Case], seconds: float, rounds: int, growth: list[str]
) -> list[dict[str, Any]]:
    """The rows of these cases, printed; what to complain about is added to growth."""
    rows = {case.name: _Row() for case in (*reference, *cases)}
    for number in range(rounds):
        found = {case.name: measure(case, seconds) for case in reference}
        best = max(figures.processed_per_second for figures in found.values())
        for case in cases:
            if case.name not in found:
                offered = None if case.rate is None else _TIMES_TOO_MUCH * best / case.ticks
                found[case.name] = measure(Case(case.mode, case.connections, case.singles, offered), seconds)
        for name, figures in found.items():
            rows[name].figures.append(figures)
            growth += _growth(figures)
            rows[name].ratios.append(figures.processed_per_second / best)
        print(f"  round {number + 1} of {rounds}", file=sys.stderr, flush=True)
    summaries = {name: row.summary() for name, row in rows.items()}
    for name, summary in summaries.items():
        _print(name, summary)
    return list(summaries.values())


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the service under overload.")
    parser.add_argument("--seconds", type=float, default=120, help="how long a case takes in a round")
    parser.add_argument("--rounds", type=int, default=1, help="how often the cases take turns")
    parser.add_argument("--modes", default=",".join(MODES), help="full modes, with commas between")
    parser.add_argument("--connections", default=",".join(map(str, _CONNECTIONS)), help="numbers of them")
    parser.add_argument("--loops", default="closed,open", help="closed, open, or both")
    parser.add_argument("--loads", default="batches,singles", help="batches, singles, or both")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    _print_line("full mode, connections, load, loop", _COLUMNS)
    rows = []
    growth: list[str] = []
    for load in arguments.loads.split(","):
        singles = load == "singles"
        cases = [
            Case(mode, int(count), singles, None if loop == "closed" else 0.0)
            for loop in arguments.loops.split(",")
            for count in arguments.connections.split(",")
            for mode in arguments.modes.split(",")
        ]
        reference = [Case("wait", count, singles) for count in _REFERENCE_CONNECTIONS]
        rows += _table(cases, reference, arguments.seconds, arguments.rounds, growth)
    if arguments.json:
        about = {"command": " ".join(["python -m benchmarks.overload", *sys.argv[1:]]), "engine": ENGINE}
        arguments.json.write_text(json.dumps(about | {"rows": rows}, indent=2) + "\n")
    for complaint in growth:
        print(complaint, file=sys.stderr)
    return 1 if growth else 0


if __name__ == "__main__":
    sys.exit(main())
