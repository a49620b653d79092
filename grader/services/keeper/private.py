"""Files that hold a secret."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from grader.services.account import Account


def write_private(path: Path, text: str, account: Account) -> None:
    """Write a file that nobody but the account (and root) can read, at no moment."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        if account.stands_in:
            os.fchown(file.fileno(), account.uid, account.gid)
        file.write(text)
