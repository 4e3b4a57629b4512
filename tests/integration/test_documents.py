"""What the documents show is what happens."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from infrastructure.settings_loader import load_settings
from support.service import MARKETDATA, Service, environment, eventually

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()
# What differs from run to run and from machine to machine.
VOLATILE = (
    r'"traceId":"[0-9a-f]{32}"',
    r'"(uptimeSeconds|throughputPerSecond|staleness)":[0-9.]+',
    r'"engine":"(compiled|interpreted)"',
    r'"partitions":\[.*\]',
)
# Commands that no test runs, or another one does.
NOT_RUN = (
    r"make run ",  # below
    r"make test ",  # this is it
    r"make (bench|soak|overload)|\.venv/bin/python -m benchmarks\.",  # they measure, for minutes
    r"docker ",  # needs its daemon
    r"pip install ",  # needs a package registry
)


def examples(document: str) -> list[tuple[str, str]]:
    """(command, what it prints) of a document's blocks with an answer, in their order."""
    found: list[tuple[str, str]] = []
    for block in re.findall(r"```console\n(.*?)```", (ROOT / document).read_text(), re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, printed = part.partition("\n")
            if "curl" in command:
                found.append((command, printed))
    return found


def stable(text: str) -> str:
    for pattern in VOLATILE:
        text = re.sub(pattern, "~", text)
    return text.strip()


CURLS = {
    "README.md": 4,
    "docs/api.md": 21,
    "docs/options.md": 15,
    "docs/readings.md": 6,
    "docs/rules.md": 8,
    "docs/stream.md": 1,
    "docs/trades.md": 7,
}


@pytest.mark.parametrize(("document", "commands"), CURLS.items())
def test_every_curl_of_a_document_answers_as_printed(
    start: Callable[..., Service], document: str, commands: int
) -> None:
    service = start()
    assert len(examples(document)) >= commands
    for command, printed in examples(document):
        here = command.replace("http://127.0.0.1:8000", shlex.quote(service.url))
        here = here.replace(".venv/bin/python", shlex.quote(sys.executable))
        ran = subprocess.run(
            ["bash", "-c", here],
            capture_output=True,
            text=True,
            check=True,
        )
        service.settled()
        assert stable(ran.stdout) == stable(printed), command


def test_every_command_of_the_access_page_answers_as_printed(start: Callable[..., Service]) -> None:
    service = start(AUTH__ENABLED="true")
    document = (ROOT / "docs" / "access.md").read_text()
    blocks = re.findall(r"```console\n(.*?)```", document, re.DOTALL)
    lines = "".join(blocks).replace(".venv/bin/marketdata", MARKETDATA).replace("http://127.0.0.1:8000", service.url)
    # A running service notices a change of keys after a moment.
    known = (
        f'$(curl -s -o /dev/null -w "%{{http_code}}" {service.url}/schema/openapi.json -H "Authorization: Bearer $KEY")'
    )
    script, printed = "set -e\n", ""
    for line in lines.splitlines():
        if not line.startswith("$ "):
            printed += line + "\n"
            continue
        command = line.removeprefix("$ ")
        script += command + "\n"
        if "curl" in command and "-w" not in command and "sign-out" not in command:
            script += "echo\n"
        if "users create" in command:
            # Of somebody who is known, a wrong invitation is refused as any other; so wait for the one that is right.
            script += f"until grep -q 'account invited' {service.log}; do sleep 0.05; done\n"
        if "keys create" in command:
            script += f"KEY=${command.partition('=')[0]}; until [ {known} = 200 ]; do sleep 0.05; done\n"
        if "keys revoke" in command:
            script += f"KEY=$FEEDER; until [ {known} = 401 ]; do sleep 0.05; done\n"
    ran = subprocess.run(
        ["bash", "-c", script],
        cwd=service.directory,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert stable(ran.stdout) == stable(printed)


def test_every_command_of_the_command_line_page_runs_as_written(start: Callable[..., Service]) -> None:
    service = start()
    service.post({"symbol": "GOLD", "price": 100})
    service.settled()
    document = (ROOT / "docs" / "command-line.md").read_text()
    commands = re.findall(r"^\$ (.*)$", document, re.MULTILINE)
    assert len(commands) >= 7
    for command in commands:
        here = command.replace(".venv/bin/marketdata", MARKETDATA)
        here = re.sub(r"marketdata (replay|watch)", rf"marketdata \1 --url {service.url}", here)
        # Without an end of its own, it watches until Ctrl+C.
        if "watch" in command and "--once" not in command:
            assert "Traceback" not in watched_until_interrupted(here, service)
            continue
        ran = subprocess.run(
            ["bash", "-c", here],
            cwd=service.directory,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in ran.stderr
        # The rejected tick that the page shows makes replay end with 1.
        assert ran.returncode == int("replay" in command), (command, ran.stderr)
        printed = without_times(document.partition(f"$ {command}\n")[2].partition("```")[0])
        if "replay" in command:
            assert set(printed.splitlines()) <= set(without_times(ran.stdout + ran.stderr).splitlines())


def watched_until_interrupted(command: str, service: Service) -> str:
    """Run a command that watches, interrupt it once it does, and return its standard error."""
    with subprocess.Popen(
        ["bash", "-c", command],
        cwd=service.directory,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            eventually(lambda: watchers(service) == 1, 60)
            assert process.poll() is None
            os.killpg(process.pid, signal.SIGINT)
            _, errors = process.communicate(timeout=60)
        except BaseException:
            # Whoever started the tests may have them, and all they start, ignore interrupts.
            os.killpg(process.pid, signal.SIGKILL)
            raise
    eventually(lambda: watchers(service) == 0)
    return errors


def watchers(service: Service) -> float:
    lines = service.client.get("/metrics").text.splitlines()
    counts = [line for line in lines if line.startswith("marketdata_stream_connections{")]
    return sum(float(line.split()[-1]) for line in counts)


def without_times(text: str) -> str:
    return re.sub(r"in \S+ s \(.*\)", "", text)


def test_make_run_starts_the_service_as_the_readme_says(tmp_path: Path) -> None:
    assert "$ make run " in README
    process = subprocess.Popen(
        ["make", "run", "ARGS=--port 0"],
        cwd=ROOT,
        env=environment(STORAGE__DATA_DIR=str(tmp_path)),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        # What make says before it.
        greeting = next(line for line in process.stdout if line.startswith("marketdata listens on"))
        assert "SIMULATED" in process.stdout.readline()
        with httpx.Client(base_url=greeting.split()[-1]) as client:
            eventually(lambda: client.get("/api/prices").json()["total"] == 5)
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=60)
        process.stdout.close()


def test_every_command_of_every_document_is_run_or_has_a_reason_not_to_be() -> None:
    tested_above = ("docs/access.md", "docs/command-line.md", *CURLS)
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        name = str(document.relative_to(ROOT))
        for command in re.findall(r"^\$ (.*)$", document.read_text(), re.MULTILINE):
            whole = ("docs/access.md", "docs/command-line.md")
            is_tested = name in tested_above and ("curl" in command or name in whole)
            assert is_tested or any(re.match(each, command) for each in NOT_RUN), f"{name}: {command}"


def test_greeting_is_as_printed(start: Callable[..., Service]) -> None:
    # As `make run` starts it.
    service = start("--simulation")
    assert service.process.stdout is not None
    rest = [service.process.stdout.readline() for _ in range(8)]
    greeting = f"marketdata listens on {service.url}\n" + "".join(rest)
    assert greeting.replace(service.url, "http://127.0.0.1:8000") in README


def test_configuration_table_has_every_key() -> None:
    keys = set(load_settings().origins)
    table = CONFIGURATION
    assert keys == set(re.findall(r"`([a-z]+(?:\.[a-z0-9_]+)+)`", table)) - {"appsettings.toml"}


def test_links_in_the_documents_lead_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for link in re.findall(r"\]\((?!https?://|#)([^)#]+)", document.read_text()):
            assert (document.parent / link).exists(), f"{document.name}: {link}"
