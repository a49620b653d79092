#!/usr/bin/env python3
"""Prints the commands of one block of README.md, so that CI runs what readers are told to run.

    .ci/readme.py learner-uv

The block is the fenced one after the comment `<!-- ci: learner-uv -->`.
Where lines in it begin with `$ `, those are the commands and the rest is output; else every line is a command.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"


def commands(text: str, name: str) -> list[str]:
    """Return the commands of the block; SystemExit where there is not exactly one such block."""
    blocks = re.findall(rf"^<!-- ci: {re.escape(name)} -->\s*^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    if len(blocks) != 1:
        sys.exit(f"README.md: {len(blocks)} blocks are marked <!-- ci: {name} -->, there must be one")
    lines = blocks[0].splitlines()
    return [line[2:] for line in lines if line.startswith("$ ")] or lines


if __name__ == "__main__":
    sys.stdout.write("\n".join(commands(README.read_text(encoding="utf-8"), sys.argv[1])) + "\n")
