"""What the other modules prove of forked replicas, for some of it also of spawned ones."""

from __future__ import annotations

import pytest

from grader.tests.replica.test_hostile import (
    test_a_blocked_thread_is_shown as test_a_blocked_thread_is_shown,
)
from grader.tests.replica.test_hostile import (
    test_a_fork_bomb_is_bounded_and_ended as test_a_fork_bomb_is_bounded_and_ended,
)
from grader.tests.replica.test_hostile import (
    test_no_secret_of_the_grader_is_in_reach as test_no_secret_of_the_grader_is_in_reach,
)
from grader.tests.replica.test_hostile import (
    test_only_its_own_descriptors_are_open as test_only_its_own_descriptors_are_open,
)
from grader.tests.replica.test_hostile import (
    test_what_leaves_its_session_is_ended_when_the_replica_stops as test_what_leaves_its_session_is_ended,
)
from grader.tests.replica.test_start import (
    test_a_module_named_like_a_standard_one_is_mentioned as test_a_module_named_like_a_standard_one_is_mentioned,
)
from grader.tests.replica.test_start import (
    test_an_endless_loop_at_import_is_ended_and_its_line_named as test_an_endless_loop_at_import_is_ended,
)
from grader.tests.replica.test_start import (
    test_the_traceback_is_theirs as test_the_traceback_is_theirs,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def method() -> str:
    """Spawn, as elsewhere than on Linux."""
    return "spawn"
