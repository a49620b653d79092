"""Files that verbs write."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from grader.cli import Complaint

if TYPE_CHECKING:
    from pathlib import Path


def require_writable(path: Path | None) -> None:
    """Raise a Complaint, before anything slow, where a file that is to be written has no folder to stand in."""
    if path is not None and (path.is_dir() or not os.access(path.absolute().parent, os.W_OK)):
        raise Complaint(f"{path} cannot be written; name a file in a folder that there is")


def write(path: Path, text: str) -> None:
    """Write the file."""
    path.write_text(text, encoding="utf-8")
