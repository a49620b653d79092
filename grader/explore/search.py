"""Which schedules to run so that every class is seen: source-DPOR with sleep sets.

Abdulla, Aronis, Jonsson, Sagonas: Optimal Dynamic Partial Order Reduction, POPL 2014. The tree of decisions is walked
by running again: a plan fixes the first decisions of a run, and what came of the run tells where to branch next.
Two things are added to the paper. A decision is several events where it lets waiting steps go on, and moves as one.
And where nobody that could go first was held at a branching point, all that were held there are tried.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from grader.explore.order import Order, conflict, settled, waiting
from grader.explore.values import Event, Phase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.explore.order import Dependent
    from grader.explore.values import Decision, Held, Run

Asleep = dict[str, tuple[Event, ...]]
"""The actors that need not be let go, for what would follow has been seen; and the events that came of it there."""


class Diverged(Exception):  # noqa: N818 -- what it tells is of the submission, not of the search
    """A run did not repeat what an earlier one with the same choices did; the message names the place."""


class Plan:
    """One run to make: the actors to let go first, then whoever `choose` names."""

    def __init__(self, prefix: tuple[str, ...], asleep: Asleep, dependent: Dependent) -> None:
        self.prefix = prefix
        self._dependent = dependent
        self._fixed = max(len(prefix) - 1, 0)
        self._asleep = [asleep]
        """Before each decision of the run from the last of the prefix on."""
        self._run: Run | None = None

    def choose(self, run: Run, held: Sequence[Held]) -> str | None:
        """Return whom to let go next: as the prefix says, then who went last if it may, else the first by name.

        None: give the run up. All that are held are asleep, or the one that the prefix names is not held.
        """
        number = len(run.decisions)
        if number < len(self.prefix):
            return self.prefix[number] if any(h.actor == self.prefix[number] for h in held) else None
        asleep = self.asleep(run, number)
        awake = [h.actor for h in held if h.actor not in asleep]
        last = run.decisions[-1].chosen if run.decisions else ""
        return last if last in awake else min(awake, default=None)

    def asleep(self, run: Run, number: int) -> Asleep:
        """Return who sleeps before decision `number` of the run, which is the prefix's last or a later one."""
        if run is not self._run:
            self._run = run
            del self._asleep[1:]
        while len(self._asleep) <= number - self._fixed:
            self._asleep.append(self._still_asleep(run, self._fixed + len(self._asleep) - 1))
        return self._asleep[number - self._fixed]

    def _still_asleep(self, run: Run, number: int) -> Asleep:
        """Return who sleeps on after decision `number`: nothing that it did meets what the sleeper would do."""
        decision = run.decisions[number]
        blocked = waiting(run.decisions[:number])
        return {
            held.actor: would
            for held in decision.held
            if (would := self._asleep[-1].get(held.actor)) and not self._meets(decision, held, would, blocked)
        }

    def _meets(self, decision: Decision, held: Held, would: tuple[Event, ...], blocked: list[Event]) -> bool:
        now = Event(held.step, Phase.WHOLE, held.footprint)
        return any(
            did.actor == other.actor or conflict(did, other, self._dependent, blocked)
            for did in settled(decision)
            for other in (now, *would)
        )


@dataclass(slots=True)
class _Node:
    """One decision of the run that was made last, and what is known of the others that could be made there."""

    held: dict[str, tuple[str, ...]]
    """The texts of each actor's step."""
    asleep: Asleep
    chosen: str
    wanted: set[str] = field(default_factory=set)
    seen: Asleep = field(default_factory=dict)
    """What came of each choice that was tried."""


class Search:
    """The walk through all classes of runs: take a plan from `next`, run it, and hand the run to `took`."""

    def __init__(self, dependent: Dependent) -> None:
        self._dependent = dependent
        self._order = Order(dependent)
        self._path: list[_Node] = []
        self._plan: Plan | None = Plan((), {}, dependent)

    def next(self) -> Plan | None:
        """Return the run to make next, the same until it was taken; None where every class has been seen."""
        while self._plan is None and self._path:
            node = self._path[-1]
            if left := node.wanted - node.seen.keys() - node.asleep.keys():
                node.chosen = min(left)
                prefix = tuple(n.chosen for n in self._path)
                self._plan = Plan(prefix, node.asleep | node.seen, self._dependent)
            else:
                self._path.pop()
        return self._plan

    def took(self, run: Run) -> None:
        """Learn from the run that the last plan led to.

        Raises:
            Diverged: it did not begin as the plan says. Nothing was learnt, and the plan stands.
        """
        if self._plan is None:
            raise ValueError("a run was taken that no plan asked for")
        plan, fixed = self._plan, max(len(self._plan.prefix) - 1, 0)
        self._compare(plan, run)
        self._order.cut(fixed)
        for number, decision in enumerate(run.decisions[fixed:], fixed):
            if number == len(self._path):
                held = {h.actor: h.step.texts for h in decision.held}
                self._path.append(_Node(held, plan.asleep(run, number), decision.chosen, {decision.chosen}))
            self._path[number].seen[decision.chosen] = tuple(settled(decision))
            self._order.add(decision)
        for last in range(fixed, len(run.decisions)):
            for first in self._order.races(last):
                self._branch(first, last)
        self._plan = None

    def _branch(self, first: int, last: int) -> None:
        """See to it that `last`, or what leads to it, is also tried before `first`."""
        node = self._path[first]
        initials = self._order.initials(first, last) & node.held.keys()
        if not initials:
            node.wanted |= node.held.keys()
        elif initials.isdisjoint(node.wanted | node.asleep.keys()):
            node.wanted.add(min(initials))

    def _compare(self, plan: Plan, run: Run) -> None:
        for number, (node, chosen) in enumerate(zip(self._path, plan.prefix, strict=True)):
            place = f"step {number + 1} of {'.'.join(plan.prefix)}"
            if number == len(run.decisions):
                raise Diverged(f"{place}: the run ended where {chosen} was to be let go")
            decision = run.decisions[number]
            held = {h.actor: h.step.texts for h in decision.held}
            if held != node.held:
                raise Diverged(f"{place}: {_shown(held)} stood at the gates, and before it was {_shown(node.held)}")
            if decision.chosen != chosen:
                raise Diverged(f"{place}: {decision.chosen} was let go, not {chosen}")


def _shown(held: dict[str, tuple[str, ...]]) -> str:
    return ", ".join(f"{actor} with {'; '.join(texts)!r}" for actor, texts in sorted(held.items())) or "nobody"
