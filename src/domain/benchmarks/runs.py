"""Batches of benchmark runs."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from domain.benchmarks.benchmark_run import BenchmarkRun
from domain.columns import grouped


class Runs:
    """The `Columns` of benchmarks. They are few: one list of runs holds them."""

    __slots__ = ("runs",)

    ids: list[str | None] | None = None

    def __init__(self, runs: list[BenchmarkRun]) -> None:
        self.runs = runs

    @property
    def keys(self) -> list[str]:
        return [run.key for run in self.runs]

    @property
    def times_us(self) -> list[int]:
        return [run.timestamp_us for run in self.runs]

    @property
    def throughputs(self) -> list[float]:
        """In trades a second."""
        return [run.trades_per_second for run in self.runs]

    def __len__(self) -> int:
        return len(self.runs)

    def __getitem__(self, at: int) -> BenchmarkRun:
        return self.runs[at]

    def part(self, start: int, stop: int) -> Runs:
        return Runs(self.runs[start:stop])

    def without(self, places: Collection[int]) -> Runs:
        return self._at([at for at in range(len(self.runs)) if at not in places])

    def extend(self, others: Runs) -> None:
        self.runs += others.runs

    def spread(self, places: dict[str, int]) -> dict[int, Runs]:
        return {place: self._at(positions) for place, positions in grouped(self.keys, places)}

    def _at(self, positions: Sequence[int]) -> Runs:
        return Runs([self.runs[at] for at in positions])
