"""From when on the solutions may be seen without a pass: a moment that an instructor sets.

In the project's pyproject.toml, for all katas or by number:

    [tool.backend-katas]
    solutions_from = 2026-11-27T15:00:00+01:00
    # or: solutions_from = { 03 = 2026-11-27T15:00:00, 04 = 2026-11-27T16:30:00 }

or in BACKEND_KATAS_SOLUTIONS_FROM, which goes before. A moment without an offset is the machine's local time.
"""

from __future__ import annotations

import tomllib
from datetime import datetime
from typing import TYPE_CHECKING

from grader.kata import PROJECT
from grader.settings import SettingError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grader.kata import Kata

VARIABLE = "BACKEND_KATAS_SOLUTIONS_FROM"
FILE = PROJECT / "pyproject.toml"


def solutions_from(kata: Kata, environment: Mapping[str, str]) -> datetime | None:
    """Return the moment that was set for a kata, None where none was; raises SettingError."""
    text = environment.get(VARIABLE)
    if text is not None:
        try:
            return datetime.fromisoformat(text).astimezone()
        except ValueError:
            raise SettingError(f"{VARIABLE} must be a moment like 2026-11-27T15:00, got {text!r}") from None
    try:
        data = tomllib.loads(FILE.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingError(f"{FILE} cannot be read: {error}") from error
    value = data.get("tool", {}).get("backend-katas", {}).get("solutions_from")
    if isinstance(value, dict):
        value = value.get(f"{kata.number:02d}")
    if value is not None and not isinstance(value, datetime):
        raise SettingError(f"{FILE}: solutions_from must be a moment like 2026-11-27T15:00:00, got {value!r}")
    return value and value.astimezone()
