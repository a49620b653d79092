"""`kata up` in a terminal: what it prints can be used, what happens is listed, and nothing is left."""

from __future__ import annotations

import json
import re
import shlex
import signal
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import psutil
import psycopg
import pytest

from grader.kata import SOLUTIONS
from grader.tests.cli.terminal import Terminal
from grader.tests.grade.project import submission

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from grader.tests.grade.project import Ground

KATA = "04_optimistic_locking"
READY = "Its statements, as they happen:"
WIDE = 500
"""Columns, so that what is to be copied stands in one line."""


@pytest.fixture
def up(ground: Ground) -> Iterator[Callable[..., Terminal]]:
    """Start services; each is ended in the end."""
    opened: list[Terminal] = []

    def begin(*arguments: str | Path) -> Terminal:
        opened.append(Terminal("up", *arguments, columns=WIDE, lines=60, cwd=ground.folder, **ground.variables))
        return opened[-1]

    yield begin
    for terminal in opened:
        terminal.close()


@pytest.fixture
def folder(ground: Ground, request: pytest.FixtureRequest) -> Path:
    """Lay the reference into a folder of the test's own, as a learner's."""
    return submission(ground.folder / re.sub(r"\W", "-", request.node.name) / KATA, kata=KATA)


def commands(terminal: Terminal) -> list[str]:
    """Return the commands with curl that were printed last."""
    _, _, last = terminal.whole.rpartition("To try it:")
    return re.findall(r"^  (curl .*)$", last, re.MULTILINE)


def answer(command: str) -> tuple[int, str]:
    """Return status and body of what curl would be answered."""
    words = shlex.split(command)
    given = {option: words[n + 1] for n, option in enumerate(words) if option in {"-X", "-d"}}
    headers = dict(words[n + 1].split(": ", 1) for n, option in enumerate(words) if option == "-H")
    url = next(word for word in words if word.startswith("http://"))
    data = given["-d"].encode() if "-d" in given else None
    request = urllib.request.Request(url, data, headers, method=given.get("-X", "GET"))  # noqa: S310 -- it is http
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 -- likewise
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def address(terminal: Terminal) -> str:
    """Return the address for psql that was printed last."""
    return str(re.findall(r"psql '(\S+)'", terminal.whole)[-1])


@pytest.mark.parametrize("number", [path.parent.name[:2] for path in sorted(SOLUTIONS.glob("*/reference"))])
def test_what_is_printed_works_at_once(number: str, up: Callable[..., Terminal]) -> None:
    """Of every kata the commands for curl are answered by the reference, and the list shows its statements."""
    terminal = up(number, "reference")
    terminal.until(READY)
    for command in commands(terminal):
        status, body = answer(command)
        assert status < 400, (command, body)
        terminal.until(f"◀ {status} ")
    with psycopg.connect(address(terminal)) as connection:
        connection.execute("SELECT 40 + 2")
    terminal.until("psql SELECT 40 + 2")


def test_a_session_at_the_terminal(up: Callable[..., Terminal], folder: Path, ground: Ground) -> None:
    """A statement is listed with rows, time and line; a save starts the new code on the same rows; q ends it all."""
    terminal = up("04", folder)
    terminal.until(READY, "Kata 04 · Add optimistic locking", "psql 'postgresql://")
    read, save, *_ = commands(terminal)
    assert answer(save)[0] == 200
    terminal.until("◀ 200  PUT /books/")
    (line,) = [line for line in terminal.whole.splitlines() if "UPDATE books SET title=" in line]
    assert re.search(r"^  A UPDATE .* 1 row +\d+\.\d ms  app/features/books/save_book\.py:\d+$", line), line
    assert answer(save)[0] == 412

    views = folder / "app" / "features" / "books" / "show_book.py"
    text = views.read_text()
    views.write_text(text.replace("import", "import nothing_of_this_name\nimport", 1))
    terminal.until("show_book.py saved: starting again", "nothing_of_this_name", "✘ It does not serve")
    status, body = answer(read)
    assert (status, "did not start" in body) == (503, True)
    views.write_text(text)
    terminal.until("It serves again, on the same rows.")
    status, body = answer(read)
    assert (status, json.loads(body)["version"]) == (200, 8)

    schema = folder / "schema.sql"
    text = schema.read_text()
    schema.write_text(text + "\nCREATE TABBLE notes (id int PRIMARY KEY);\n")
    terminal.until("schema.sql was refused", "TABBLE")
    assert answer(read)[0] == 503
    schema.write_text(text + "\nCREATE TABLE notes (id int PRIMARY KEY);\n")
    terminal.until("There is a new database, with the rows of the beginning.")
    status, body = answer(read)
    assert (status, json.loads(body)["version"]) == (200, 7)
    with psycopg.connect(address(terminal)) as connection:
        connection.execute("INSERT INTO notes VALUES (1)")

    terminal.type("q")
    assert terminal.ended() == 0
    assert ground.left_over() == []
    assert list(ground.temporary.iterdir()) == []


def test_two_replicas_answer_in_turn(up: Callable[..., Terminal], folder: Path) -> None:
    """With --replicas 2 requests go to both; with --no-reload a save changes nothing."""
    terminal = up("04", folder, "--replicas", "2", "--no-reload")
    terminal.until(READY)
    assert "Save a file" not in terminal.whole
    for _ in range(2):
        assert answer(commands(terminal)[0])[0] == 200
    terminal.until("  A SELECT", "  B SELECT")


def test_what_a_service_prints_is_shown(up: Callable[..., Terminal], folder: Path) -> None:
    """The traceback of a request that failed is shown, and a process that ended has another in its place."""
    main = folder / "app" / "main.py"
    main.write_text(
        main.read_text().replace(
            "    return app",
            "    def fail() -> None:\n        raise RuntimeError('torn')\n\n"
            "    def leave() -> None:\n        os._exit(3)\n\n"
            "    app.get('/fail')(fail)\n    app.get('/leave')(leave)\n    return app",
        )
        + "\nimport os\n"
    )
    terminal = up("04", folder)
    terminal.until(READY)
    (url,) = set(re.findall(r"http://127\.0\.0\.1:\d+(?=\. To try)", terminal.whole))
    assert answer(f"curl {url}/fail")[0] == 500
    terminal.until("A │ RuntimeError: torn")
    with pytest.raises((urllib.error.URLError, ConnectionError)):
        answer(f"curl {url}/leave")
    assert answer(commands(terminal)[0])[0] == 200


@pytest.mark.parametrize("how", ["Ctrl-C", "SIGTERM", "the terminal closed"])
def test_it_ends_and_leaves_nothing(how: str, up: Callable[..., Terminal], ground: Ground) -> None:
    """Ctrl-C, a signal, and the loss of the terminal end it with all its processes."""
    terminal = up("05", "reference")
    terminal.until(READY, "redis-cli -u", "GATEWAY_URL=http://")
    process = psutil.Process(terminal.process.pid)
    processes = ground.processes(process.pid)
    assert processes
    match how:
        case "Ctrl-C":
            terminal.type("\x03")
            assert terminal.ended() == 0
        case "SIGTERM":
            process.send_signal(signal.SIGTERM)
            assert terminal.ended() == 0
        case _:
            terminal.hang_up()
    assert psutil.wait_procs(processes, timeout=30)[1] == []
    assert ground.left_over() == []
    assert list(ground.temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("up", "99"), "there is no kata '99'; there are"),
        (("up", "04", "nowhere"), "nowhere: no kata.toml there"),
        (("up", "04", "--replicas", "4"), "--replicas must be 1 to 3, got 4"),
    ],
)
def test_what_cannot_be_served(arguments: tuple[str, ...], told: str, tmp_path: Path) -> None:
    """What is asked for wrongly gets a line that says what there is, and exit status 2."""
    terminal = Terminal(*arguments, columns=WIDE, cwd=tmp_path)
    assert terminal.ended() == 2
    assert told in terminal.whole
    assert "Traceback" not in terminal.whole
