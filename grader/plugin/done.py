"""A run as something that the learner has done."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

    from grader.verdict import Verdict


def note_progress(config: pytest.Config, verdicts: Iterable[Verdict]) -> None:
    """Note the verdicts in the learner's progress; where that cannot be done, say so and go on."""
    from grader.progress import ProgressError, record  # noqa: PLC0415 -- other runs need not pay for its import

    try:
        record(verdicts)
    except ProgressError as error:
        reporter = config.pluginmanager.getplugin("terminalreporter")
        if reporter is not None:
            reporter.ensure_newline()
            reporter.write_line(f"Not counted as an attempt: {error}")
