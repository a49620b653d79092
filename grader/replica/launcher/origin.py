"""On whose behalf something is done: the submission's, or a library's for itself."""

from __future__ import annotations

import asyncio
import contextlib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from .callsite import frames

if TYPE_CHECKING:
    from types import FrameType

# What they do is done for whoever called them.
_BETWEEN = ("asyncio", "anyio", "sniffio", "tenacity")
# They run the submission's functions, decorated ones too, and set no timers for themselves.
_FRAMEWORK = ("fastapi", "starlette")

_LOOPS_EDGE = asyncio.Handle._run.__code__  # noqa: SLF001 -- the frame below every callback


def _folders(names: tuple[str, ...]) -> tuple[str, ...]:
    specs = [spec for spec in map(find_spec, names) if spec is not None and spec.origin is not None]
    return tuple(str(Path(str(spec.origin)).parent) + "/" for spec in specs)


class Origin:
    """Looks at the frames of callers, innermost first, for the first that is not in between."""

    def __init__(self, folder: str) -> None:
        self._theirs = (folder.rstrip("/") + "/", *_folders(_FRAMEWORK))
        # Code without a file is made by another: dataclasses, named tuples, lambdas in `exec`.
        self._between = (*_folders(_BETWEEN), contextlib.__file__, str(Path(__file__).with_name("loop.py")), "<")
        self._known: dict[str, bool | None] = {}

    def is_theirs(self, frame: FrameType | None) -> bool | None:
        """Whether `frame` runs for the submission; None if the event loop runs it without anyone in between."""
        for caller in frames(frame):
            if caller.f_code is _LOOPS_EDGE:
                return None
            file = caller.f_code.co_filename  # not the code: equal ones may stand in two files
            if file not in self._known:
                self._known[file] = None if file.startswith(self._between) else file.startswith(self._theirs)
            known = self._known[file]
            if known is not None:
                return known
        return None
