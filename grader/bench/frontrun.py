"""frontrun on the lost update: two workers that add one to a balance, as threads and as processes.

frontrun changes the interpreter that it runs in, so it is measured in a process of its own: this module, run as
`python -m grader.bench.frontrun` with DATABASE_URL set, prints its figures as JSON.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg

from grader.bench.figures import Figures, NotInstalledError

if TYPE_CHECKING:
    from grader.services import Database

MEND = "pip install 'frontrun[process]==0.7.0'"
ROUNDS = 3
"""How often the first counterexample is looked for; the first time also warms up."""
_SECONDS = 300
_READ = "SELECT balance FROM account WHERE id = 1"


def version() -> str:
    """Return the version that is installed; raises NotInstalledError."""
    try:
        return version_of("frontrun")
    except PackageNotFoundError as error:
        raise NotInstalledError(f"frontrun is not installed: {MEND}") from error


def measure(database: Database, execution: str) -> Figures:
    """Have frontrun explore with `thread` or `process` execution; raises NotInstalledError."""
    version()
    command = [sys.executable, "-m", "grader.bench.frontrun", execution]
    if execution == "thread":  # its own command loads what watches the database driver's C code
        program = shutil.which("frontrun", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        if program is None:
            raise NotInstalledError(f"the command frontrun is not installed: {MEND}")
        command.insert(0, program)
    password = quote(database.password, safe="")
    url = f"postgresql://{database.user}:{password}@{database.host}:{database.port}/{database.name}"
    done = subprocess.run(  # noqa: S603 -- our own command
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
        env=os.environ | {"DATABASE_URL": url},
    )
    if done.returncode:
        raise RuntimeError(f"frontrun ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return Figures(**json.loads(done.stdout.splitlines()[-1]))


# what follows runs in frontrun's process


def _setup() -> str:
    url = os.environ["DATABASE_URL"]
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE account SET balance = 0 WHERE id = 1")
    return url


def _add_one(url: str, read: str) -> None:
    with psycopg.connect(url) as connection:
        cursor = connection.cursor()
        cursor.execute(read)
        row = cursor.fetchone()
        cursor.execute("UPDATE account SET balance = %s WHERE id = 1", (row[0] + 1 if row else 0,))


def _racing(url: str) -> None:
    _add_one(url, _READ)


def _locking(url: str) -> None:
    _add_one(url, f"{_READ} FOR UPDATE")


def _holds(url: str) -> bool:
    with psycopg.connect(url) as connection:
        return connection.execute(_READ).fetchone() == (2,)


def _explore(worker: Any, **options: Any) -> tuple[Any, float]:  # noqa: ANN401 -- frontrun's own types
    began = time.perf_counter()
    explore = importlib.import_module("frontrun").explore
    result = explore(setup=_setup, workers=worker, count=2, invariant=_holds, **options)
    return result, time.perf_counter() - began


def _figures(execution: str) -> Figures:
    options: dict[str, Any] = {"execution": execution}
    options |= {"reproduce_on_failure": 0} if execution == "thread" else {"reuse_workers": True}
    searches = [_explore(_racing, **options) for _ in range(ROUNDS)]
    every, seconds = _explore(_racing, stop_on_first=False, **options)
    locked, certifying = _explore(_locking, preemption_bound=None, **options)
    raced = searches[-1][0]
    found = not raced.property_holds and raced.failure_kind != "nondeterministic"
    remarks = [result.failure_kind for result in (raced, locked) if result.failure_kind == "nondeterministic"]
    return Figures(
        every.num_explored,
        seconds,
        statistics.median(took for _, took in searches) if found else None,
        certifying if locked.property_holds else None,
        f"its verdict on {len(remarks)} of 2 programs is: nondeterministic" if remarks else "",
    )


if __name__ == "__main__":
    print(json.dumps(dataclasses.asdict(_figures(sys.argv[1]))))  # noqa: T201 -- to the process that started this one
