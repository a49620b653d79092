"""`kata shape`, and the drawings in a brief that it makes."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from grader.kata import KATAS, PROJECT, SOLUTIONS, load_entry
from grader.report.footprint import render_footprint
from grader.shape import footprint, read_code

if TYPE_CHECKING:
    from pathlib import Path

ALTERNATIVES = sorted((SOLUTIONS / "01_layers_to_slices" / "alternatives").iterdir())
BRIEFS = [
    pytest.param(SOLUTIONS / "01_layers_to_slices", layer, id=f"01 {layer}") for layer in ("starter", "reference")
]


def _kata(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from grader.cli import main; main()", "shape", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- our own command


def test_a_folder_is_drawn() -> None:
    """The command prints the drawing of a folder."""
    folder = SOLUTIONS / "01_layers_to_slices" / "reference"
    done = _kata(str(folder))
    assert done.returncode == 0, done.stderr
    assert done.stdout == render_footprint(footprint(read_code(folder))) + "\n"
    assert "POST /orders/{order_id}/cancel: 2 files in 1 folder\n" in done.stdout


def test_a_kata_is_found_by_its_number() -> None:
    """A number, the kata's name, and a file in it stand for the learner's folder of that kata."""
    folder = KATAS / "01_layers_to_slices"
    drawn = _kata(str(folder)).stdout
    assert drawn
    for name in ("01", "1", "layers_to_slices", folder.name, str(folder / "app" / "main.py")):
        assert _kata(name).stdout == drawn


def test_a_wrong_solution_is_drawn_whole() -> None:
    """A solution of which only what differs stands in its folder is drawn with what it lies over."""
    drawn = _kata(str(SOLUTIONS / "01_layers_to_slices" / "mistakes" / "a_route_in_main")).stdout
    assert "POST /customers: 1 file in 1 folder\n    app/  main.py\n" in drawn, "what differs"
    assert "POST /orders: 2 files in 1 folder\n" in drawn, "what it lies over"


@pytest.mark.parametrize(
    ("files", "said", "status"),
    [
        (None, "there is no kata ", 2),
        ({}, "there is no Python file in app/", 1),
        ({"main.py": "def broken(:\n"}, "app/main.py is not Python", 1),
        ({"main.py": "x = 7\n"}, "no route is declared in app/", 1),
    ],
    ids=["no folder", "no code", "no Python", "no route"],
)
def test_what_cannot_be_drawn_is_said(tmp_path: Path, files: dict[str, str] | None, said: str, status: int) -> None:
    """One line says what is wrong, and no traceback is shown."""
    folder = tmp_path / "alice"
    for name, text in (files or {}).items():
        (folder / "app").mkdir(parents=True, exist_ok=True)
        (folder / "app" / name).write_text(text)
    if files is not None:
        folder.mkdir(exist_ok=True)
        shutil.copy(KATAS / "01_layers_to_slices" / "kata.toml", folder)
    done = _kata(str(folder))
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.startswith("kata: ")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def _require_shown(kata: Path, mark: str, language: str, wanted: str, request: pytest.FixtureRequest) -> None:
    """Require that the block behind a mark of the brief is the wanted text, or write it there where that is asked."""
    brief = kata / "starter" / "README.md"
    text = brief.read_text(encoding="utf-8")
    block = re.compile(rf"(<!-- {re.escape(mark)} -->\n```{language}\n)(.*?)(```\n)", re.DOTALL)
    found = block.search(text)
    assert found, f"{brief} has no block behind {mark}"
    if request.config.getoption("--record-transcripts"):
        brief.write_text(block.sub(lambda parts: parts[1] + wanted + parts[3], text), encoding="utf-8")
        return
    assert found[2] == wanted


@pytest.mark.parametrize(("kata", "layer"), BRIEFS)
def test_a_brief_shows_what_the_command_draws(kata: Path, layer: str, request: pytest.FixtureRequest) -> None:
    """The drawings in a brief are those of the code; --record-transcripts renews them."""
    drawn = render_footprint(footprint(read_code(kata / layer))) + "\n"
    _require_shown(kata, f"shape: {layer}", "", drawn, request)


@pytest.mark.parametrize("name", ["reference", *(f"alternatives/{path.name}" for path in ALTERNATIVES)])
def test_a_use_case_of_slices_stands_in_one_folder(name: str, tmp_path: Path) -> None:
    """Whatever the grain of its slices, each use case of a solution of kata 01 stands in one folder."""
    load_entry(SOLUTIONS / "01_layers_to_slices" / name).submission.write_to(tmp_path)
    found = footprint(read_code(tmp_path))
    assert [one.route for one in found.use_cases] == [
        "POST /books/{book_id}/restock",
        "POST /customers",
        "GET /orders",
        "POST /orders",
        "POST /orders/{order_id}/cancel",
    ]
    assert [len(one.folders) for one in found.use_cases] == [1] * 5
    assert all(file.startswith("app/shared/") for file in found.common)


def test_a_brief_quotes_the_projects_own_contract(request: pytest.FixtureRequest) -> None:
    """What the brief quotes of pyproject.toml stands there; --record-transcripts renews it."""
    settings = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    contract = re.search(r"^# The house: .*?^\]\n", settings, re.DOTALL | re.MULTILINE)
    assert contract
    _require_shown(SOLUTIONS / "01_layers_to_slices", "from: pyproject.toml", "toml", contract[0], request)
