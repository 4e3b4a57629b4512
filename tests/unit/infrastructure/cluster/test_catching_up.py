import pytest

from application.prices.commands.refuse_price_update import RefusePriceUpdate
from application.prices.queries.get_symbol_statistics import GetSymbolStatistics
from infrastructure.cluster.catching_up import CaughtUp
from infrastructure.cluster.follower import CatchingUp


class Behind:
    def check(self) -> None:
        raise CatchingUp


async def proceed(message: object) -> str:
    return type(message).__name__


async def test_questions_wait_for_the_read_model_and_commands_do_not() -> None:
    caught_up = CaughtUp(Behind())  # type: ignore[arg-type]  # all that is used of it
    assert await caught_up(RefusePriceUpdate(()), proceed) == "RefusePriceUpdate"
    with pytest.raises(CatchingUp):
        await caught_up(GetSymbolStatistics("A"), proceed)
