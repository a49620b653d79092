"""The submission's file and line in a comment behind every statement that it sends."""

from __future__ import annotations

import functools
import re
import sys
from importlib.abc import MetaPathFinder
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import greenlet  # type: ignore[import-untyped]  # has none
import psycopg
import sqlalchemy
from psycopg import sql
from sqlalchemy import event
from sqlalchemy.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from importlib.machinery import ModuleSpec
    from types import CodeType, FrameType, ModuleType

# What may stand in a comment and in a format string, and needs no escape in either.
_UNSAFE = re.compile(r"[^A-Za-z0-9_./-]")

_SQLALCHEMY = str(Path(str(sqlalchemy.__file__)).parent) + "/"
_DRIVERS = tuple(
    str(Path(spec.origin).parent) + "/" for spec in map(find_spec, ("psycopg", "asyncpg")) if spec and spec.origin
)

_ASYNCPG = ("execute", "executemany", "fetch", "fetchmany", "fetchrow", "fetchval", "prepare", "cursor")


def install(folder: str) -> None:
    """Tag the statements of this process with lines of `folder`."""
    sites = Sites(folder)

    def tag(
        _connection: object, _cursor: object, statement: str, parameters: object, _context: object, _many: object
    ) -> tuple[str, object]:
        return statement + sites.comment(sys._getframe(1)), parameters  # noqa: SLF001 -- the documented way to frames

    event.listen(Engine, "before_cursor_execute", tag, retval=True)
    for cursor in (psycopg.Cursor, psycopg.AsyncCursor, psycopg.ServerCursor, psycopg.AsyncServerCursor):
        for method in ("execute", "executemany", "stream"):
            if method in vars(cursor):
                setattr(cursor, method, _tagging(getattr(cursor, method), sites))
    if "asyncpg" in sys.modules:
        _tag_asyncpg(sys.modules["asyncpg"], sites)
    else:
        sys.meta_path.insert(0, _OnImport(sites))


def _tag_asyncpg(asyncpg: Any, sites: Sites) -> None:  # noqa: ANN401 -- the module
    connection = getattr(asyncpg, "Connection", None)  # a submission may have an asyncpg.py of its own
    for method in _ASYNCPG:
        if hasattr(connection, method):
            setattr(connection, method, _tagging(getattr(connection, method), sites))


class _OnImport(MetaPathFinder):
    """Tags asyncpg when the submission imports it, which few do: its import is not for all to wait for."""

    def __init__(self, sites: Sites) -> None:
        self._sites = sites

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG002 -- as importlib calls it
        """Find asyncpg as it would be found without this, and have it tagged once it has run."""
        if fullname != "asyncpg":
            return None
        sys.meta_path.remove(self)
        spec = find_spec(fullname)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                run(module)
                _tag_asyncpg(module, self._sites)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]  # of this one loader
        return spec


def _tagging(method: Callable[..., Any], sites: Sites) -> Callable[..., Any]:
    """Return `method` with its first argument tagged when it is called, not when it is awaited."""

    @functools.wraps(method)
    def tagging(self: object, query: Any = None, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 -- passes all on
        if query is None:
            return method(self, *args, **kwargs)
        frame = sys._getframe(1)  # noqa: SLF001 -- the documented way to frames
        if not _called_by_sqlalchemy(frame):
            query = tagged(query, sites.comment(frame))
        return method(self, query, *args, **kwargs)

    return tagging


def tagged(query: Any, comment: str) -> Any:  # noqa: ANN401 -- any kind of query the drivers know
    """Return `query` with `comment` at its end, once; a kind of query that is not known stays as it is."""
    if not comment:
        return query
    if isinstance(query, str):
        return query if query.endswith(comment) else query + comment
    if isinstance(query, bytes):
        return query if query.endswith(comment.encode()) else query + comment.encode()
    if isinstance(query, sql.Composable):
        return sql.Composed([query, sql.SQL(comment)])
    return query


def _called_by_sqlalchemy(frame: FrameType | None) -> bool:
    """Whether SQLAlchemy drives the driver: then the statement has its comment, or is none of the submission's."""
    while frame is not None and frame.f_code.co_filename.startswith(_DRIVERS):
        frame = frame.f_back
    return frame is not None and frame.f_code.co_filename.startswith(_SQLALCHEMY)


def frames(frame: FrameType | None) -> Iterator[FrameType]:
    """Yield the callers, innermost first; behind a greenlet's first frame stands the one that switched to it."""
    current = greenlet.getcurrent()
    while True:
        while frame is not None:
            yield frame
            frame = frame.f_back
        parent = current.parent
        if parent is None:
            return
        current, frame = parent, parent.gr_frame


class Sites:
    """Finds the line of the submission that a statement comes from."""

    def __init__(self, folder: str) -> None:
        self._folder = folder.rstrip("/") + "/"
        self._files: dict[str, str] = {}

    def comment(self, frame: FrameType | None) -> str:
        """Return ` /* katas:app/orders.py:31 */` for the innermost frame of the submission, or nothing."""
        for caller in frames(frame):
            file = self._file(caller.f_code)
            if file:
                return f" /* katas:{file}:{caller.f_lineno} */"
        return ""

    def _file(self, code: CodeType) -> str:
        """Return the file of `code` below the folder, or nothing if it is elsewhere; unsafe characters become `_`."""
        file = code.co_filename  # not the code: equal ones may stand in two files
        known = self._files.get(file)
        if known is None:
            known = _UNSAFE.sub("_", file.removeprefix(self._folder)) if file.startswith(self._folder) else ""
            self._files[file] = known
        return known
