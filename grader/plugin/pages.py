"""The page of a run: its verdicts with the folders and ids by which pytest knows them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from grader.report.page import Graded, page

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from grader.plugin.items import CheckItem
    from grader.verdict import Verdict


def write_page(folder: Path, verdicts: Iterable[Verdict], items: Sequence[CheckItem]) -> None:
    """Write index.html into a folder, which is made where it is not there."""
    folder.mkdir(exist_ok=True)
    graded = [_graded(verdict, items) for verdict in verdicts]
    (folder / "index.html").write_text(page(graded), encoding="utf-8")


def _graded(verdict: Verdict, items: Iterable[CheckItem]) -> Graded:
    made = [item for item in items if str(item.entry.submission.folder) == verdict.submission]
    submission = made[0].entry.submission
    name = os.path.relpath(submission.folder, made[0].config.invocation_params.dir)
    again = {item.name: item.again for item in made}
    return Graded(verdict, submission.kata, name, submission.layers[::-1], again)
