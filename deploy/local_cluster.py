"""A cluster on this machine: a broker, two gateways, three workers and the simulated feed, until Ctrl+C.

`python -m deploy.local_cluster [--port N] [--no-simulation]`. Its data is in a temporary folder, and goes with it.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from deploy.kafka.broker import Brokers
from deploy.kafka.jars import NoBroker

_MARKETDATA = str(Path(sys.executable).with_name("marketdata"))
_PARTITIONS = 6
_STOP_SECONDS = 30.0
_ROLES = {
    "gateway-1": "gateway",
    "gateway-2": "gateway",
    "worker-1": "worker",
    "worker-2": "worker",
    "worker-3": "worker",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="of the first gateway; the other members follow")
    parser.add_argument("--no-simulation", action="store_true", help="no simulated prices")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with tempfile.TemporaryDirectory(prefix="marketdata-cluster-") as name:
            folder = Path(name)
            print("Starting a Kafka broker; the first time, Maven fetches it (46 MB).", flush=True)
            with Brokers(folder / "kafka") as brokers, _members(folder, brokers, chosen.port, chosen.no_simulation):
                _tell(chosen.port, brokers)
                signal.pause()
    except NoBroker as missing:
        print(missing, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Everything has ended.")
    return 0


@contextmanager
def _members(folder: Path, brokers: Brokers, port: int, no_simulation: bool) -> Iterator[None]:
    common = {
        **{name: value for name, value in os.environ.items() if not name.startswith("MARKETDATA_")},
        "MARKETDATA_CLUSTER__BROKERS": brokers.addresses,
        # Simulated prices never mix with others.
        "MARKETDATA_CLUSTER__NAME": "simulation",
        "MARKETDATA_PROCESSING__PARTITIONS": str(_PARTITIONS),
    }
    create = [_MARKETDATA, "cluster", "create-topics", "--replication-factor", "1"]
    subprocess.run(create, env=common, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for number, (name, role) in enumerate(_ROLES.items()):
            simulates = name == "gateway-1" and not no_simulation
            processes.append(_start(folder, name, role, port + number, common, simulates))
        yield
    finally:
        for process in processes:
            process.terminate()
        deadline = time.monotonic() + _STOP_SECONDS
        for process in processes:
            try:
                process.wait(max(deadline - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _start(
    folder: Path, name: str, role: str, port: int, common: Mapping[str, str], simulates: bool
) -> subprocess.Popen[bytes]:
    own = {"MARKETDATA_CLUSTER__ROLE": role, "MARKETDATA_CLUSTER__MEMBER": name}
    option = "--simulation" if simulates else "--no-simulation"
    with (folder / f"{name}.log").open("ab") as log:
        return subprocess.Popen(
            [_MARKETDATA, "serve", "--port", str(port), option],
            env={**common, **own},
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=log,
            # Ctrl+C reaches this process only, which ends the others in order.
            start_new_session=True,
        )


def _tell(port: int, brokers: Brokers) -> None:
    print(f"Kafka listens on {brokers.addresses}")
    for number, (name, role) in enumerate(_ROLES.items()):
        path = "/          the dashboard" if role == "gateway" else "/health    its partitions and their lag"
        print(f"  {name}  http://127.0.0.1:{port + number}{path}")
    print("Kill a member and look at the others. Ctrl+C ends all of them.", flush=True)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
