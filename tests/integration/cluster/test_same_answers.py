"""Whatever is killed, and whenever: a cluster answers with the bytes of one process that saw everything."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from deploy.kafka.broker import Brokers

from support.chaos import batches_of, compare
from support.generated import write_recording

FOLDER = os.environ.get("MARKETDATA_RECORDINGS")


def recordings() -> list[Any]:
    if FOLDER is None:
        reason = "MARKETDATA_RECORDINGS names no folder"
        return [pytest.param(None, id="recorded", marks=pytest.mark.skip(reason=reason))]
    return [pytest.param(path, id=path.stem) for path in sorted(Path(FOLDER).resolve().glob("*.csv"))]


@pytest.mark.parametrize("recording", recordings())
def test_a_recording_through_a_cluster_under_kills(
    recording: Path, own_brokers: Callable[..., Brokers], tmp_path: Path
) -> None:
    kills = ("worker-1", "gateway-1")
    compare(tmp_path / "run", own_brokers(), list(batches_of(recording, 50)), 2, 1, targets=kills)


def test_ticks_through_a_cluster_whose_members_and_brokers_are_killed(
    own_brokers: Callable[..., Brokers], tmp_path: Path
) -> None:
    recording = tmp_path / "generated.csv"
    write_recording(recording, 20_000)
    # The broker, a gateway and a worker.
    compare(tmp_path / "run", own_brokers(), list(batches_of(recording, 100)), kills=3, seed=27)
