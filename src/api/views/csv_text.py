"""Views as CSV."""

import csv
from decimal import Decimal
from typing import TextIO

import msgspec

from api.views.view import View
from domain.numbers import written
from infrastructure.feeds.csv_cells import defused


class CsvWriter:
    """Writes views of one kind as RFC 4180, a header line first; null is an empty cell. No cell is a formula."""

    def __init__(self, text: TextIO, kind: type[View]) -> None:
        fields = msgspec.structs.fields(kind)
        self._names = [field.name for field in fields]
        self._writer = csv.writer(text)
        self._writer.writerow(field.encode_name for field in fields)

    def write(self, view: View) -> None:
        self._writer.writerow(_cell(getattr(view, name)) for name in self._names)


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | Decimal):
        return format(written(value), "f")
    if isinstance(value, str):
        return defused(value)
    return value
