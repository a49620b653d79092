"""The notebooks in the repository: as they were run, from the top, and readable by everybody."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import nbformat
import pytest
from nbformat import NotebookNode

from grader.kata import PROJECT

NOTEBOOKS = sorted((PROJECT / "notebooks").glob("*.ipynb"))
CHECKED, UNCHECKED = "# NBVAL_CHECK_OUTPUT", "# NBVAL_IGNORE_OUTPUT"
MEASURED = {"# Milliseconds: they are those of one machine.", "# How often two requests meet is the moment's."}
"""All that a cell can have to say for itself whose output nobody compares."""
MOST_BYTES = 100_000
"""Of one output; a page of the site is light."""


@pytest.fixture(params=NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def notebook(request: pytest.FixtureRequest) -> NotebookNode:
    """Each notebook in turn."""
    read: NotebookNode = nbformat.read(request.param, as_version=4)  # type: ignore[no-untyped-call]
    return read


def _cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _data(notebook: NotebookNode) -> list[NotebookNode]:
    return [output for cell in _cells(notebook) for output in cell.outputs if "data" in output]


def test_there_are_notebooks() -> None:
    """They are where they are looked for."""
    assert "lab_bench" in {path.stem for path in NOTEBOOKS}


def test_it_was_run_from_the_top_once(notebook: NotebookNode) -> None:
    """Every cell has run, in order, on a kernel that had run nothing before, and none failed."""
    cells = _cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not [output for cell in cells for output in cell.outputs if output.output_type == "error"]


def test_the_servers_are_set_up_in_three_lines(notebook: NotebookNode) -> None:
    """The first cell opens the bench, and is short; the last closes it."""
    first, *_, last = _cells(notebook)
    assert "await Workbench.open(" in first.source
    assert len([line for line in first.source.splitlines() if line.strip()]) <= 3
    assert last.source == "await bench.close()"


def test_it_is_plain_python(notebook: NotebookNode) -> None:
    """No cell has a magic or a shell command in it."""
    assert not [
        cell.source for cell in _cells(notebook) if re.search(r"^\s*[%!]|get_ipython", cell.source, re.MULTILINE)
    ]


def test_something_in_it_is_checked(notebook: NotebookNode) -> None:
    """Cells whose figure is the point must come out the same, and have shown something."""
    checked = [cell for cell in _cells(notebook) if CHECKED in cell.source]
    assert len(checked) >= 3
    assert all(cell.outputs for cell in checked)


def test_what_it_shows_is_compared(notebook: NotebookNode) -> None:
    """A cell that shows something, pictures included, must show the same when it is run; what is measured says so.

    So no picture and no count can go on telling what the code once did.
    """
    for cell in _cells(notebook):
        first, second = [*cell.source.splitlines(), ""][:2]
        if cell.outputs and first != CHECKED:
            assert first == UNCHECKED, cell.source
            assert second in MEASURED, cell.source


def test_every_picture_says_what_it_shows(notebook: NotebookNode) -> None:
    """A picture has a text of its own in the output, in its metadata and in itself."""
    pictures = [output for output in _data(notebook) if any(kind.startswith("image/") for kind in output.data)]
    assert pictures
    for output in pictures:
        svg = ET.fromstring(output.data["image/svg+xml"])  # noqa: S314 -- our own
        alt = output.metadata["image/svg+xml"]["alt"]
        assert len(alt) > 40
        assert output.data["text/plain"] == alt
        assert svg.get("role") == "img"
        assert svg.find("{http://www.w3.org/2000/svg}title") is not None


def test_ids_are_unique_on_its_page(notebook: NotebookNode) -> None:
    """Pictures that stand on one page do not share ids, unless they are the same picture."""
    pictures = {output.data["image/svg+xml"] for output in _data(notebook) if "image/svg+xml" in output.data}
    ids = [each for svg in pictures for each in re.findall(r'\bid="([^"]+)"', svg)]
    assert len(ids) == len(set(ids))


def test_no_output_is_heavy(notebook: NotebookNode) -> None:
    """The page that is made of it loads fast."""
    assert max(len(str(output.data)) for output in _data(notebook)) < MOST_BYTES


def test_nothing_of_a_machine_is_in_it(notebook: NotebookNode) -> None:
    """No output holds an address, a port, a path or a warning of the machine that it was run on."""
    told = [str(output.get("text", "")) + str(output.get("data", "")) for c in _cells(notebook) for output in c.outputs]
    assert not [text for text in told if re.search(r"127\.0\.0\.1|localhost|/tmp/|/home/|/root/|Warning", text)]
    assert not [output for cell in _cells(notebook) for output in cell.outputs if output.get("name") == "stderr"]
