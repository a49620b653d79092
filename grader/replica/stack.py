"""Reading what a replica says of where it stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_FRAME = re.compile(r'^  File "(?P<file>[^"]+)", line (?P<line>\d+) in (?P<name>.+)$')
_SHOWN = re.compile(r"^    (?P<file>.+):(?P<line>\d+) in ", re.MULTILINE)


def frames_of(text: str, folder: Path) -> str:
    """Return the frames below `folder`, by thread and task, innermost last, paths relative to it."""
    shown: list[str] = []
    title = ""
    frames: list[str] = []
    for line in [*text.splitlines(), ""]:
        match = _FRAME.match(line)
        if match is None:
            if frames:
                shown += [title, *reversed(frames)]
            title, frames = _title(line), []
        elif match["file"].startswith(f"{folder}/"):
            frames.append(f"    {match['file'].removeprefix(f'{folder}/')}:{match['line']} in {match['name']}")
    return "\n".join(shown)


def _title(line: str) -> str:
    """Return "Task load" or "Thread": the numbers that threads go by say nothing to anyone."""
    return line.removesuffix(" (most recent call first):") if line.startswith("Task ") else "Thread"


def innermost(shown: str) -> tuple[str | None, int | None]:
    """Return file and line of the innermost frame of the first thread or task shown."""
    block = re.split(r"\n(?! )", shown)[0]
    places = _SHOWN.findall(block)
    return (places[-1][0], int(places[-1][1])) if places else (None, None)
