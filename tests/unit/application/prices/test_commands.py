from decimal import Decimal
from typing import Any, cast

import pytest

from application.errors import BatchTooLarge, FieldError, QueueFull, StorageFailed, SymbolNotFound, ValidationFailed
from application.ports.states import StateRepository
from application.prices.commands.forget_symbol import ForgetSymbol
from application.prices.commands.process_price_batch import (
    ProcessPriceBatch,
    ProcessPriceBatchHandler,
    ProcessPriceBatchValidator,
)
from application.prices.commands.process_price_update import (
    ProcessPriceUpdate,
    ProcessPriceUpdateHandler,
    ProcessPriceUpdateValidator,
)
from application.prices.commands.refuse_price_update import RefusePriceUpdate, RefusePriceUpdateHandler
from application.prices.commands.tick_rules import TickRules
from application.processing.batches import ERRORS_REPORTED_MAX
from application.processing.forget_state import ForgetStateHandler
from domain.prices.price_update import PriceUpdate
from domain.prices.ticks import Ticks
from support.fakes import START_US, FakeClock, FakeJournal
from support.processors import CountingProcessor

GOOD = PriceUpdate("AAPL", 100.0, START_US)


def one(update: PriceUpdate) -> ProcessPriceUpdate:
    return ProcessPriceUpdate(Ticks.of([update]))


SKEW_US = 60_000_000


def rules(symbols_max: int = 10) -> TickRules:
    return TickRules(FakeClock(), SKEW_US, symbols_max)


def batch_validator(ticks_max: int = 1000) -> ProcessPriceBatchValidator:
    return ProcessPriceBatchValidator(rules(), ticks_max)


@pytest.mark.parametrize(
    "update",
    [
        GOOD,
        GOOD._replace(timestamp_us=START_US + SKEW_US),
        GOOD._replace(timestamp_us=-62_135_596_800_000_000),
        GOOD._replace(price=Decimal("0.10000000000000000000001")),
        GOOD._replace(volume=0.0, id="trade 1"),
    ],
    ids=["plain", "as far ahead as allowed", "year 1", "many digits", "volume and id"],
)
def test_good_tick_passes_unchanged(update: PriceUpdate) -> None:
    validator = ProcessPriceUpdateValidator(rules())
    for _ in range(2):
        assert validator.validate(one(update)).tick[0] == update


def test_symbol_gets_its_one_spelling() -> None:
    command = one(GOOD._replace(symbol=" btc/usd "))
    assert ProcessPriceUpdateValidator(rules()).validate(command).tick[0].symbol == "BTC/USD"


BAD = [
    (GOOD._replace(symbol="A B"), "symbol", "invalid_symbol"),
    (GOOD._replace(symbol=""), "symbol", "invalid_symbol"),
    (GOOD._replace(price=0.0), "price", "not_positive"),
    (GOOD._replace(price=-1.0), "price", "not_positive"),
    (GOOD._replace(price=float("nan")), "price", "not_positive"),
    (GOOD._replace(price=float("inf")), "price", "out_of_range"),
    (GOOD._replace(price=5e-324), "price", "out_of_range"),
    (GOOD._replace(timestamp_us=START_US + SKEW_US + 1), "timestamp", "in_the_future"),
    (GOOD._replace(volume=-0.1), "volume", "out_of_range"),
    (GOOD._replace(volume=float("inf")), "volume", "out_of_range"),
    (GOOD._replace(id=""), "id", "invalid_id"),
    (GOOD._replace(id="x" * 129), "id", "invalid_id"),
    (GOOD._replace(id="a\nb"), "id", "invalid_id"),
]


@pytest.mark.parametrize(("update", "field", "code"), BAD)
@pytest.mark.parametrize("symbol_known", [True, False])
def test_bad_tick_is_refused_by_field_and_code(update: PriceUpdate, field: str, code: str, symbol_known: bool) -> None:
    validator = ProcessPriceUpdateValidator(rules())
    if symbol_known:
        validator.validate(one(GOOD))
    with pytest.raises(ValidationFailed) as caught:
        validator.validate(one(update))
    assert [(error.field, error.code) for error in caught.value.errors] == [(field, code)]
    assert caught.value.ticks == 1


def test_everything_wrong_with_a_tick_is_said_at_once() -> None:
    with pytest.raises(ValidationFailed) as caught:
        ProcessPriceUpdateValidator(rules()).validate(one(PriceUpdate("", 0.0, 1 << 62, -1.0, "")))
    assert [error.field for error in caught.value.errors] == ["symbol", "price", "timestamp", "volume", "id"]


def test_memory_of_known_symbols_is_bounded_and_forgetting_changes_nothing() -> None:
    validator = ProcessPriceUpdateValidator(rules(symbols_max=2))
    for name in ("A", "B", "C", "A", "B", "C"):
        assert validator.validate(one(GOOD._replace(symbol=name))).tick.symbols[0] == name


def test_batch_of_good_ticks_passes_as_it_is() -> None:
    validator = batch_validator()
    validator.validate(ProcessPriceBatch(Ticks.of([GOOD])))
    command = ProcessPriceBatch(Ticks.of([GOOD, GOOD]))
    assert validator.validate(command) is command


def test_bad_ticks_of_a_batch_are_named_by_their_index_and_the_good_ones_go_on() -> None:
    command = ProcessPriceBatch(
        Ticks.of([GOOD._replace(price=0.0), GOOD._replace(symbol="googl"), GOOD._replace(symbol="")]),
        indexes=[1, 2, 4],
        rejected=2,
        errors=(FieldError("price", "missing", "is required", 0), FieldError("", "malformed", "is no JSON", 3)),
    )
    valid = batch_validator().validate(command)
    assert list(valid.ticks) == [GOOD._replace(symbol="GOOGL")]
    assert [valid.index_of(i) for i in range(len(valid.ticks))] == [2]
    assert valid.rejected == 4
    assert [(error.index, error.code) for error in valid.errors] == [
        (0, "missing"),
        (1, "not_positive"),
        (3, "malformed"),
        (4, "invalid_symbol"),
    ]


def test_batch_without_a_good_tick_is_refused_whole() -> None:
    with pytest.raises(ValidationFailed) as caught:
        batch_validator().validate(ProcessPriceBatch(Ticks.of([GOOD._replace(price=0.0)] * 150)))
    assert caught.value.ticks == 150
    assert len(caught.value.errors) == ERRORS_REPORTED_MAX


def test_empty_batch_is_refused() -> None:
    with pytest.raises(ValidationFailed, match="no tick"):
        batch_validator().validate(ProcessPriceBatch(Ticks.of([])))


@pytest.mark.parametrize(
    "command", [ProcessPriceBatch(Ticks.of([GOOD] * 3)), ProcessPriceBatch(Ticks.of([GOOD] * 2), rejected=1)]
)
def test_batch_over_the_limit_is_refused_uncounted(command: ProcessPriceBatch) -> None:
    with pytest.raises(BatchTooLarge, match="3 ticks; the limit is 2"):
        batch_validator(ticks_max=2).validate(command)


async def test_single_tick_is_submitted() -> None:
    processor = CountingProcessor()
    await ProcessPriceUpdateHandler(processor, FakeJournal()).handle(one(GOOD))
    assert processor.accepted == [GOOD]


async def test_single_tick_over_the_symbol_limit_is_a_failed_validation() -> None:
    processor = CountingProcessor(unwelcome=("AAPL",))
    with pytest.raises(ValidationFailed, match="too many"):
        await ProcessPriceUpdateHandler(processor, FakeJournal()).handle(one(GOOD))


async def test_full_queue_reaches_whoever_sent_the_tick() -> None:
    with pytest.raises(QueueFull):
        await ProcessPriceUpdateHandler(CountingProcessor(room=0), FakeJournal()).handle(one(GOOD))


async def test_unreadable_tick_is_counted_and_refused() -> None:
    processor = CountingProcessor()
    command = RefusePriceUpdate((FieldError("price", "missing", "is required"),))
    with pytest.raises(ValidationFailed, match="price"):
        await RefusePriceUpdateHandler(processor).handle(command)
    assert processor.rejected == 1


async def test_batch_result_adds_what_the_processor_refuses_to_what_was_bad_before() -> None:
    processor = CountingProcessor(unwelcome=("NEW",))
    command = ProcessPriceBatch(
        Ticks.of([GOOD, GOOD._replace(symbol="NEW")]),
        indexes=[0, 5],
        rejected=1,
        errors=(FieldError("price", "missing", "is required", 9),),
    )
    result = await ProcessPriceBatchHandler(processor, FakeJournal()).handle(command)
    assert (result.accepted, result.rejected) == (1, 2)
    assert [(error.index, error.code) for error in result.errors] == [(5, "symbol_limit"), (9, "missing")]
    assert (processor.rejected, len(processor.accepted)) == (2, 1)


async def test_batch_of_which_nothing_is_accepted_is_a_failed_validation() -> None:
    processor = CountingProcessor(unwelcome=("AAPL",))
    with pytest.raises(ValidationFailed):
        await ProcessPriceBatchHandler(processor, FakeJournal()).handle(ProcessPriceBatch(Ticks.of([GOOD])))


class ForgettingJournal:
    """Fails, with a key that is forgotten in memory alone."""

    def __init__(self) -> None:
        self.half_forgotten = {"HALF"}

    async def forget(self, subject: str, key: str) -> None:
        raise StorageFailed("disk is full", taken=False)

    def is_forgetting(self, subject: str, key: str) -> bool:
        return key in self.half_forgotten


class NoStatistics:
    async def get(self, symbol: str) -> None:
        return None


@pytest.mark.parametrize(("symbol", "error"), [("HALF", StorageFailed), ("NEVER", SymbolNotFound)])
async def test_a_symbol_is_gone_only_once_it_is_gone_from_disk(symbol: str, error: type[Exception]) -> None:
    handler = ForgetStateHandler(cast("StateRepository[Any]", NoStatistics()), ForgettingJournal(), "prices", "price")
    with pytest.raises(error):
        await handler.handle(ForgetSymbol(symbol))
