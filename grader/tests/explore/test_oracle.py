"""The independence oracle: every schedule of every scenario, on real servers; no class of them has two outcomes.

It is what allows the word "complete": schedules that the relation calls equivalent do come out the same.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from grader.explore.independence import dependent
from grader.explore.order import class_of
from grader.explore.search import Search
from grader.explore.values import Access, Footprint, Mode
from grader.replica import Host
from grader.services import Settings, open_pair
from grader.tests.explore.oracle import Seen, on_the_bench
from grader.tests.explore.scenarios import SCENARIOS, Scenario
from grader.tests.services.conftest import temporary_home

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Hashable
    from pathlib import Path

    from grader.services import Pair

    Dependent = Callable[[Footprint, Footprint], bool]

Everything = dict[str, list[Seen]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair() -> AsyncIterator[Pair]:
    """A Postgres and a Redis of the tests' own."""
    async with temporary_home() as home:
        pair = await open_pair(Settings("embedded", home=home), redis=True, tell=print)
        yield pair
        await pair.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def host() -> AsyncIterator[Host]:
    """Where replicas come from."""
    host = Host()
    host.begin(("redis",))
    yield host
    await host.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def everything(pair: Pair, host: Host, tmp_path_factory: pytest.TempPathFactory) -> Everything:
    """All schedules of all scenarios, run."""
    found = {}
    for scenario in SCENARIOS:
        async with on_the_bench(scenario, tmp_path_factory.mktemp("scenario"), pair, host) as oracle:
            found[scenario.name] = await oracle.all_schedules()
    return found


def outcomes(seen: list[Seen], relation: Dependent) -> dict[Hashable, set[str]]:
    """Return the outcomes of each class of schedules, as the relation makes classes."""
    found = defaultdict(set)
    for one in seen:
        if not one.run.ambiguous:
            found[class_of(one.run, relation)].add(one.outcome)
    return found


@pytest.mark.parametrize("name", [scenario.name for scenario in SCENARIOS])
def test_no_class_has_two_outcomes(name: str, everything: Everything) -> None:
    """Schedules of one class come out the same."""
    by_class = outcomes(everything[name], dependent)
    assert {kind: found for kind, found in by_class.items() if len(found) > 1} == {}


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
async def test_the_search_finds_every_outcome(
    scenario: Scenario, everything: Everything, pair: Pair, host: Host, tmp_path: Path
) -> None:
    """The search, which runs few schedules, finds every outcome that running all of them finds."""
    found, runs, search = set(), 0, Search(dependent)
    async with on_the_bench(scenario, tmp_path, pair, host) as oracle:
        while (plan := search.next()) is not None:
            run = await oracle.controller.run(plan.choose)
            search.took(run)
            runs += 1
            if run.finished:
                found.add(await oracle.outcome())
    everywhere = everything[scenario.name]
    assert found >= {one.outcome for one in everywhere}
    assert runs <= 2 * len(outcomes(everywhere, dependent)) + 2


def test_there_are_ten_thousand_schedules(everything: Everything) -> None:
    """The oracle has seen 10,000 schedules of 20 scenarios and more."""
    assert sum(map(len, everything.values())) >= 10_000
    assert len(everything) >= 20


def without(chosen: Callable[[Access], bool]) -> Callable[[Footprint], Footprint]:
    """Return a way to take some accesses out of a footprint."""

    def changed(footprint: Footprint) -> Footprint:
        return replace(
            footprint,
            accesses=frozenset(a for a in footprint.accesses if not chosen(a)),
            published=frozenset(a for a in footprint.published if not chosen(a)),
        )

    return changed


BREAKS: dict[str, Callable[[Footprint], Footprint]] = {
    "reads see no commits": without(lambda a: a.mode is Mode.READ),
    "the end of a transaction touches nothing": lambda f: replace(f, published=frozenset()),
    "unique keys are no objects": without(lambda a: a.thing.startswith("unique")),
    "a transaction takes no snapshot": lambda f: replace(f, snapshot=False),
    "a serializable transaction is like another": without(lambda a: a.thing.startswith("serializable")),
    "advisory locks are no objects": without(lambda a: a.thing.startswith("advisory")),
    "Redis is no object": without(lambda a: a.thing.startswith("redis")),
}


@pytest.mark.parametrize("what", BREAKS)
def test_a_broken_relation_is_caught(what: str, everything: Everything) -> None:
    """Where one rule of the relation is left out, some class has two outcomes."""
    change = BREAKS[what]

    def broken(one: Footprint, other: Footprint) -> bool:
        return dependent(change(one), change(other))

    assert any(len(found) > 1 for seen in everything.values() for found in outcomes(seen, broken).values())
