"""The jars of Apache Kafka: from Maven Central, in a cache, compared with the checksums of this repository.

`python -m deploy.kafka.jars` fetches them, and says where they are.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_HERE = Path(__file__).parent
_VERSION = "3.9.1"


class NoBroker(Exception):
    """A broker cannot run here. The message says what is missing."""


class NotFetched(NoBroker):
    """Maven cannot fetch the jars, which may be due to the network."""


def missing_programs() -> list[str]:
    """Return the programs that a broker needs and that are not installed."""
    return [each for each in ("java", "mvn") if shutil.which(each) is None]


def jars() -> Path:
    """Return the folder of the jars, which are downloaded where they are not in the cache.

    Raises:
        NoBroker: Java or Maven is missing, or a jar is not the one that is expected.
        NotFetched: the download fails.
    """
    if missing := missing_programs():
        raise NoBroker(f"a Kafka broker needs {' and '.join(missing)}, which this machine does not have")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "marketdata")
    folder = cache / f"kafka-{_VERSION}"
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as name:
            _download(Path(name, "jars"))
            _check(Path(name, "jars"))
            # Another process may have been faster.
            if not folder.is_dir():
                Path(name, "jars").rename(folder)
    _check(folder)
    return folder


def _download(folder: Path) -> None:
    command = ["mvn", "-q", "-B", "-f", str(_HERE / "pom.xml"), "dependency:copy-dependencies"]
    options = ["-DincludeScope=runtime", f"-DoutputDirectory={folder}"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotFetched(f"Maven cannot fetch Apache Kafka:\n{done.stdout}{done.stderr}")


def _check(folder: Path) -> None:
    for line in (_HERE / "SHA256SUMS").read_text().splitlines():
        expected, name = line.split()
        jar = folder / name
        if not jar.is_file() or hashlib.sha256(jar.read_bytes()).hexdigest() != expected:
            raise NoBroker(
                f"{jar} is not the file that {_HERE / 'SHA256SUMS'} expects; remove {folder} to fetch it anew"
            )


def main() -> int:
    try:
        print(f"Apache Kafka {_VERSION} is in {jars()}")
    except NoBroker as missing:
        print(f"Without Apache Kafka, everything that needs a broker is left out: {missing}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
