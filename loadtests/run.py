"""Starts a service of its own, loads it with Locust for a while, and prints what came of it.

Ends with 1 if any request failed or the service's accounts do not balance.
"""

import argparse
import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

BIN = Path(sys.executable).parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--users", type=int, default=20)
    arguments = parser.parse_args()
    command = [str(BIN / "marketdata"), "serve", "--port", "0", "--no-simulation"]
    with TemporaryDirectory(prefix="marketdata-load-") as directory:
        # Not the data of whoever runs a service here.
        environment = os.environ | {"MARKETDATA_STORAGE__DATA_DIR": directory}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as service:
            try:
                assert service.stdout is not None
                url = service.stdout.readline().split()[-1]
                start = time.monotonic()
                status = _locust(url, arguments.users, arguments.seconds)
                seconds = time.monotonic() - start
                accounts = _accounts(url)
            finally:
                service.terminate()
    taken = ("accepted", "rejected", "duplicates")
    kept = ("processed", "dropped", "queued", "failed")
    balanced = accounts["received"] == sum(accounts[name] for name in taken) and accounts["accepted"] == sum(
        accounts[name] for name in kept
    )
    print(f"{accounts['accepted']:,} ticks accepted, {accounts['dropped']:,} dropped, in {seconds:.0f} s")
    print(
        f"{accounts['accepted'] / seconds:,.0f} ticks a second; accounts {'balance' if balanced else 'DO NOT BALANCE'}"
    )
    return 0 if status == 0 and balanced and service.returncode == 0 else 1


def _locust(url: str, users: int, seconds: int) -> int:
    file = Path(__file__).with_name("locustfile.py")
    options = {
        "--host": url,
        "--users": users,
        "--spawn-rate": users,
        "--run-time": f"{seconds}s",
        "--locustfile": file,
    }
    flags = ["--headless", "--only-summary", "--loglevel", "WARNING"]
    values = [str(part) for option in options.items() for part in option]
    return subprocess.run([BIN / "locust", *flags, *values], check=False).returncode


def _accounts(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{url}/api/metrics") as answer:
        accounts: dict[str, Any] = json.load(answer)
    return accounts


if __name__ == "__main__":
    sys.exit(main())
