"""Figures in rows and columns, as a notebook shows them and its Markdown keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a line of names; numbers stand to the right."""

    head: Sequence[object]
    rows: Sequence[Sequence[object]]

    def _columns(self) -> list[list[str]]:
        return [[str(row[at]) for row in (self.head, *self.rows)] for at in range(len(self.head))]

    def __repr__(self) -> str:
        columns = self._columns()
        wide = [max(map(len, column)) for column in columns]
        right = [self._is_number(at) for at in range(len(columns))]
        lines = [
            "  ".join(
                cell.rjust(width) if is_right else cell.ljust(width)
                for cell, width, is_right in zip(cells, wide, right, strict=True)
            )
            for cells in zip(*columns, strict=True)
        ]
        return "\n".join(line.rstrip() for line in lines)

    def _repr_markdown_(self) -> str:
        rule = ["--:" if self._is_number(at) else ":--" for at in range(len(self.head))]
        head, *rows = [[str(cell).replace("|", "\\|") for cell in row] for row in (self.head, *self.rows)]
        return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, rule, *rows])

    def _is_number(self, at: int) -> bool:
        return all(isinstance(row[at], int | float) for row in self.rows)
