"""A parent that is ready before its run: it has imported what submissions use, and waits at its standard input.

That is a socket: whoever keeps the spare gives its other end to the grader, which speaks as to any parent.
Its standard output, a pipe, is closed by it as soon as it is ready.
"""

from __future__ import annotations

import gc
import os
import select
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from . import parent
from .job import INTERPRETER

if TYPE_CHECKING:
    from collections.abc import Iterable

_Stamp = tuple[int, int, int]


def main(descriptor: int, *folders: str) -> int:
    """Import, wait for a run, and be its parent; `folders` are those of the packages on the grader's path."""
    control = os.dup(descriptor)
    _silence(descriptor, os.O_RDONLY)
    parent.extend_path(list(folders))
    installed = _stamps(sys.path)
    gc.disable()  # nothing that is imported is garbage
    imported = None
    with suppress(Exception):  # the parent of a run says what is wrong; packages may just be being installed
        parent.preimport()
        imported = _stamps(_files())
    gc.freeze()
    gc.enable()
    _silence(sys.stdout.fileno(), os.O_WRONLY)  # which says that it is ready
    select.select([control], [], [])
    if imported is None or installed != _stamps(sys.path) or imported != _stamps(imported):
        os.set_inheritable(control, True)  # noqa: FBT003 -- the call takes it by position only
        os.execv(sys.executable, [*INTERPRETER, "parent", str(control)])  # noqa: S606 -- this very command
    return parent.main(control)


def _silence(descriptor: int, mode: int) -> None:
    """Put the null device in place of a descriptor."""
    nothing = os.open(os.devnull, mode)
    os.dup2(nothing, descriptor)
    os.close(nothing)


def _files() -> list[str]:
    return [file for module in list(sys.modules.values()) if (file := getattr(module, "__file__", None))]


def _stamps(paths: Iterable[str]) -> dict[str, _Stamp | None]:
    """Return what tells that a file was changed or replaced; None for one that is not there."""
    return {path: _stamp(path) for path in paths}


def _stamp(path: str) -> _Stamp | None:
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
