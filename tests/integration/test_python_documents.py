"""Python in the documents runs as written, in the order of each document."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from support.service import Service, environment

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"```python\n(?P<script>.*?)```\n(\n```text\n(?P<printed>.*?)```\n)?", re.DOTALL)


def scripts(document: str, service: Service) -> list[tuple[str, str | None]]:
    """(script, what it prints where the document shows it)"""
    text = (DOCS / document).read_text().replace("http://127.0.0.1:8000", service.url)
    return [(block["script"], block["printed"]) for block in BLOCK.finditer(text)]


def test_scripts_print_what_the_document_shows(start: Callable[..., Service]) -> None:
    blocks = scripts("python.md", start())
    assert len(blocks) == 5
    for script, printed in blocks:
        command = [sys.executable, "-W", "error", "-c", script]
        ended = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
        # pandas pads lines, editors strip them.
        assert (ended.stderr, re.sub(" +\n", "\n", ended.stdout)) == ("", printed), script


def test_stream_of_the_document_prints_prices(start: Callable[..., Service]) -> None:
    ((script, _),) = scripts("stream.md", start())
    running = subprocess.Popen([sys.executable, "-uc", script], stdout=subprocess.PIPE, text=True, env=environment())
    assert running.stdout is not None
    try:
        # It streams without end.
        lines = {running.stdout.readline(), running.stdout.readline()}
        assert "AAPL 101.25 101.25\n" in lines
    finally:
        running.kill()
        running.wait()
        running.stdout.close()


def test_notebook_runs_from_top_to_bottom(start: Callable[..., Service]) -> None:
    notebook = executed(start())
    assert "update_count=5" in shown_by(notebook, "read-statistics")
    # A wide table is shown in parts, each with all rows.
    rows = re.findall("^2026-01-31 ([0-9:]+)", shown_by(notebook, "read-candles"), re.MULTILINE)
    assert rows[:3] == ["12:00:00", "12:01:00", "12:02:00"]
    assert "104.5" in shown_by(notebook, "read-ticks")
    assert " up " in shown_by(notebook, "read-anomalies")


def test_notebook_is_kept_without_outputs() -> None:
    for cell in read().cells:
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None)


def read() -> Any:
    return nbformat.read(DOCS / "first-hour.ipynb", as_version=4)  # type: ignore[no-untyped-call]  # it has no types


def executed(service: Service) -> Any:
    notebook = read()
    NotebookClient(notebook, timeout=60).execute(env=environment(URL=service.url))
    return notebook


def shown_by(notebook: Any, cell_id: str) -> str:
    """The table, or other last value, of a cell as text."""
    (cell,) = [each for each in notebook.cells if each.id == cell_id]
    text: str = cell.outputs[-1].data["text/plain"]
    return text
