"""The hidden checks: one module a kata, named by its slug, written in the vocabulary of this page."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from types import FunctionType
from typing import Literal

from grader.lab import Lab, Request, Tables
from grader.verdict import Evidence, Finding, Place
from grader.wire.outside import Handler  # noqa: TC001 -- dataclasses look annotations up

Kind = Literal["behaviour", "shape", "cost", "race", "integrity", "boundary"]
Body = Callable[[Lab], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Check:
    """One property of a kata: `id` names it in commands, `title` is the sentence that a learner reads."""

    id: str
    title: str
    task: int
    kind: Kind
    body: Body
    needs: tuple[str, ...]


def check(*, task: int, kind: Kind, needs: tuple[str, ...] = ()) -> Callable[[Body], Check]:
    """Make a check of an async function of a Lab; its docstring is the title, its name with dashes the id.

    A check that `needs` others (by id) is blocked where one of them did not pass.
    """

    def make(body: Body) -> Check:
        name = body.__name__
        doc = inspect.getdoc(body) or ""
        return Check(name.replace("_", "-"), " ".join(doc.split("\n\n")[0].split()), task, kind, body, needs)

    return make


def checks_of(slug: str) -> list[Check]:
    """Return the checks of the kata with this slug, in the order in which they are made."""
    module = importlib.import_module(f"{__name__}.{slug}")
    return [value for value in vars(module).values() if isinstance(value, Check)]


@dataclass(frozen=True, slots=True)
class Example:
    """What a person finds who uses a kata's service by hand.

    A module of checks may have a function `example(random)` that returns one: rows that are there, requests to send,
    and who answers as the service outside, where the kata has one.
    """

    rows: Tables = field(default_factory=dict)
    requests: tuple[Request, ...] = ()
    outside: Handler | None = None


def example_of(slug: str) -> Example:
    """Return the example of the kata with this slug; an empty one where its module has none."""
    make = getattr(importlib.import_module(f"{__name__}.{slug}"), "example", None)
    example: Example = make(Random(slug)) if make is not None else Example()  # noqa: S311 -- examples, not secrets
    return example


def explores(check: Check) -> bool:
    """Whether a check explores interleavings or crashes, itself or in a function of these rooms that it calls."""
    return any(_names(method, check.body, set()) for method in ("every_interleaving", "every_crash"))


def _names(method: str, function: object, seen: set[object]) -> bool:
    """Whether a method's name stands in a function, or in one that is named there."""
    if not isinstance(function, FunctionType) or not function.__module__.startswith(__name__) or function in seen:
        return False
    seen.add(function)
    named = set(function.__code__.co_names)
    return method in named or any(_names(method, function.__globals__.get(name), seen) for name in named)


def require(  # noqa: PLR0913 -- the parts of a finding, by name
    holds: bool,  # noqa: FBT001 -- reads as an assertion
    *,
    done: str,
    seen: str,
    expected: str,
    evidence: tuple[Evidence, ...] = (),
    place: Place | None = None,
) -> None:
    """Raise a Finding unless `holds`; see `Finding` for its parts."""
    if not holds:
        raise Finding(done, seen, expected, evidence, place)
