"""The file `.kata/progress.toml` in the project's folder: a table a kata, for people to read, changed as a whole."""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
import tomllib
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from grader.kata import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator

PLACE = PROJECT / ".kata"
"""Where all that a learner leaves behind stands; git ignores it."""
FILE = PLACE / "progress.toml"
VERSION = 1

_HEAD = """\
# What you have done in Backend Katas. It is yours: nothing sends it anywhere.
# points: the most so far, latest: those of the latest attempt, an attempt: all checks run once,
# seconds: from one run to the next, pauses of more than 15 minutes left out; hints: how many of each task were given.
"""


class ProgressError(Exception):
    """What a learner has done cannot be read, kept or put back; the message says why, and what mends it."""


def load() -> dict[str, dict[str, Any]]:
    """Return the table of each kata by the kata's name, empty where there is no file yet; raises ProgressError."""
    try:
        data = tomllib.loads(FILE.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise damaged(str(error)) from error
    if data.pop("version", None) != VERSION:
        raise damaged(f"version must be {VERSION}")
    for name, table in data.items():
        if not isinstance(table, dict):
            raise damaged(f"{name} must be a table, got {table!r}")
    return data


def damaged(reason: str) -> ProgressError:
    """Return the error that says that the file is not as it was written."""
    return ProgressError(
        f"{FILE} cannot be read: {reason}. Nothing of it is lost; mend it, or begin anew: mv {FILE} {FILE}.old"
    )


@contextmanager
def changing() -> Iterator[dict[str, dict[str, Any]]]:
    """Give the tables to change, and write them in the end, while nobody else does; raises ProgressError."""
    try:
        PLACE.mkdir(exist_ok=True)
        with (PLACE / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            tables = load()
            yield tables
            _write(_text(tables))
    except OSError as error:
        raise ProgressError(f"{PLACE} cannot be written to, so nothing is remembered: {error}") from error


def _write(text: str) -> None:
    descriptor, name = tempfile.mkstemp(prefix="progress-", dir=PLACE)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as draft:
            draft.write(text)
            draft.flush()
            os.fsync(draft.fileno())
        os.chmod(name, 0o644)  # noqa: PTH101 -- mkstemp gives a name
        os.replace(name, FILE)  # noqa: PTH105 -- likewise
    except BaseException:
        os.unlink(name)  # noqa: PTH108 -- likewise
        raise


def _text(tables: dict[str, dict[str, Any]]) -> str:
    lines = [_HEAD + f"version = {VERSION}"]
    for name, table in sorted(tables.items()):
        plain = {key: value for key, value in table.items() if not isinstance(value, dict)}
        lines += ["", f"[{name}]", *(f"{key} = {_value(value)}" for key, value in plain.items())]
        for key, inner in table.items():
            if isinstance(inner, dict) and inner:
                lines += ["", f"[{name}.{key}]", *(f"{k} = {_value(v)}" for k, v in inner.items())]
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, str):
        # JSON's escapes are TOML's too; half a surrogate pair and DEL are what TOML does not take
        whole = value.encode("utf-8", "replace").decode("utf-8")
        return json.dumps(whole, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)
