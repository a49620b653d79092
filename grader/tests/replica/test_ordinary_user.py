"""The same as an ordinary user, when the suite is run as root."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from grader.replica.launcher import linux

PROJECT = Path(__file__).parents[3]

# A private view of the file system, in which anyone may reach the interpreter and the project; then another user.
BECOME = """
    import os, sys
    from pathlib import Path
    from grader.replica.launcher import mounts

    user = 12_345
    mounts.open_up([Path(sys.prefix), Path(sys.base_prefix), Path.cwd()])
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *sys.argv[1:]])
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="the suite is run as an ordinary user already")
@pytest.mark.skipif(not linux.may_change_user(), reason="this container lets root become nobody else")
def test_an_ordinary_user_is_as_safe() -> None:
    """Every hostile submission is held, and seen asleep, just as well when the grader is run by an ordinary user."""
    here = Path(__file__)
    modules = [str(here.with_name(f"test_{name}.py")) for name in ("hostile", "end", "asleep")]
    modules += [f"{here.with_name('test_copy.py')}::test_an_unreadable_file_is_refused", "-k", "not spawn"]
    run = subprocess.run(  # noqa: S603 -- our own script
        [sys.executable, "-c", textwrap.dedent(BECOME), *modules],
        cwd=PROJECT,
        env={"PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if "Operation not permitted: mount" in run.stdout:
        pytest.skip("this container lets root mount nothing")
    assert run.returncode == 0, run.stdout
    assert " passed" in run.stdout
