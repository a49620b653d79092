"""Golden transcripts: the exact text that a learner sees for each of a kata's own wrong solutions."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from grader.kata import SOLUTIONS

if TYPE_CHECKING:
    from pathlib import Path

    from grader.kata import Entry

_VOLATILE = (
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "<id>"),
    (re.compile(r"\b127\.0\.0\.1:\d+\b"), "127.0.0.1:<port>"),
    (re.compile(r"\b\d+\.\d+ (s|ms)\b"), r"<time> \1"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"), "<moment>"),
    (re.compile(r"…[0-9a-f]{3,4}\b"), "…<id>"),
    (re.compile(r"\b20\d\d[01]\d(?:[0-3]\d\b|…)"), "<day>"),
    # a sequence goes on from schedule to schedule, and from one that is run again to the next
    (re.compile(r"(→ id )\d+\b"), r"\1<n>"),
    (re.compile(r"\{\d+(,\d+)*\}"), "{<n>}"),
    # statements of one request that run side by side are stopped in another mixture each time
    (re.compile(r"\b\d+( of \d+ statements were this one)"), r"<n>\1"),
)


def path_of(entry: Entry) -> Path:
    """Return where an entry's transcript stands."""
    return SOLUTIONS / entry.submission.kata.name / "transcripts" / f"{entry.name}.txt"


def normalised(text: str) -> str:
    """Return the text with what differs from run to run replaced."""
    for pattern, replacement in _VOLATILE:
        text = pattern.sub(replacement, text)
    return text


def read(path: Path) -> dict[str, str]:
    """Return the recorded text of each check; empty where nothing was recorded."""
    if not path.is_file():
        return {}
    parts = re.split(r"^── (.+) ──$\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], (text.strip("\n") for text in parts[2::2]), strict=True))


def record(path: Path, check: str, text: str) -> None:
    """Write the text of one check into the file, beside those of the others, in the order of their names."""
    texts = read(path) | {check: normalised(text).strip("\n")}
    path.parent.mkdir(parents=True, exist_ok=True)
    blocks = (f"── {name} ──\n{body}\n" for name, body in sorted(texts.items()))
    path.write_text("\n".join(blocks), encoding="utf-8")


def difference(path: Path, check: str, text: str) -> str | None:
    """Return how the text differs from the recorded one, or None where it does not."""
    recorded = read(path).get(check, "")
    shown = normalised(text).strip("\n")
    if shown == recorded:
        return None
    lines = difflib.unified_diff(recorded.splitlines(), shown.splitlines(), "recorded", "shown now", lineterm="")
    return "\n".join(lines)
