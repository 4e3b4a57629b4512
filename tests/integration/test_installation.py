"""What the Dockerfile does, done here: no engine is at hand to build it."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def instructions(name: str) -> list[str]:
    joined = DOCKERFILE.replace("\\\n", " ")
    return [line.removeprefix(f"{name} ") for line in joined.splitlines() if line.startswith(f"{name} ")]


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler here, which the image brings")
def test_install_steps_of_the_image_work_in_a_clean_environment(tmp_path: Path) -> None:
    build, installed = tmp_path / "build", tmp_path / "marketdata"
    build.mkdir()
    clean = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    stage = DOCKERFILE.split("\nFROM ")[1]
    for line in stage.splitlines():
        if line.startswith("COPY "):
            *sources, target = line.split()[1:]
            for source in sources:
                inside = build / (source if target.endswith("/") else target)
                inside.parent.mkdir(parents=True, exist_ok=True)
                subprocess.run(["cp", "-R", ROOT / source, inside], check=True)
        elif line.startswith("RUN ") and "apt-get" not in line:
            command = line.removeprefix("RUN ").replace("/opt/", f"{tmp_path}/")
            command = command.replace("python -m venv", f"{sys.executable} -m venv")
            subprocess.run(["sh", "-c", command], cwd=build, env=clean, check=True, capture_output=True)
    ended = subprocess.run(
        [installed / "bin" / "marketdata", "settings"],
        cwd=tmp_path,
        env=clean,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "server.port" in ended.stdout
    engine = [str(installed / "bin" / "python"), "-c", "from infrastructure.engine import ENGINE; print(ENGINE)"]
    assert subprocess.run(engine, cwd=tmp_path, env=clean, capture_output=True, check=True).stdout == b"compiled\n"
    page = installed.glob("lib/python3*/site-packages/api/reference/page.html")
    assert list(page), "files that are no code are installed too"
    for part in ("index.html", "shell/layout.js"):
        assert list(installed.glob(f"lib/python3*/site-packages/api/dashboard/{part}")), part


def test_image_copies_what_exists_and_runs_the_service_without_root() -> None:
    for copy in instructions("COPY"):
        if not copy.startswith("--from"):
            assert all((ROOT / source).exists() for source in copy.split()[:-1]), copy
    assert instructions("USER") == ["marketdata"]
    assert instructions("ENTRYPOINT") == ['["marketdata"]']
    assert instructions("CMD") == ['["serve"]']
    assert instructions("STOPSIGNAL") == ["SIGTERM"]
    assert len(instructions("FROM")) == 2
    assert all("slim" in image for image in instructions("FROM"))
    assert "/health/ready" in DOCKERFILE


@pytest.mark.parametrize("name", ["run", "compile", "dev"])
def test_requirements_are_locked_with_hashes_and_name_no_registry(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    packages = re.findall(r"^[a-z0-9].*?(?=\n[a-z0-9#]|\Z)", text, re.MULTILINE | re.DOTALL)
    assert len(packages) > 30
    for package in packages:
        assert re.match(r"[a-zA-Z0-9._-]+==[^ ]+", package), package[:60]
        assert "--hash=sha256:" in package, package[:60]
    assert not re.search(r"https?://|index-url|find-links", text)


def test_every_direct_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    text = (ROOT / "requirements" / "run.txt").read_text()
    for dependency in project["dependencies"]:
        name = re.match(r"[a-zA-Z0-9._-]+", dependency)
        assert name is not None
        assert re.search(rf"^{re.escape(name.group())}==", text, re.MULTILINE), dependency
