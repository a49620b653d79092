"""Code is read and never run, and what cannot be read is said."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from grader.shape import Import, UnreadableError, read_code

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Write = Callable[[Mapping[str, str]], Path]


def test_modules_and_imports(write: Write) -> None:
    """Modules are found with their trees, and the imports between them, in functions too, and relative ones."""
    code = read_code(
        write(
            {
                "__init__.py": "",
                "main.py": "import json\nfrom app.features import orders\n",
                "features/__init__.py": "",
                "features/orders/__init__.py": "from . import place\n",
                "features/orders/place.py": "def run():\n    from app.shared import rows\n    return rows\n",
                "shared/rows.py": "ROWS = 7\n",
            }
        )
    )
    assert sorted(code.modules) == [
        "app",
        "app.features",
        "app.features.orders",
        "app.features.orders.place",
        "app.main",
        "app.shared.rows",
    ]
    assert code.imports == (
        Import("app.features.orders", "app.features.orders.place", 1),
        Import("app.features.orders.place", "app.shared.rows", 2),
        Import("app.main", "app.features.orders", 2),
    )
    assert isinstance(code.modules["app.main"].tree.body[0], ast.Import)
    assert code.modules["app.features.orders"].is_package


def test_packages_without_an_init_are_read(write: Write) -> None:
    """A folder without `__init__.py` is a package to Python, and so here, however deep it lies."""
    code = read_code(write({"__init__.py": "", "main.py": "from app.a.b import c\n", "a/b/c.py": "import app.main\n"}))
    assert code.imports == (Import("app.a.b.c", "app.main", 1), Import("app.main", "app.a.b.c", 1))


def test_nothing_is_run(write: Write) -> None:
    """What a module would do when it is imported is not done, nor is one taken for a library's."""
    folder = write({"__init__.py": "raise SystemExit(7)\n", "main.py": "open('ran', 'w')\n"})
    for name in ("json.py", "grimp.py", "sitecustomize.py"):
        (folder / name).write_text("import pathlib\npathlib.Path(__file__).with_name('ran').touch()\n")
    assert set(read_code(folder).modules) == {"app", "app.main"}
    assert not (folder / "ran").exists()


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (b"def broken(:\n", 1, "app/bad.py is not Python"),
        (b"x = 1\ny = '\xff'\n", 2, "app/bad.py is not UTF-8"),
        (b"x = 1\n" * 1_000_000, 0, "app/bad.py is more code than is read"),
        (b"x = " + b"-" * 200_000 + b"1\n", 1, "app/bad.py cannot be parsed"),
        (b"x = a" + b".b" * 50_000 + b"\n", 1, "app/bad.py cannot be parsed"),
        (b"x = " + b"[" * 150 + b"]" * 150 + b"\n", 1, "app/bad.py cannot be parsed: it is nested too deeply"),
        (b"x = 1\x00\n", 1, "app/bad.py"),
    ],
    ids=["syntax", "encoding", "a million lines", "signs", "attributes", "brackets", "NUL"],
)
def test_what_cannot_be_read_is_said(write: Write, text: bytes, line: int, said: str) -> None:
    """A file that is no Python that can be read is named, with its line."""
    folder = write({"__init__.py": "", "main.py": ""})
    (folder / "app/bad.py").write_bytes(text)
    with pytest.raises(UnreadableError, match=said) as raised:
        read_code(folder)
    assert (raised.value.file, raised.value.line) == ("app/bad.py", line)


def test_links_and_compiled_code_are_said(write: Write) -> None:
    """A link to code, and code that is only there compiled, cannot be read for what it is."""
    folder = write({"__init__.py": "", "main.py": "", "a/b.py": ""})
    (folder / "app/linked").symlink_to("a")
    with pytest.raises(UnreadableError, match="app/linked is a symbolic link"):
        read_code(folder)
    (folder / "app/linked").unlink()
    (folder / "app/made.pyc").write_bytes(b"")
    with pytest.raises(UnreadableError, match=r"app/made\.pyc is compiled"):
        read_code(folder)


def test_nothing_to_read_is_said(tmp_path: Path) -> None:
    """A folder without code is no error of the grader."""
    with pytest.raises(UnreadableError, match="there is no Python file in app/"):
        read_code(tmp_path)
