"""A submission's code as it is read: modules with their syntax trees, and the imports between them."""

from __future__ import annotations

import base64
import json
import os
import pickle
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ast

ROOT = "app"
"""The package that a submission's service is."""
MOST_BYTES = 256 << 10
"""The largest file that is read, and a quarter of what is read in all: a kata's code has some 20 KB."""
SECONDS = 30.0

_COMPILED = {".pyc", ".pyd", ".so"}
_SKIPPED = {"__pycache__"}


class UnreadableError(Exception):
    """The code cannot be read; the message says which file and why. `line` is 0 where it is the whole file."""

    def __init__(self, message: str, file: str, line: int = 0) -> None:
        super().__init__(message)
        self.file = file
        self.line = line


@dataclass(frozen=True, slots=True)
class Module:
    """A module: its dotted name, its file relative to the submission, and its syntax tree."""

    name: str
    file: str
    tree: ast.Module

    @property
    def is_package(self) -> bool:
        """Whether it is a package's `__init__.py`."""
        return self.file.endswith("__init__.py")


@dataclass(frozen=True, slots=True)
class Import:
    """An import of one module by another, wherever in it it stands."""

    importer: str
    imported: str
    line: int


@dataclass(frozen=True, slots=True)
class Code:
    """All modules of a submission's `app`, by name, and the imports between them in the order of their lines."""

    modules: dict[str, Module]
    imports: tuple[Import, ...]

    def module_of(self, file: str) -> Module | None:
        """Return the module that stands in `file`."""
        return next((module for module in self.modules.values() if module.file == file), None)


def read_code(folder: Path) -> Code:
    """Read the code of the submission in `folder`; UnreadableError where that cannot be done.

    Nothing of it is run, nor imported. It is parsed in a process of its own, since code that is nested deeply can end
    a parser's process, and since Python 3.11 cannot parse in two threads at once (python/cpython#106905).
    """
    files = _files(folder)
    found = _scan(folder, files)
    trees: dict[str, ast.Module] = pickle.loads(base64.b64decode(found["trees"]))  # noqa: S301 -- made by our own program
    imports = sorted((Import(*one) for one in found["imports"]), key=lambda one: (one.importer, one.line, one.imported))
    return Code({name: Module(name, file, trees[name]) for name, file in files.items()}, tuple(imports))


def _files(folder: Path) -> dict[str, str]:
    """Return the modules below `app` by name, each with its file relative to `folder`."""
    found = []
    room = 4 * MOST_BYTES
    for here, folders, names in os.walk(folder / ROOT):
        folders[:] = [name for name in folders if name not in _SKIPPED]
        for name in (*folders, *names):
            path = Path(here, name)
            file = path.relative_to(folder).as_posix()
            if path.is_symlink():
                raise UnreadableError(f"{file} is a symbolic link; code is read from plain files", file)
            if path.suffix in _COMPILED and path.is_file():
                raise UnreadableError(f"{file} is compiled; code is read from .py files", file)
            if path.suffix != ".py" or not path.is_file() or not path.stem.isidentifier():
                continue
            size = path.stat().st_size
            room -= size
            if size > MOST_BYTES or room < 0:
                limit = f"{MOST_BYTES >> 10} KB a file, 1 MB in all"
                raise UnreadableError(f"{file} is more code than is read: {limit}", file)
            found.append(file)
    if not found:
        raise UnreadableError(f"there is no Python file in {ROOT}/", ROOT)
    return {file.removesuffix(".py").removesuffix("/__init__").replace("/", "."): file for file in sorted(found)}


def _scan(folder: Path, files: dict[str, str]) -> dict[str, Any]:
    """Return what the program says of these modules; UnreadableError where one is not Python."""
    order = json.dumps({"folder": str(folder.resolve()), "files": files})
    command = [sys.executable, "-P", "-m", f"{__package__}.scan"]
    try:
        done = subprocess.run(command, input=order.encode(), capture_output=True, timeout=SECONDS, check=False)  # noqa: S603 -- our own program
        out, failed = done.stdout, done.stderr.decode(errors="replace") if done.returncode > 0 else ""
    except subprocess.TimeoutExpired as error:
        out, failed = error.stdout or b"", ""
    if failed:
        raise RuntimeError(f"{__package__}.scan failed: {failed}")
    said = [json.loads(line) for line in out.splitlines()]
    last: dict[str, Any] = said[-1] if said else {"file": ROOT}
    if "fault" in last:
        raise UnreadableError(last["fault"], last["file"], last["line"])
    if "imports" not in last:
        raise UnreadableError(f"{last['file']} cannot be parsed: it is nested too deeply", last["file"])
    return last
