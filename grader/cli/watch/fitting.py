"""A finding's text in a window that is narrower than it."""

from __future__ import annotations

import textwrap

_LEAD = len("Must hold: ")
_LEADS = ("The grader ", "Seen:      ", "Must hold: ", "Why:       ")


def fitted(text: str, width: int) -> str:
    """Return a rendered finding with its sentences laid out in `width`; lanes, code and commands keep their lines."""
    lines: list[str] = []
    inside = False
    for line in text.split("\n"):
        if inside and line.startswith(" " * _LEAD) and line.strip():
            lines[-1] += f" {line.strip()}"
            continue
        inside = line.startswith(_LEADS)
        lines.append(line)
    return "\n".join(_filled(line, width) for line in lines)


def _filled(line: str, width: int) -> str:
    if len(line) <= width or line.startswith((" ", "Again: ")):
        return line
    indent = " " * _LEAD if line.startswith(_LEADS) else ""
    return textwrap.fill(line, max(width, 2 * _LEAD), subsequent_indent=indent, break_long_words=False)
