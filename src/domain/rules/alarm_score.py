"""How well the alerts of a rule fit the periods in which there was something to be alerted of."""

from collections.abc import Sequence
from dataclasses import dataclass

# (from, to), both ends included, in microseconds.
Window = tuple[int, int]


@dataclass(frozen=True, slots=True)
class AlarmScore:
    """alerts: raised. inside: of them, within a window. found: windows with at least one of `windows`."""

    alerts: int
    inside: int
    found: int
    windows: int

    @staticmethod
    def of(raised_us: Sequence[int], windows: Sequence[Window]) -> "AlarmScore":
        inside = [at for at in raised_us if any(start <= at <= end for start, end in windows)]
        found = [each for each in windows if any(each[0] <= at <= each[1] for at in inside)]
        return AlarmScore(len(raised_us), len(inside), len(found), len(windows))

    @property
    def outside(self) -> int:
        return self.alerts - self.inside

    @property
    def share(self) -> float:
        """Of the alerts, inside the windows; 0.0 without any."""
        return self.inside / self.alerts if self.alerts else 0.0
