"""A submission laid out for a person, who plays its races or uses it, instead of for a verdict."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from grader.checks import checks_of, explores
from grader.lab import Budget, Lab
from grader.lab.playing import Game, dealer
from grader.replica import Host, Limits
from grader.services import open_pair
from grader.verdict import Finding

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from grader.checks import Check
    from grader.grade.options import Options
    from grader.kata import Kata, Submission

SEED = 1
"""The same as a run of pytest has unasked, so that the rows of a game are those of its replay."""


@asynccontextmanager
async def laid_out(submission: Submission, options: Options, tell: Callable[[str], None]) -> AsyncIterator[Lab]:
    """Give a lab with servers of its own; nothing of it is left when the block ends.

    ServicesUnavailableError where no servers can be had. What else may go wrong is known at `Lab.reset`.
    """
    host = Host(start_method=options.start_method, services=options.services)
    host.begin()
    try:
        pair = await open_pair(options.services, redis="redis" in submission.kata.services, tell=tell)
        try:
            budget, limits = Budget(options.request_seconds), Limits(boot_seconds=options.boot_seconds)
            lab = Lab(submission, pair, host, budget, limits)
            try:
                yield lab
            finally:
                await lab.close()
        finally:
            await pair.close()
    finally:
        await host.close()


def playable(kata: Kata) -> list[Check]:
    """Return the checks of a kata that have races to play, or crashes."""
    return [check for check in checks_of(kata.slug) if explores(check)]


async def games_of(lab: Lab, check: Check) -> list[Game]:
    """Return the games of a check, in its order; a Finding where the service breaks it before there is one."""
    games: list[Game] = []

    await lab.reset(f"{SEED}:{check.id}", check=check.id, title=check.title, player=dealer(lab, games))
    try:
        await check.body(lab)
    except Finding:
        if not games:
            raise
    return games
