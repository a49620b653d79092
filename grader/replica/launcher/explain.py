"""Why the submission did not start, in one sentence of its author's words."""

from __future__ import annotations

import re
import sys
import traceback
from pathlib import Path
from typing import Any

_SENTENCE = 500
_TRACEBACK = 20_000
_OURS = str(Path(__file__).parent)

DOING = {
    "import": "app.main was imported",
    "create_app": "create_app() ran",
    "lifespan": "the application's lifespan started",
    "serving": "the application served requests",
    "command": "the command ran",
}


class WrongShapeError(Exception):
    """The submission imports, but is not what the grader can start; the message is the reason."""


def explain(error: BaseException, stage: str, folder: Path, memory_bytes: int) -> dict[str, Any]:
    """Return `reason`, `traceback`, `file` and `line` for what was raised in `stage`."""
    place = _place(error, folder)
    reason = _reason(error, stage, folder, memory_bytes)
    if place is not None and not isinstance(error, SyntaxError):
        reason = f"{reason} ({place[0]}:{place[1]})"
    shown = "" if isinstance(error, WrongShapeError) else _their_traceback(error, folder)
    return {
        "reason": _relative(reason, folder) + hidden_names(folder),
        "traceback": shown,
        "file": place[0] if place else None,
        "line": place[1] if place else None,
    }


def hidden_names(folder: Path) -> str:
    """Return a sentence about modules of the submission that Python's own hide, or nothing."""
    try:
        entries = list(folder.iterdir())
    except OSError:
        return ""
    names = (entry.stem for entry in entries if entry.suffix == ".py" or (entry / "__init__.py").is_file())
    hidden = sorted(name for name in names if name in sys.stdlib_module_names)
    if not hidden:
        return ""
    listed = ", ".join(f"{name}.py" if (folder / f"{name}.py").is_file() else f"{name}/" for name in hidden)
    return f"; note that {listed} has the name of a module of Python's own, and `import {hidden[0]}` finds Python's"


def _reason(error: BaseException, stage: str, folder: Path, memory_bytes: int) -> str:  # noqa: PLR0911 -- a table
    doing = DOING[stage]
    if isinstance(error, WrongShapeError):
        return str(error)
    if isinstance(error, MemoryError):
        return f"the process ran out of memory (limit {size(memory_bytes)}) while {doing}"
    if isinstance(error, SystemExit):
        return f"the process was ended with sys.exit({error.code if error.code is not None else ''}) while {doing}"
    if isinstance(error, SyntaxError):
        return _syntax(error, folder)
    said = _said(error)
    if isinstance(error, ModuleNotFoundError) and stage == "import" and error.name:
        return f"there is no module {error.name!r} to import"
    if stage == "create_app":
        return f"create_app() raised {said}"
    return f"{said} was raised while {doing}"


def _syntax(error: SyntaxError, folder: Path) -> str:
    file = _relative(error.filename or "a file", folder)
    where = f"{file}, line {error.lineno}" if error.lineno else file
    if "codec can't decode" in (error.msg or "") or "Non-UTF-8" in (error.msg or ""):
        return f"{where}: the file is not UTF-8 ({error.msg})"
    text = f": {error.text.strip()}" if error.text and error.text.strip() else ""
    return f"{where}: {error.msg} ({type(error).__name__}){text}"


def _said(error: BaseException) -> str:
    text = "".join(traceback.TracebackException(type(error), error, None).format_exception_only()).strip()
    text = re.sub(r"\s+", " ", text)
    name = type(error).__name__
    text = f"{name}{text[text.index(':') :]}" if ":" in text and text.split(":")[0].endswith(name) else text
    return text if len(text) <= _SENTENCE else text[:_SENTENCE] + "…"


def _place(error: BaseException, folder: Path) -> tuple[str, int] | None:
    """Return the innermost line of the submission that `error` passed through."""
    if isinstance(error, SyntaxError) and error.filename and _is_theirs(error.filename, folder):
        return _relative(error.filename, folder), error.lineno or 1
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        frames = [f for f in traceback.walk_tb(current.__traceback__) if _is_theirs(f[0].f_code.co_filename, folder)]
        if frames:
            frame, line = frames[-1]
            return _relative(frame.f_code.co_filename, folder), line
        current = current.__cause__ or current.__context__
    return None


def _their_traceback(error: BaseException, folder: Path) -> str:
    shown = traceback.TracebackException.from_exception(error, compact=True)
    _cut(shown, folder)
    text = _relative("".join(shown.format()), folder)
    if len(text) > _TRACEBACK:
        half = _TRACEBACK // 2
        text = f"{text[:half]}\n… {len(text) - 2 * half} characters more …\n{text[-half:]}"
    return text


def _cut(shown: traceback.TracebackException, folder: Path) -> None:
    """Drop the frames that led to the submission's first; where it has none, drop only the launcher's."""
    theirs = [number for number, frame in enumerate(shown.stack) if _is_theirs(frame.filename, folder)]
    if theirs:
        kept = list(shown.stack)[theirs[0] :]
    else:
        kept = [f for f in shown.stack if not f.filename.startswith((_OURS, "<frozen importlib"))]
    shown.stack[:] = kept
    for other in (shown.__cause__, shown.__context__, *(shown.exceptions or ())):
        if other is not None:
            _cut(other, folder)


def _is_theirs(file: str, folder: Path) -> bool:
    return file.startswith(f"{folder}/")


def _relative(text: str, folder: Path) -> str:
    return text.replace(f"{folder}/", "").replace(str(folder), ".")


def size(count: int) -> str:
    """Return a number of bytes as people write it: `1 GB`, `256 MB`."""
    for unit, name in ((1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "KB")):
        if count >= unit:
            return f"{count / unit:.4g} {name}"
    return f"{count} bytes"
