"""What the other modules prove of forked replicas, for some of it also of spawned ones."""

from __future__ import annotations

import pytest

from grader.tests.replica import test_controlled, test_hostile, test_start, test_time

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def method() -> str:
    """Spawn, as elsewhere than on Linux."""
    return "spawn"


test_a_blocked_thread_is_shown = test_hostile.test_a_blocked_thread_is_shown
test_a_fork_bomb_is_bounded_and_ended = test_hostile.test_a_fork_bomb_is_bounded_and_ended
test_no_secret_of_the_grader_is_in_reach = test_hostile.test_no_secret_of_the_grader_is_in_reach
test_only_its_own_descriptors_are_open = test_hostile.test_only_its_own_descriptors_are_open
test_what_leaves_its_session_is_ended_when_the_replica_stops = (
    test_hostile.test_what_leaves_its_session_is_ended_when_the_replica_stops
)
test_a_module_named_like_a_standard_one_is_mentioned = test_start.test_a_module_named_like_a_standard_one_is_mentioned
test_an_endless_loop_at_import_is_ended_and_its_line_named = (
    test_start.test_an_endless_loop_at_import_is_ended_and_its_line_named
)
test_the_traceback_is_theirs = test_start.test_the_traceback_is_theirs
test_a_relays_time_is_held = test_controlled.test_a_relays_time_is_held
test_a_sleep_ends_when_it_is_fired = test_time.test_a_sleep_ends_when_it_is_fired
