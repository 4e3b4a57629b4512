"""The types of the options of `marketdata replay`."""

import click

from infrastructure.feeds.recorded_tick import FIELDS, OPTION_QUOTES, TRADES, ColumnMapping

_SPEED_MIN, _SPEED_MAX = 0.001, 1_000_000


class Speed(click.ParamType[float | None]):
    """A factor, or `max` (None)."""

    name = "FACTOR|max"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float | None:
        try:
            factor = float(str(value)) if value != "max" else None
        except ValueError:
            factor = 0.0
        if factor is not None and not _SPEED_MIN <= factor <= _SPEED_MAX:
            self.fail(f"{value!r} is neither max nor a factor from {_SPEED_MIN} to {_SPEED_MAX}", param, ctx)
        return factor


class Columns(click.ParamType[ColumnMapping]):
    """Pairs of the name of a column in the file and the field that it holds."""

    name = "THEIRS=OURS,..."

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> ColumnMapping:
        pairs = [pair.rpartition("=") for pair in str(value).split(",")]
        columns = {theirs.strip(): ours.strip() for theirs, _, ours in pairs}
        for theirs, ours in columns.items():
            # Those of ticks come first; the recording checks that they are of its kind.
            if not theirs or ours not in (*FIELDS, *TRADES.fields, *OPTION_QUOTES.fields):
                self.fail(f"{theirs + '=' + ours!r} does not map a column to one of {', '.join(FIELDS)}", param, ctx)
        if len(set(columns.values())) < len(pairs):
            self.fail(f"{value!r} names a column or a field twice", param, ctx)
        return columns
