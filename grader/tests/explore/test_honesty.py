"""No service passes that was not really tried, and none fails for being slow or unusual."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from grader.tests.explore import designs
from grader.tests.lab.handmade import (
    OPENING,
    RESTOCKS,
    SAVES,
    Verdict,
    both_answer,
    explored,
    it_shows_both,
    on_the_bench,
    one_save_wins,
    restocks_add_up,
)
from grader.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from grader.lab import Holds, Request
    from grader.replica import Host
    from grader.services import Pair

    Judge = Callable[..., Awaitable[Verdict]]

pytestmark = pytest.mark.asyncio(loop_scope="module")

FAILED, INCONCLUSIVE, PASSED = Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.PASSED


@pytest.fixture
def judge(tmp_path: Path, pair: Pair, host: Host) -> Judge:
    """Put a service on the bench and explore it."""

    async def judged(design: str, requests: Sequence[Request] = RESTOCKS, holds: Holds = restocks_add_up) -> Verdict:
        async with on_the_bench(OPENING + design, tmp_path, pair, host) as lab:
            return await explored(lab, requests, holds)

    return judged


@pytest.mark.parametrize("name", designs.RIGHT)
async def test_what_is_right_passes(name: str, judge: Judge) -> None:
    """A right service passes however it goes about it, and several orders of its steps were tried."""
    verdict = await judge(designs.RIGHT[name])
    assert (verdict.outcome, verdict.said) == (PASSED, "")
    assert verdict.classes > 2


@pytest.mark.parametrize("name", designs.WRONG)
async def test_what_is_wrong_fails(name: str, judge: Judge) -> None:
    """The same service without its lock is caught, with the anomaly by its name."""
    verdict = await judge(designs.WRONG[name])
    assert (verdict.outcome, verdict.anomaly) == (FAILED, "lost update")


@pytest.mark.parametrize("holds", [restocks_add_up, one_save_wins])
async def test_a_service_that_ignores_the_request_fails(holds: Holds, judge: Judge) -> None:
    """A service that does nothing and answers 200 fails, without a schedule to replay."""
    verdict = await judge(designs.IGNORES, RESTOCKS if holds is restocks_add_up else SAVES, holds)
    assert (verdict.outcome, verdict.token) == (FAILED, "")
    assert verdict.finding is not None
    assert "one after the other" in verdict.finding.done


@pytest.mark.parametrize("design", [designs.IGNORES, designs.FROM_MEMORY])
async def test_where_nothing_is_sent_nothing_is_shown(design: str, judge: Judge) -> None:
    """A service that sends no statement does not pass even what it fulfils."""
    verdict = await judge(design, holds=both_answer)
    assert verdict.outcome is INCONCLUSIVE
    assert "sent no statement" in verdict.said


async def test_a_statement_that_does_not_look_fails(judge: Judge) -> None:
    """A service that writes what it has in mind fails, one request after the other already."""
    verdict = await judge(designs.BLIND)
    assert verdict.outcome is FAILED
    assert verdict.finding is not None
    assert "one after the other" in verdict.finding.done


async def test_requests_that_are_kept_apart_show_nothing(judge: Judge) -> None:
    """Where the requests cannot overlap, as with a lock on a file, nobody can say that they may."""
    verdict = await judge(designs.LOCKS_A_FILE)
    assert verdict.outcome is INCONCLUSIVE
    assert "overlap" in verdict.said


async def test_who_is_asked_afterwards_may_be_slow(judge: Judge) -> None:
    """A service that sleeps in each request is asked by the invariant itself without any real waiting."""
    verdict = await judge(designs.SLOW_TO_SHOW, holds=it_shows_both)
    assert (verdict.outcome, verdict.said) == (PASSED, "")


@pytest.mark.parametrize("name", designs.ROLLS_DICE)
async def test_what_is_random_never_passes(name: str, judge: Judge) -> None:
    """A service whose outcome is random fails, or cannot be judged."""
    verdict = await judge(designs.ROLLS_DICE[name])
    assert verdict.outcome in {FAILED, INCONCLUSIVE}


async def test_retrying_without_end_is_a_finding(judge: Judge) -> None:
    """A request that, once overtaken, tries again for ever fails; its token is short, and replays."""
    verdict = await judge(designs.ENDLESS, SAVES, one_save_wins)
    assert verdict.outcome is FAILED
    assert "went on" in verdict.said
    assert str(verdict.token).endswith(":A.BBBB.A")


async def test_trying_without_a_pause_is_told_so(judge: Judge) -> None:
    """A request that spins while another holds a lock is right, but its orders have no end."""
    verdict = await judge(designs.SPINS)
    assert verdict.outcome is INCONCLUSIVE
    assert "without a pause" in verdict.said


async def test_a_lock_that_is_kept_is_a_finding(judge: Judge) -> None:
    """A request that answers and leaves its transaction open, with a lock that another waits for, fails."""
    verdict = await judge(designs.KEEPS_ITS_LOCK)
    assert verdict.outcome is FAILED
    assert verdict.said.startswith("request B waits for a lock; request A was answered and left its transaction open")
