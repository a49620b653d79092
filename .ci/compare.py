#!/usr/bin/env python3
"""Compares result files: the same submissions must get the same verdict, wherever they were graded.

    .ci/compare.py embedded=a.json containers=b.json ...

The first file is what the others are held against. Prints one line a file, and one a difference.
Not compared: seeds, versions, times, logs and evidence; within messages, what `VOLATILE` names.
Exits with 1 where anything differs, or where a file holds no check.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

COMPARED = ("task", "kind", "points", "earned", "outcome", "message", "schedules", "classes", "complete")
SHOWN = 8
VOLATILE = (
    (re.compile(r"\d+(\.\d+)? ?(ns|µs|us|ms|s|sec|seconds?|minutes?)\b"), "<time>"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?"), "<moment>"),
    (re.compile(r"\b(127\.0\.0\.1|localhost|\[::1\]):\d+"), "<address>"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "<uuid>"),
    (re.compile(r"\b(pid|process|port) \d+"), r"<\1>"),
    (re.compile(r"(/[\w.-]+)*/(tmp|katas-)[\w./-]*"), "<folder>"),
)

Checks = dict[tuple[str, str], dict[str, Any]]


def steady(value: object) -> object:
    """Return the value, volatile parts of a text replaced by names for them."""
    if isinstance(value, str):
        for pattern, name in VOLATILE:
            value = pattern.sub(name, value)
    return value


def under_project(folder: str) -> str:
    """Return the path from `katas/` or `solutions/` on, so that clones can be compared."""
    parts = Path(folder).parts
    start = next((i for i, part in enumerate(parts) if part in {"katas", "solutions"}), 0)
    return "/".join(parts[start:])


def checks_in(file: Path) -> Checks:
    """Return what is compared of each check, by submission and check id."""
    document = json.loads(file.read_text(encoding="utf-8"))
    return {
        (under_project(submission["submission"]), check["id"]): {name: steady(check[name]) for name in COMPARED}
        | {"token": (check["timeline"] or {}).get("token")}
        for submission in document["submissions"]
        for check in submission["checks"]
    }


def differences(one: Checks, other: Checks) -> list[str]:
    """Return one line for each check that is absent from one side or differs."""
    lines = []
    for key in sorted({*one, *other}):
        mine, theirs = one.get(key), other.get(key)
        if mine is None or theirs is None:
            lines.append(
                f"{' '.join(key)}: {'graded' if mine else 'not graded'} / {'graded' if theirs else 'not graded'}"
            )
        elif mine != theirs:
            name = next(name for name in COMPARED if mine[name] != theirs[name])
            lines.append(f"{' '.join(key)}: {name} {mine[name]!r} / {theirs[name]!r}")
    return lines


def main(arguments: list[str]) -> int:
    """Compare the files named as NAME=FILE and return the exit status."""
    say = sys.stdout.write
    if not arguments:
        say("there is no result file to compare\n")
        return 1
    (first, yardstick), *others = [
        (name, checks_in(Path(file))) for name, _, file in (a.partition("=") for a in arguments)
    ]
    say(f"{first}: {len(yardstick)} checks of {len({submission for submission, _ in yardstick})} submissions\n")
    worst = 0 if yardstick else 1
    for name, checks in others:
        found = differences(yardstick, checks)
        verdict = f"{len(found)} of {len(yardstick)} checks differ from {first}:" if found else f"the same as {first}"
        say(f"{name}: {verdict}\n" + "".join(f"    {line}\n" for line in found[:SHOWN]))
        worst |= bool(found)
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
