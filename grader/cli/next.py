"""`kata next`: the kata to take up next."""

from __future__ import annotations

from grader.cli.terminal import out
from grader.kata import load_katas
from grader.progress import next_of, read


def command() -> None:
    """Say which kata is next on the recommended path."""
    katas = load_katas()
    found = next_of(katas, read())
    if found is None:
        out().print("All katas are passed. kata solution 03 shows how others did it; the numbers can be done again.")
        return
    number = f"{found.number:02d}"
    out().print(f"{number} {found.title} · {found.minutes} minutes, difficulty {found.difficulty} of 5", style="bold")
    out().print(f"kata open {number} shows its brief, kata watch {number} grades it at each save.")
