"""What README shows is what its commands print."""

from pathlib import Path

import pytest

from grader.kata import PROJECT
from grader.tests.grade.project import KATA, pytest_in, submission, without_times

README = PROJECT / "README.md"


def _shown(name: str) -> tuple[str, str, str]:
    """Return README's text before, in and after the transcript of this name."""
    head, mark, rest = README.read_text(encoding="utf-8").partition(f"<!-- transcript: {name} -->\n```console\n")
    assert mark, f"README has no transcript named {name}"
    shown, fence, tail = rest.partition("```\n")
    return head + mark, shown, fence + tail


@pytest.mark.parametrize(
    ("name", "layer", "option", "status", "start"),
    [("red", "starter", ["-x"], 1, "____"), ("green", "reference", [], 0, "════")],
)
def test_transcripts_are_current(  # noqa: PLR0913, PLR0917 -- a table of cases
    name: str,
    layer: str,
    option: list[str],
    status: int,
    start: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    """The red and the green verdict in README are the ones that a run prints; --record-transcripts renews them."""
    submission(tmp_path / "katas" / KATA, layer)
    run = pytest_in(tmp_path, "katas/03", *option)
    assert run.status == status, run.output
    lines = without_times(run.output).splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith(start) and (name == "red" or "Kata 03" in line))
    printed = "\n".join([f"$ pytest katas/03{' -x' if option else ''}", "…", *lines[first:]]) + "\n"
    before, shown, after = _shown(name)
    if request.config.getoption("--record-transcripts"):
        README.write_text(before + printed + after, encoding="utf-8")
        return
    assert shown == printed
