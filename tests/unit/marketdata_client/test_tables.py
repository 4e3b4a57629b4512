import sys
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pandas as pd
import pyarrow as pa
import pytest

from marketdata_client import Anomaly, Candle, Move, Records, TickRecord
from marketdata_client.records import Wire

MOMENT = pa.timestamp("us", tz="UTC")
AT = datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)
EXACT = Decimal("0.12345678901234567890123")
TICKS = Records(TickRecord, [TickRecord("A", AT, EXACT, Decimal(2), "t-1"), TickRecord("A", AT, EXACT, None, None)])


def test_columns_of_an_arrow_table_have_the_types_of_the_fields() -> None:
    assert TICKS.to_arrow().schema == pa.schema(
        {"symbol": pa.string(), "timestamp": MOMENT, "price": pa.float64(), "volume": pa.float64(), "id": pa.string()}
    )
    assert Records(Candle).to_arrow().schema == pa.schema(
        {"symbol": pa.string(), "interval": pa.string(), "start": MOMENT}
        | dict.fromkeys(("open", "high", "low", "close", "volume", "vwap"), pa.float64())
        | {"count": pa.int64(), "closed": pa.bool_()}
    )


def test_values_are_the_nearest_doubles_and_the_exact_microseconds() -> None:
    assert TICKS.to_arrow().to_pylist() == [
        {"symbol": "A", "timestamp": AT, "price": float(EXACT), "volume": 2.0, "id": "t-1"},
        {"symbol": "A", "timestamp": AT, "price": float(EXACT), "volume": None, "id": None},
    ]
    assert TICKS[0].price == EXACT


@pytest.mark.parametrize(
    ("kind", "time"), [(TickRecord, "timestamp"), (Candle, "start"), (Anomaly, "detected_at"), (Move, "started_at")]
)
def test_frame_without_rows_has_its_columns_and_is_indexed_by_time(kind: type[Wire], time: str) -> None:
    frame = Records(kind).to_pandas()
    assert len(frame) == 0
    assert frame.index.name == time
    assert isinstance(frame.index, pd.DatetimeIndex)
    assert str(frame.index.tz) == "UTC"
    assert {time, *frame.columns} == {field.name for field in msgspec.structs.fields(kind)}


def test_frame_shows_what_is_absent_as_missing() -> None:
    frame = TICKS.to_pandas()
    assert list(frame.index) == [pd.Timestamp(AT)] * 2
    assert frame["volume"].dtype == "float64"
    assert list(frame["volume"].isna()) == [False, True]
    assert list(frame["id"].isna()) == [False, True]
    move = Move("m", "A", "up", AT, None, Decimal(100), Decimal(103), 3.0, "medium", 1)
    assert Records(Move, [move]).to_pandas()["ended_at"].isna().all()


@pytest.mark.parametrize(("name", "tables"), [("pandas", ["to_pandas"]), ("pyarrow", ["to_arrow", "to_pandas"])])
def test_missing_package_is_named_with_the_extra_that_brings_it(
    monkeypatch: pytest.MonkeyPatch, name: str, tables: list[str]
) -> None:
    # None in sys.modules makes the import fail.
    monkeypatch.setitem(sys.modules, name, None)
    for table in tables:
        with pytest.raises(ImportError, match=rf"{name} is needed .* marketdata\[pandas\]"):
            getattr(TICKS, table)()
