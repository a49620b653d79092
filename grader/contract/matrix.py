"""The kill matrix: which check catches which wrong solution, as the corpus says and grading it proves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from grader.contract.dossier import Dossier

CAUGHT = "✘"


@dataclass(frozen=True, slots=True)
class Row:
    """One wrong solution: its folder, its title and the ids of the checks that catch it."""

    name: str
    title: str
    caught: frozenset[str]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Checks by wrong solutions; checks in the order of the kata's tasks, the starter first."""

    title: str
    checks: tuple[str, ...]
    rows: tuple[Row, ...]

    @classmethod
    def of(cls, dossier: Dossier) -> Self:
        """Return the matrix of a kata."""
        kata = dossier.kata
        starter = dossier.table("starter.toml")
        rows = [Row("starter", str(starter.get("title", "")), frozenset(starter.get("caught", {})))]
        for entry in dossier.mistakes():
            title = str(dossier.table(f"{entry.name}/about.toml").get("title", ""))
            rows.append(Row(entry.submission.folder.name, title, frozenset(entry.caught)))
        return cls(f"{kata.number:02d} {kata.title}", tuple(kata.points), tuple(rows))

    def times(self, check: str) -> int:
        """Return how many wrong solutions a check catches."""
        return sum(check in row.caught for row in self.rows)


def markdown(matrix: Matrix) -> str:
    """Return the matrix as a page; the same text for the same corpus."""
    numbers = range(1, len(matrix.checks) + 1)
    lines = [
        f"# {matrix.title}: what catches what",
        "",
        "A row is a wrong solution, a column a check; a solution passes the checks that are blank in its row.",
        "",
        "| | " + " | ".join(map(str, numbers)) + " |",
        "| --- |" + " :-: |" * len(matrix.checks),
    ]
    for row in matrix.rows:
        marks = (CAUGHT if check in row.caught else " " for check in matrix.checks)
        title = row.title.replace("|", r"\|")
        lines.append(f"| {title} | " + " | ".join(marks) + " |")
    lines.append("| caught in all | " + " | ".join(str(matrix.times(check)) for check in matrix.checks) + " |")
    lines += ["", *(f"{number}. `{check}`" for number, check in zip(numbers, matrix.checks, strict=True))]
    return "\n".join(lines) + "\n"
