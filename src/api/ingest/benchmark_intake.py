"""Takes bodies of benchmarks to the mediator and builds the answers."""

from api.http.answer import Answer
from api.http.request_options import RequestOptions
from api.ingest.batch_intake import JSON, media_type, preferred
from api.ingest.benchmark_decoding import decode_benchmark
from application.benchmarks.commands.record_benchmark import RecordBenchmark
from application.mediator import Mediator
from application.ports.clock import Clock
from application.processing.durability import Durability

_ACCEPTED = b'{"accepted":1}'


class BenchmarkIntake:
    """durable: whether every answer waits until the run is on disk, even if not requested."""

    def __init__(self, mediator: Mediator, clock: Clock, durable: bool) -> None:
        self._mediator = mediator
        self._clock = clock
        self._durable = durable

    async def take(self, options: RequestOptions, body: bytes) -> Answer:
        """Process a body of one run."""
        media_type(options.media_type, JSON)
        durable = self._durable or options.durable
        run = decode_benchmark(body, self._clock.now_us())
        durability = Durability.DISK if durable else Durability.MEMORY
        await self._mediator.send(RecordBenchmark(run, durability, options.patience, options.sender))
        return preferred(Answer(200 if durable else 202, JSON, _ACCEPTED), options)
