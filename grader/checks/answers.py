"""Comparing answers with what the rows say."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any


def difference(  # noqa: PLR0911 -- a return for each kind of value
    seen: Any,  # noqa: ANN401 -- any JSON value
    expected: Any,  # noqa: ANN401 -- likewise
    where: str = "",
) -> str | None:
    """Return the first place where two answers differ, in words, or None where they are equal.

    Arrays are compared in order, timestamps as instants; what `seen` has beyond `expected` in an object is ignored.
    """
    if isinstance(expected, dict):
        if not isinstance(seen, dict):
            return f"{where or 'the answer'} is {_short(seen)}, not an object"
        for key, value in expected.items():
            if key not in seen:
                return f"{where or 'the answer'} has no {key}"
            if found := difference(seen[key], value, f"{where}.{key}".lstrip(".")):
                return found
        return None
    if isinstance(expected, list):
        if not isinstance(seen, list) or len(seen) != len(expected):
            count = f"{len(seen)} entries" if isinstance(seen, list) else _short(seen)
            return f"{where} has {count}, the rows say {len(expected)}"
        pairs = enumerate(zip(seen, expected, strict=True))
        return next((found for i, (s, e) in pairs if (found := difference(s, e, f"{where}[{i}]"))), None)
    if isinstance(expected, datetime):
        equal = _instant(seen) == expected
    else:
        equal = seen == expected and isinstance(seen, bool) == isinstance(expected, bool)
    return None if equal else f"{where} is {_short(seen)}, the rows say {_short(expected)}"


def _instant(text: object) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return instant if instant is None or instant.tzinfo else instant.replace(tzinfo=UTC)


def _short(value: object) -> str:
    text = str(value) if isinstance(value, datetime) else repr(value)
    return text if len(text) <= 60 else text[:57] + "…"  # noqa: PLR2004 -- what fits in a line


def count_objects(value: Any) -> int:  # noqa: ANN401 -- any JSON value
    """Return the number of JSON objects in a value, itself included.

    They are counted as opening braces, of which the texts that the grader writes into its rows hold none.
    """
    return json.dumps(value, default=str).count("{")
