"""A gateway that has read nothing yet, because nobody has started it: no broker is needed for that."""

from typing import Any

import pytest

from api.container import Container
from api.http.problems import problem_headers, problem_of
from application.errors import FieldError, ValidationFailed
from application.prices.commands.refuse_price_update import RefusePriceUpdate
from application.prices.queries.get_symbol_statistics import GetSymbolStatistics
from application.prices.queries.list_symbol_statistics import ListSymbolStatistics
from infrastructure.cluster.follower import CatchingUp
from infrastructure.settings import ClusterSettings, ProcessingSettings, Settings


@pytest.fixture
def container() -> Container:
    cluster = ClusterSettings(brokers="127.0.0.1:1", role="gateway", member="late")
    return Container(settings=Settings(cluster=cluster, processing=ProcessingSettings(partitions=2)))


async def test_questions_and_watchers_get_503_until_it_has_caught_up(container: Container) -> None:
    mediator = container.mediator()
    questions: list[Any] = [GetSymbolStatistics("A"), ListSymbolStatistics()]
    for question in questions:
        with pytest.raises(CatchingUp) as refused:
            await mediator.send(question)
        assert problem_of(refused.value, "/").status == 503
        assert problem_headers(refused.value) == {"Retry-After": "1"}
    with pytest.raises(CatchingUp):
        container.hub().check_room()
    # Commands are none of them.
    with pytest.raises(ValidationFailed):
        await mediator.send(RefusePriceUpdate((FieldError("price", "missing", "is missing"),)))
