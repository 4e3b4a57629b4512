"""The binary format of benchmarks and their summaries: msgpack."""

import msgspec

from domain.benchmarks.benchmark_run import BenchmarkRun
from domain.benchmarks.benchmark_summary import BenchmarkSummary
from domain.benchmarks.runs import Runs
from infrastructure.storage.payloads import pack

# The name of the subject in the log.
BENCHMARKS = "benchmarks"

_RUNS = msgspec.msgpack.Decoder(list[BenchmarkRun])
_SUMMARY = msgspec.msgpack.Decoder(BenchmarkSummary)


class BenchmarkLogFormat:
    """The `LogFormat` of benchmarks."""

    def encode(self, keys: list[str], places: list[int], runs: Runs) -> bytes:
        return pack(runs.runs)

    def decode(self, segment: bytes) -> Runs:
        return Runs(_RUNS.decode(segment))

    def encode_checkpoint(self, checkpoint: BenchmarkSummary) -> bytes:
        return pack(checkpoint)

    def decode_checkpoint(self, key: str, payload: bytes) -> BenchmarkSummary:
        return _SUMMARY.decode(payload)
