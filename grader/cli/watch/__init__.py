"""`kata watch`: a kata graded again at every save."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from grader.cli import Complaint
from grader.cli.chosen import Named, require_folder, submission_of
from grader.cli.terminal import say
from grader.progress import ProgressError, began
from grader.settings import settings_of

if TYPE_CHECKING:
    from pathlib import Path


def command(kata: Named = None) -> None:
    """Grade a kata again at every save, what failed first."""
    submission = submission_of(kata)
    require_folder(submission)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Complaint(f"kata watch needs a terminal; where there is none: pytest {_short(submission.folder)}")
    settings = settings_of(os.environ)
    say(f"Watching {_short(submission.folder)} …")
    from grader.cli.watch.app import Watch  # noqa: PLC0415 -- slow to import, and said before
    from grader.grade import options_of  # noqa: PLC0415 -- likewise

    try:
        began(submission.folder)
    except ProgressError as error:
        say(str(error))
    raise SystemExit(Watch(submission, options_of(settings)).run() or 0)


def _short(folder: Path) -> str:
    return os.path.relpath(folder)
