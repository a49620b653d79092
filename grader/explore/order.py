"""The partial order of a run: what had to come before what, and what could as well have come later.

Runs that differ only in the order of independent events are one class (a Mazurkiewicz trace) and have one outcome.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from grader.explore.values import Event, Footprint, Phase

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from grader.explore.values import Decision, Run, Step

Dependent = Callable[[Footprint, Footprint], bool]
"""Whether the order of two steps of different actors may matter."""

DEADLOCK = "40P01"


def conflict(one: Event, other: Event, dependent: Dependent, blocked: Iterable[Event] = ()) -> bool:
    """Whether the order of two events of different actors may matter, while the `blocked` steps wait."""
    if (_waits(one) and _waits(other)) or dependent(one.footprint, other.footprint):
        return True
    # Where a step waits for two transactions, the later of their ends is when it goes on.
    return (one.footprint.ends and other.footprint.ends) and any(
        dependent(one.footprint, step.footprint) and dependent(other.footprint, step.footprint) for step in blocked
    )


def _waits(event: Event) -> bool:
    """Whether it waits, or closed a circle of waits: who comes last of a circle dies, and no footprint tells that."""
    return event.phase is Phase.RELEASE or event.error == DEADLOCK


def settled(decision: Decision) -> list[Event]:
    """Return what came of a decision; a step that began to wait and was done within it is one event, and whole."""
    released = {event.actor for event in decision.events if event.phase is Phase.RELEASE}
    done = {event.actor: event for event in decision.events if event.phase is Phase.COMPLETE}
    at_once = released & done.keys()
    return [
        replace(done[event.actor], phase=Phase.WHOLE) if event.actor in at_once else event
        for event in decision.events
        if event.phase is not Phase.COMPLETE or event.actor not in at_once
    ]


def waiting(decisions: Iterable[Decision]) -> list[Event]:
    """Return the releases of the steps that still wait after these decisions."""
    last = {event.actor: event for decision in decisions for event in decision.events}
    return [event for event in last.values() if event.phase is Phase.RELEASE]


def class_of(run: Run, dependent: Dependent) -> Hashable:
    """Return the run's class: its events, and the order of each two that conflict. Equal for equivalent runs."""
    events = _events(run)
    pairs = _conflicts(events, dependent)
    return frozenset(map(_name, events)), frozenset((_name(one), _name(other)) for one, other in pairs)


def fewest_switches(run: Run, dependent: Dependent) -> tuple[str, ...]:
    """Return the schedule of an equivalent run that changes least often from one actor to another.

    The first by name among equals. What a step waited for ends in the order of the run, where it was several.
    Meant for runs of up to 40 decisions of 2 or 3 actors.
    """
    order = Order.of(run, dependent)
    chosen = run.schedule
    before = [order.preceding(number) for number in range(len(chosen))]

    @cache
    def best(made: frozenset[int], last: str) -> tuple[int, tuple[str, ...]]:
        ready = [number for number in range(len(chosen)) if number not in made and before[number] <= made]
        ways = []
        for number in ready:
            switches, rest = best(made | {number}, chosen[number])
            ways.append((switches + (chosen[number] != last), (chosen[number], *rest)))
        return min(ways, default=(0, ()))

    return best(frozenset(), "")[1]


def nearest(bad: Run, good: Sequence[Run], dependent: Dependent) -> tuple[Event, Event, Run] | None:
    """Return the good run that differs least, and the two events of the bad one whose order is the other one there.

    Of several such pairs the one that lies furthest apart, since it implies those within. None: no run has one.
    """
    events = _events(bad)
    wrong = {_steps(one, other): (one, other) for one, other in _conflicts(events, dependent)}
    found: list[tuple[int, Run, list[tuple[Event, Event]]]] = []
    for run in good:
        right = {_steps(one, other) for one, other in _conflicts(_events(run), dependent)}
        turned = [
            pair
            for (one, other), pair in wrong.items()
            if (other, one) in right and ((one, other) not in right or (other, one) not in wrong)
        ]
        if turned:
            found.append((len(wrong.keys() ^ right), run, turned))
    if not found:
        return None

    def reach(pair: tuple[Event, Event]) -> int:
        return events.index(pair[1]) - events.index(pair[0])

    # of runs that differ as little, that whose pair ends first: there it began to go wrong
    _, run, turned = min(found, key=lambda entry: (entry[0], events.index(max(entry[2], key=reach)[1])))
    one, other = max(turned, key=reach)
    return one, other, run


def _events(run: Run) -> list[Event]:
    return [event for decision in run.decisions for event in settled(decision)]


def _conflicts(events: Sequence[Event], dependent: Dependent) -> list[tuple[Event, Event]]:
    return [
        (one, other)
        for number, other in enumerate(events)
        for one in events[:number]
        if one.actor != other.actor and conflict(one, other, dependent)
    ]


def _name(event: Event) -> Hashable:
    return event.actor, event.step.index, event.phase


def _steps(one: Event, other: Event) -> tuple[tuple[str, int], tuple[str, int]]:
    return (one.actor, one.step.index), (other.actor, other.step.index)


class Order:
    """What happened before what in the decisions added so far. Events and decisions go by their numbers, from 0.

    An event comes after its actor's earlier ones, after those it conflicts with, and after its cause: for a waiting
    step that went on, the step that let it; for one that was not at its gate at first, what brought it there.
    """

    def __init__(self, dependent: Dependent) -> None:
        self._dependent = dependent
        self._decisions: list[Decision] = []
        self._events: list[Event] = []
        self._spans: list[range] = []
        """The events of each decision."""
        self._past: list[frozenset[int]] = []
        """The events that happened before each event."""
        self._races: list[frozenset[int]] = []
        """The earlier events that an event conflicts with, where no third stands between them."""
        self._came: list[int] = []
        """How many decisions had been made when the step of each came to its gate, where others brought it there."""

    @classmethod
    def of(cls, run: Run, dependent: Dependent) -> Order:
        """Return the order of a whole run."""
        order = cls(dependent)
        for decision in run.decisions:
            order.add(decision)
        return order

    def add(self, decision: Decision) -> None:
        """Add the decision that followed those known."""
        came = self._brought(decision)
        cause = self._spans[came - 1] if came else range(0)
        blocked = waiting(self._decisions)
        events, first = settled(decision), len(self._events)
        self._decisions.append(decision)
        self._spans.append(range(first, first + len(events)))
        self._came.append(came)
        for event in events:
            own = {n for n, other in enumerate(self._events) if other.actor == event.actor}
            others = [n for n in range(len(self._events)) if n not in own]
            conflicts = {n for n in others if conflict(self._events[n], event, self._dependent, blocked)}
            direct = own.union(cause, conflicts)
            between = frozenset[int]().union(*(self._past[n] for n in direct if n <= first))
            self._events.append(event)
            self._past.append(frozenset(direct).union(*(self._past[n] for n in direct)))
            self._races.append(frozenset(conflicts.difference(cause, between)))
            cause = range(first, first + 1)

    def cut(self, count: int) -> None:
        """Forget all but the first `count` decisions."""
        end = self._spans[count].start if count < len(self._spans) else len(self._events)
        del self._decisions[count:], self._spans[count:], self._came[count:]
        del self._events[end:], self._past[end:], self._races[end:]

    def races(self, number: int) -> list[int]:
        """Return the decisions that conflict with this one or what came of it, with no third between."""
        raced = frozenset[int]().union(*(self._races[n] for n in self._spans[number]))
        return [n for n in range(number) if not raced.isdisjoint(self._spans[n])]

    def preceding(self, number: int) -> frozenset[int]:
        """Return the decisions that this one has to come after in every equivalent run.

        What came to its gate when none was left there, as a timer does, may have needed all that was done by then.
        """
        past = frozenset[int]().union(*(self._past[n] for n in self._spans[number]))
        came = self._came[number]
        needed = came if came and len(self._decisions[came - 1].held) == 1 else 0
        return frozenset(n for n in range(number) if n < needed or not past.isdisjoint(self._spans[n]))

    def initials(self, first: int, last: int) -> set[str]:
        """Return the actors that may go first where decision `last` is made before `first`.

        What stood between the two and did not come after `first` is then made before it too.
        """
        caused = self._spans[first]
        between = range(caused.stop, self._spans[last].start)
        kept = {n for n in between if self._past[n].isdisjoint(caused)}
        moved = {n: kept.intersection(self._spans[n]) for n in range(first + 1, last)}
        moved[last] = set(self._spans[last])
        return {
            self._decisions[number].chosen
            for number, events in moved.items()
            if events and all(self._past[n].isdisjoint(kept - events) for n in events)
        }

    def _brought(self, decision: Decision) -> int:
        """Return how many decisions had been made when the chosen step came to its gate, 0 where its own brought it."""
        step = next(held.step for held in decision.held if held.actor == decision.chosen)
        came = len(self._decisions)
        while came and any(_same(step, held.step) for held in self._decisions[came - 1].held):
            came -= 1
        own = came and any(event.actor == step.actor for event in self._decisions[came - 1].events)
        return 0 if own else came


def _same(one: Step, other: Step) -> bool:
    return (one.actor, one.index) == (other.actor, other.index)
