import pytest

from application.errors import SymbolNotFound, ValidationFailed
from application.prices.ports.event_repository import EventFilter
from application.prices.queries.get_symbol_statistics import GetSymbolStatistics
from application.prices.queries.list_events import GetRecentAnomalies, ListEventsValidator
from application.prices.queries.list_symbol_statistics import ListSymbolStatistics
from application.processing.get_state import GetStateHandler, GetStateValidator
from application.processing.list_states import ListStatesValidator
from infrastructure.processing.in_memory_states import InMemoryStates
from support.processing import partitions_of, snapshots_of


async def test_symbol_never_seen_is_not_found() -> None:
    handler = GetStateHandler(InMemoryStates(snapshots_of(partitions_of(2))), "price")
    with pytest.raises(SymbolNotFound, match="AAPL"):
        await handler.handle(GetSymbolStatistics("AAPL"))


def test_symbol_is_found_in_any_spelling() -> None:
    assert GetStateValidator("price").validate(GetSymbolStatistics(" aapl ")).symbol == "AAPL"


@pytest.mark.parametrize("symbol", ["A B", "x" * 10_000, "\ud800"])
def test_what_cannot_be_a_symbol_is_not_found_either(symbol: str) -> None:
    with pytest.raises(SymbolNotFound) as caught:
        GetStateValidator("price").validate(GetSymbolStatistics(symbol))
    assert len(str(caught.value).encode()) < 200


def test_list_normalises_and_sorts_its_symbols() -> None:
    query = ListStatesValidator(10).validate(ListSymbolStatistics((" b", "A", "a")))
    assert query.symbols == ("A", "B")
    assert query.limit == 10


@pytest.mark.parametrize("limit", [0, -1, 11])
def test_page_sizes_are_limited(limit: int) -> None:
    with pytest.raises(ValidationFailed, match="between 1 and 10"):
        ListStatesValidator(10).validate(ListSymbolStatistics(limit=limit))
    with pytest.raises(ValidationFailed, match="between 1 and 10"):
        ListEventsValidator(10).validate(GetRecentAnomalies(limit=limit))


def test_bad_symbols_in_a_filter_are_named() -> None:
    with pytest.raises(ValidationFailed, match="A B"):
        ListStatesValidator(10).validate(ListSymbolStatistics(("A B",), limit=1))
    with pytest.raises(ValidationFailed, match="symbol"):
        ListEventsValidator(10).validate(GetRecentAnomalies(EventFilter(symbol="A B"), limit=1))
