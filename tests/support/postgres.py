"""A private PostgreSQL server, run from the system's installation."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.canaries import CANARY

_FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def programs() -> Path | None:
    """The folder of `initdb` and `pg_ctl`; None if they are not installed."""
    on_path = shutil.which("initdb")
    folders = _FOLDERS if on_path is None else [*_FOLDERS, Path(on_path).resolve().parent]
    return next((each for each in folders if (each / "initdb").exists() and (each / "createdb").exists()), None)


class Postgres:
    """A server on a free loopback port, without durability, which tests do not need."""

    def __init__(self, folder: Path, directory: Path) -> None:
        self._folder = folder
        self._directory = directory
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._run("initdb", "-D", str(directory / "data"), "-A", "trust", "-U", "postgres", "--no-sync")

    def start(self) -> None:
        options = f"-p {self.port} -k {self._directory} -c listen_addresses=127.0.0.1 -c fsync=off"
        log = str(self._directory / "log")
        self._run("pg_ctl", "-D", str(self._directory / "data"), "-l", log, "-o", options, "-w", "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self._directory / "data"), "-m", "immediate", "-w", "stop")

    def database(self, name: str) -> str:
        """The URL of a new, empty database."""
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", name)
        # It trusts every password, and this one must not be seen.
        return f"postgresql://postgres:{CANARY}@127.0.0.1:{self.port}/{name}"

    def _run(self, program: str, *arguments: str) -> None:
        # The server refuses to run as root.
        user = "postgres" if os.getuid() == 0 else None
        command = [str(self._folder / program), *arguments]
        done = subprocess.run(
            command, user=user, cwd=self._directory, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
        )
        assert done.returncode == 0, done.stderr.decode()


@contextmanager
def running_postgres(folder: Path) -> Iterator[Postgres]:
    with tempfile.TemporaryDirectory(prefix="marketdata-postgres-") as name:
        directory = Path(name)
        if os.getuid() == 0:
            shutil.chown(directory, "postgres")
        server = Postgres(folder, directory)
        server.start()
        try:
            yield server
        finally:
            server.stop()
