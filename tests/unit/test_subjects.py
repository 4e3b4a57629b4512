"""Subjects do not know each other: a subject is a folder of one name in every layer. Access stands across them."""

import re
from pathlib import Path

SRC = Path(__file__).parents[2] / "src"
LAYERS = ("domain", "application", "infrastructure")
# All of them may know who sends something.
ACROSS = {"access"}
SUBJECTS = {folder.parent.name for folder in (SRC / "domain").glob("*/__init__.py")}


def imported(file: Path) -> set[str]:
    """The subjects whose folders a module imports from."""
    return {
        subject
        for subject in SUBJECTS
        if re.search(rf"^\s*(from|import) ({'|'.join(LAYERS)})\.{subject}\b", file.read_text(), re.MULTILINE)
    }


def test_prices_are_a_subject() -> None:
    assert "prices" in SUBJECTS
    assert imported(SRC / "infrastructure" / "prices" / "price_tables.py") == {"prices"}


def test_no_subject_imports_another() -> None:
    for layer in LAYERS:
        for subject in SUBJECTS:
            for file in (SRC / layer / subject).rglob("*.py"):
                assert imported(file) - ACROSS <= {subject}, file
