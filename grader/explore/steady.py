"""Whether a submission does the same in the same place: what stood at the gates after the same decisions."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from grader.explore.order import DEADLOCK

if TYPE_CHECKING:
    from grader.explore.values import Run

    Stood = tuple[tuple[str, tuple[str, ...]], ...]


class Places:
    """The places that runs came to, by the decisions that led there."""

    def __init__(self) -> None:
        self._stood: dict[tuple[str, ...], Counter[Stood]] = defaultdict(Counter)
        self._ways: list[list[tuple[tuple[str, ...], Stood]]] = []

    def note(self, run: Run) -> None:
        """Take a run in which no time was let pass; one in which the server chose who goes on tells nothing."""
        if run.ambiguous or any(event.error == DEADLOCK for event in run.events):
            return
        schedule = run.schedule
        way = []
        for at, decision in enumerate(run.decisions):
            stood = tuple(sorted((held.actor[0], held.step.texts) for held in decision.held))
            self._stood[schedule[:at]][stood] += 1
            way.append((schedule[:at], stood))
        self._ways.append(way)

    @property
    def astray(self) -> int:
        """Runs that came upon other steps than most others did after the same decisions."""
        usual = {place: stood.most_common(1)[0][0] for place, stood in self._stood.items()}
        return sum(any(stood != usual[place] for place, stood in way) for way in self._ways)
