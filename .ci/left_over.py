#!/usr/bin/env python3
"""Prints the processes that bear a folder's name in their command line or environment, this process's group left out.

.ci/left_over.py FOLDER
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def left_over(folder: str) -> dict[int, str]:
    """Return the command lines of such processes by process id."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            known = command + (process / "environ").read_bytes()
            if os.fsencode(folder) in known and os.getpgid(int(process.name)) != os.getpgrp():
                found[int(process.name)] = os.fsdecode(command.replace(b"\0", b" "))[:200].strip()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it ended meanwhile, or is somebody else's
    return found


if __name__ == "__main__":
    for pid, text in sorted(left_over(sys.argv[1]).items()):
        sys.stdout.write(f"{pid} {text}\n")
