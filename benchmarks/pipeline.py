"""What each behaviour of the pipeline costs: the same command through each one alone, and through all."""

import time
from statistics import median
from typing import Any

from api.container import Container
from api.http.inline import run_inline
from application.behaviours.metrics import Metrics
from application.behaviours.tracing import Tracing
from application.behaviours.validation import Validation
from application.mediator import Behaviour, Mediator
from application.prices.commands.process_price_update import ProcessPriceUpdate
from benchmarks.ingest import WrongResult
from benchmarks.rows import row
from domain.prices.ticks import Ticks
from infrastructure.settings import Settings

_SENDS = 50_000


class _Accepts:
    """A handler that only counts, so that only the pipeline is measured."""

    def __init__(self) -> None:
        self.handled = 0

    async def handle(self, message: object) -> None:
        self.handled += 1


def pipeline(rounds: int) -> list[dict[str, Any]]:
    """Microseconds of a send without behaviours, and what each adds to it."""
    container = Container(settings=Settings())
    handler = _Accepts()
    tracing, metrics, validation = container.behaviours()
    assert isinstance(tracing, Tracing)
    assert isinstance(metrics, Metrics)
    assert isinstance(validation, Validation)
    chains: dict[str, list[Behaviour]] = {
        "no behaviour": [],
        "tracing": [tracing],
        "metrics": [metrics],
        "validation": [validation],
        "all of them": [tracing, metrics, validation],
    }
    mediators = {
        name: Mediator([ProcessPriceUpdate], {ProcessPriceUpdate: handler}, chain) for name, chain in chains.items()
    }
    command = ProcessPriceUpdate(Ticks(["A"], [100.0], [0]))
    seconds: dict[str, list[float]] = {name: [] for name in chains}
    for _ in range(rounds + 1):
        for name, mediator in mediators.items():
            start = time.perf_counter()
            for _ in range(_SENDS):
                run_inline(mediator.send(command))  # type: ignore[arg-type]  # always a coroutine
            seconds[name].append(time.perf_counter() - start)
    if handler.handled != (rounds + 1) * _SENDS * len(chains):
        raise WrongResult("not every command reached its handler")
    cost = {name: 1e6 * median(seen[1:]) / _SENDS for name, seen in seconds.items()}
    base = cost["no behaviour"]
    return [row(name, each - (0 if name == "no behaviour" else base), "µs") for name, each in cost.items()]
