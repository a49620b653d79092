"""Rules about checks: what they are worth, of which kinds there are, and that each catches somebody."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from grader.contract.dossier import Dossier, Fault
from grader.kata import kata_names

if TYPE_CHECKING:
    from collections.abc import Iterator

TOTAL = 20
FEWEST_CHECKS = 8
KINDS = ("race", "integrity", "boundary")
SERVICES = ("postgres", "redis")
HARDEST = 5


def points_sum_up(dossier: Dossier) -> Iterator[Fault]:
    """The points of all tasks sum to 20, their minutes to the kata's."""
    kata = dossier.kata
    if (found := sum(points for _, points in kata.points.values())) != TOTAL:
        yield dossier.fault("starter/kata.toml", f"the points sum to {found}, they must sum to {TOTAL}")
    if (found := sum(task.minutes for task in kata.tasks)) != kata.minutes:
        yield dossier.fault("starter/kata.toml", f"the tasks take {found} minutes, the kata {kata.minutes}")


def the_definition_makes_sense(dossier: Dossier) -> Iterator[Fault]:
    """Difficulty is 1 to 5, the services are some that the grader has, and what is required are other katas."""
    kata = dossier.kata
    numbers = {int(name[:2]) for name in kata_names(dossier.solutions.parent)} - {kata.number}
    if not 1 <= kata.difficulty <= HARDEST:
        yield dossier.fault("starter/kata.toml", f"difficulty must be 1 to {HARDEST}, got {kata.difficulty}")
    for service in set(kata.services) - set(SERVICES):
        yield dossier.fault("starter/kata.toml", f"services must be some of {', '.join(SERVICES)}, got {service!r}")
    for number in kata.requires:
        if number not in numbers:
            yield dossier.fault("starter/kata.toml", f"requires must be numbers of other katas, got {number!r}")


def checks_and_points_name_each_other(dossier: Dossier) -> Iterator[Fault]:
    """Every check has its place in kata.toml, under its own task, and there is no other."""
    for name, count in Counter(check for task in dossier.kata.tasks for check in task.points).items():
        if count > 1:
            yield dossier.fault("starter/kata.toml", f"{name} stands under {count} tasks")
    placed = {check: task for check, (task, _) in dossier.kata.points.items()}
    made = {check.id: check.task for check in dossier.checks}
    for name in sorted(placed.keys() | made.keys()):
        if name not in placed:
            yield dossier.fault("starter/kata.toml", f"{name} has no points under task {made[name]} (a guard has 0)")
        elif name not in made:
            yield dossier.fault("starter/kata.toml", f"{name} is no check of grader/checks/{dossier.kata.slug}")
        elif placed[name] != made[name]:
            yield dossier.fault(
                "starter/kata.toml", f"{name} stands under task {placed[name]}, the check says task {made[name]}"
            )


def there_are_checks_of_every_kind(dossier: Dossier) -> Iterator[Fault]:
    """A kata has at least eight checks, among them a race, an integrity and a boundary check."""
    kinds = Counter(check.kind for check in dossier.checks)
    if kinds.total() < FEWEST_CHECKS:
        yield _fault(dossier, f"there are {kinds.total()} checks, at least {FEWEST_CHECKS} are needed")
    for kind in KINDS:
        if kind not in kinds:
            yield _fault(dossier, f"no check is of the kind {kind}")


def every_title_is_a_sentence(dossier: Dossier) -> Iterator[Fault]:
    """A check's docstring is a sentence that a learner reads."""
    for check in dossier.checks:
        if not check.title.endswith(".") or not (check.title[0].isupper() or check.title[0].isdigit()):
            yield _fault(dossier, f"{check.id}: its docstring must be a sentence, got {check.title!r}")


def the_starter_earns_nothing(dossier: Dossier) -> Iterator[Fault]:
    """Every check with points is one that the starter fails, for a recorded reason; guards hold."""
    caught = set(dossier.table("starter.toml").get("caught", {}))
    for check, (_, points) in dossier.kata.points.items():
        if points and check not in caught:
            yield dossier.fault("starter.toml", f"caught lacks {check}: points are given for what the starter fails")
        elif not points and check in caught:
            yield dossier.fault("starter.toml", f"caught names {check}, a guard: it holds on the starter")


def every_check_catches_a_mistake(dossier: Dossier) -> Iterator[Fault]:
    """Each check, guards above all, is one that some mistake is caught by."""
    caught = {check for entry in dossier.mistakes() for check in entry.caught}
    for check in dossier.checks:
        if check.id not in caught:
            yield dossier.fault("mistakes", f"none is caught by {check.id}")


def every_mistake_is_caught(dossier: Dossier) -> Iterator[Fault]:
    """A mistake names the checks that catch it."""
    for entry in dossier.mistakes():
        if not entry.caught:
            yield dossier.fault(f"{entry.name}/about.toml", "caught names no check")


def _fault(dossier: Dossier, what: str) -> Fault:
    return Fault(f"grader/checks/{dossier.kata.slug}", what)
