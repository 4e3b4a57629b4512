"""Compares the locked requirements with the known vulnerabilities, as `make check` does.

Fails on a vulnerability that requirements/waivers.toml does not waive, and on a waiver that has run out. Where the
source of advisories cannot be reached it says so, and passes.
"""

import argparse
import json
import re
import sys
import tomllib
import urllib.request
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

# The Open Source Vulnerabilities database, which has the advisories of all the others.
SOURCE = "https://api.osv.dev/v1/querybatch"
_HERE = Path(__file__).parent
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
_TIMEOUT_SECONDS = 10


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--source", default=SOURCE)
    arguments.add_argument("--folder", type=Path, default=_HERE, help="of the requirements and waivers.toml")
    given = arguments.parse_args()
    pins = sorted({pin for file in given.folder.glob("*.txt") for pin in _PIN.findall(file.read_text())})
    waivers = tomllib.loads((given.folder / "waivers.toml").read_text()).get("waiver", [])
    try:
        found = advisories(given.source, pins)
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"NOT AUDITED: no advisories from {given.source} ({error}); {len(pins)} locked requirements unchecked.")
        return 0
    faults = list(_faults(found, waivers))
    for fault in faults:
        print(fault)
    print(f"{len(pins)} locked requirements audited: {len(faults)} unwaived vulnerabilities or waivers run out.")
    return 1 if faults else 0


def advisories(source: str, pins: Iterable[tuple[str, str]]) -> dict[tuple[str, str], list[str]]:
    """The ids of the advisories about each pinned requirement that has any."""
    asked = list(pins)
    queries = [{"package": {"name": name, "ecosystem": "PyPI"}, "version": version} for name, version in asked]
    request = urllib.request.Request(  # noqa: S310  # the address is the developer's own
        source, json.dumps({"queries": queries}).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310  # as above
        results = json.load(answer)["results"]
    return {
        pin: [each["id"] for each in result["vulns"]]
        for pin, result in zip(asked, results, strict=True)
        if result.get("vulns")
    }


def _faults(found: dict[tuple[str, str], list[str]], waivers: list[dict[str, Any]]) -> Iterable[str]:
    today = datetime.now(UTC).date()
    in_force = set()
    for waiver in waivers:
        if waiver["until"] >= today:
            in_force.add((waiver["package"], waiver["id"]))
        else:
            yield f"The waiver of {waiver['id']} in {waiver['package']} has run out on {waiver['until']}."
    for (name, version), ids in found.items():
        for advisory in ids:
            if (name, advisory) not in in_force:
                yield f"{name} {version} has a known vulnerability: {advisory}"


if __name__ == "__main__":
    sys.exit(main())
