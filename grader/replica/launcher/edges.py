"""Calls and imports between the submission's modules as they happen, with the request that was under way.

A profile function sees every call of a Python function, in the main thread, in those started later, and in greenlets;
imports of what is loaded already run nothing, so that they are seen where they are asked for.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import json
import os
import sys
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from .callsite import frames

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType, ModuleType

    from .serve import Application, Message, Receive, Send

MOST_CALLERS = 16
"""How far back a call is followed, in files."""

_REQUEST: ContextVar[str] = ContextVar("request", default="")
Site = tuple[str, int]


def install(folder: str, descriptor: int) -> Edges:
    """Watch this process: edges between modules of `folder` go to the pipe `descriptor`, each once."""
    edges = Edges(folder, descriptor)
    threading.setprofile(edges.see)
    sys.setprofile(edges.see)
    builtins.__import__ = edges.seeing_statements(builtins.__import__)
    importlib.import_module = edges.seeing_names(importlib.import_module)
    return edges


class Edges:
    """What is known of the submission's modules so far."""

    def __init__(self, folder: str, descriptor: int) -> None:
        self._folder = folder.rstrip("/") + "/"
        self._descriptor = descriptor
        self._files: dict[str, str] = {}
        self._told: set[tuple[object, ...]] = set()

    def watch(self, application: Application) -> Application:
        """Return the application with each request's name ("POST /orders") known to all that runs for it."""

        async def watched(scope: Message, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                _REQUEST.set(f"{scope['method']} {scope['path']}")
            await application(scope, receive, send)

        return watched

    def see(self, frame: FrameType, event: str, _argument: object) -> None:
        """Take note of a call, as a profile function is told of it."""
        if event != "call":
            return
        code = frame.f_code
        file = self._file(code)
        if not file or code.co_name == "__del__":  # which is called at any moment, whoever runs
            return
        callers = self._callers(frame.f_back)
        if code.co_name == "<module>":
            self._tell(file, 1, "", callers)
        elif not callers or callers[0][0] != file:
            self._tell(file, code.co_firstlineno, code.co_qualname, callers)

    def seeing_statements(self, wrapped: Callable[..., ModuleType]) -> Callable[..., ModuleType]:
        """Return `__import__` so that what is imported by statements is seen."""

        @functools.wraps(wrapped)
        def importing(
            name: str,
            globals: Any = None,  # noqa: A002, ANN401 -- as it is called
            locals: Any = None,  # noqa: A002, ANN401 -- likewise
            fromlist: Any = (),  # noqa: ANN401 -- likewise
            level: int = 0,
        ) -> ModuleType:
            module = wrapped(name, globals, locals, fromlist, level)
            frame = sys._getframe(1)  # noqa: SLF001 -- the documented way to frames
            if self._file(frame.f_code):
                whole = sys.modules.get(name) if not level and not fromlist else module
                self._see_module(whole, frame)
                for part in fromlist or ():
                    self._see_module(sys.modules.get(f"{module.__name__}.{part}"), frame)
            return module

        return importing

    def seeing_names(self, wrapped: Callable[..., ModuleType]) -> Callable[..., ModuleType]:
        """Return `import_module` so that what is imported by name is seen."""

        @functools.wraps(wrapped)
        def importing(name: str, package: str | None = None) -> ModuleType:
            module = wrapped(name, package)
            self._see_module(module, sys._getframe(1))  # noqa: SLF001 -- the documented way to frames
            return module

        return importing

    def _see_module(self, module: ModuleType | None, frame: FrameType) -> None:
        file = getattr(module, "__file__", None) or ""
        callers = self._callers(frame)
        if callers and file.startswith(self._folder):
            self._tell(file.removeprefix(self._folder), 1, "", callers)

    def _callers(self, frame: FrameType | None) -> tuple[Site, ...]:
        """Return the submission's lines that led here, innermost first, one a file that was passed through."""
        found: list[Site] = []
        for caller in frames(frame):
            file = self._file(caller.f_code)
            if file and (not found or found[-1][0] != file):
                found.append((file, caller.f_lineno))
                if len(found) == MOST_CALLERS:
                    break
        return tuple(found)

    def _file(self, code: CodeType) -> str:
        """Return the file of `code` below the folder, or nothing if it is elsewhere."""
        file = code.co_filename  # not the code: equal ones may stand in two files
        known = self._files.get(file)
        if known is None:
            known = file.removeprefix(self._folder) if file.startswith(self._folder) else ""
            self._files[file] = known
        return known

    def _tell(self, file: str, line: int, function: str, callers: tuple[Site, ...]) -> None:
        """Tell the grader of an edge, once; an import has no function."""
        request = _REQUEST.get()
        edge = (file, line, function, callers, request)
        if edge in self._told:
            return
        self._told.add(edge)
        message = {"file": file, "line": line, "function": function, "callers": callers, "request": request}
        try:
            os.write(self._descriptor, json.dumps(message).encode() + b"\n")
        except OSError:
            # Whoever closed the pipe is not seen; the grader then has nothing to say yes to.
            return
