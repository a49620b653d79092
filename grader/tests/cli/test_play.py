"""`kata play` in a terminal: what is on the screen after each key, and that nothing is left of it."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING

import psutil
import pytest

from grader.tests.cli.terminal import Terminal
from grader.tests.grade.project import pytest_in, submission

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from grader.tests.grade.project import Ground

KATA = "04_optimistic_locking"
READY = "can you break it"
DIES = "print('torn', flush=True); __import__('os')._exit(3)"
BROKEN = "It is broken (lost update): both answered 200"


@pytest.fixture
def play(ground: Ground) -> Iterator[Callable[..., Terminal]]:
    """Open games; each is closed in the end."""
    opened: list[Terminal] = []

    def begin(*arguments: str | Path, **size: int) -> Terminal:
        opened.append(Terminal("play", "04", *arguments, cwd=ground.folder, **size, **ground.variables))  # type: ignore[arg-type] # sizes are numbers, variables texts
        return opened[-1]

    yield begin
    for terminal in opened:
        terminal.close()


@pytest.fixture
def mistake(ground: Ground, request: pytest.FixtureRequest) -> Path:
    """Lay a wrong solution into a folder of the test's own, as a learner's."""
    name = "compared_then_written"
    return submission(ground.folder / request.node.name / KATA, f"mistakes/{name}", kata=KATA)


def test_a_lost_update_by_hand(play: Callable[..., Terminal], mistake: Path, ground: Ground) -> None:
    """Keys let A and B go until it breaks; the token on the screen breaks the check again; nothing is left."""
    terminal = play("--on", mistake)
    screen = terminal.until(READY, "check 1 of 7", "Must hold: Of two editors")
    assert "at app/features/books/rows.py:" in screen
    assert "version 7" in screen
    assert all(len(line) <= 80 for line in screen.splitlines())
    terminal.type("abbb")
    terminal.until("answered 200", "version 7 → 8", "price_cents 1900 → 900")
    terminal.type("aa")
    terminal.until(BROKEN, "one-of-two-edits-wins:A.BBB.AA", "version 7 → 9")
    terminal.type("q")
    assert terminal.ended() == 0
    assert "--replay one-of-two-edits-wins:A.BBB.AA" in terminal.whole.replace("\n", "")
    replayed = pytest_in(ground.folder, mistake, "--replay", "one-of-two-edits-wins:A.BBB.AA", **ground.variables)
    assert replayed.outcomes == {"one-of-two-edits-wins": "failed"}, replayed.output
    assert "lost update" in replayed.output
    assert ground.left_over() == []
    assert list(ground.temporary.iterdir()) == []


def test_back_crash_and_the_worst(play: Callable[..., Terminal], mistake: Path) -> None:
    """A step is taken back, a crash is chosen from what is offered, and the worst goes step by step."""
    terminal = play("--on", mistake)
    terminal.until(READY)
    terminal.type("ab")
    terminal.until("  2 ")
    terminal.type("z")
    terminal.gone("  2 ")
    terminal.type("b")
    terminal.type("bx")
    terminal.until("4  B: cut its connection before the step", "any other key goes back")
    terminal.type("5")  # B's COMMIT is run, its reply lost
    terminal.until("answered 500", "cut after it: the reply is lost", "version 7 → 8")
    terminal.type("aa")
    terminal.until("No verdict: B's connection was cut after COMMIT had run, its reply lost.")
    terminal.until("B was answered 500. The check judges runs", "The service printed:  sqlalchemy.exc.OperationalError")
    terminal.type("w")
    terminal.until("complete", "The worst is set out", "space go", "▶▶")
    terminal.type(" " * 6)
    terminal.until(BROKEN, "A's line 5 rests on what line 1 saw", "Nearest good order: 4 before 1")
    terminal.type("b")
    terminal.until("B is done, answered 200")


def test_the_reference_has_no_worst(play: Callable[..., Terminal]) -> None:
    """On the reference a step that waits is shown as waiting, and the worst is said not to exist."""
    terminal = play("--on", "reference", columns=140, lines=40)
    terminal.until(READY, "Kata 04 · reference")
    terminal.type("abb")
    screen = terminal.until("waits: UPDATE books", "B waits for a lock that another request holds")
    assert "save_book.py:" in next(line for line in screen.splitlines() if line.startswith("  2 "))
    terminal.type("w")
    terminal.until("There is none: tried", "(complete,")
    terminal.type("o")
    terminal.until("4  Two restocks at the same time both count")
    terminal.type("2")
    terminal.until("check 2 of 7, 1 of its 2", READY, "DELETE /books")
    terminal.type("n")
    terminal.until("check 2 of 7, 2 of its 2", READY)
    terminal.type("\x03")
    assert terminal.ended() == 0


def test_a_crash_is_judged(play: Callable[..., Terminal]) -> None:
    """Of a check of crashes one request is played; the worst crash is set out, and its token is shown."""
    terminal = play("--on", "mistakes/lost_commit_tried_again", "--check", "a-crash-leaves-all-or-nothing~2")
    terminal.until("The request is held before its first statement", "check 7 of 7, 2 of its 3")
    terminal.type("aaa")
    terminal.until("it holds without a crash")
    terminal.type("w")
    terminal.until("It does not hold when the connection is cut after it", "space go")
    terminal.type("   ")
    terminal.until("cut after it: the reply is lost")
    terminal.type("aaaa")
    terminal.until("It is broken", "a-crash-leaves-all-or-nothing~2:cut-after-A")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP, None], ids=["SIGTERM", "SIGHUP", "the terminal closed"])
def test_it_ends_with_its_terminal(how: signal.Signals | None, play: Callable[..., Terminal], ground: Ground) -> None:
    """A signal, and the loss of the terminal, end it with all its processes; nothing is left."""
    terminal = play("--on", "reference")
    terminal.until(READY)
    terminal.type("a")
    process = psutil.Process(terminal.process.pid)
    processes = ground.processes(process.pid)
    assert processes
    if how is None:
        terminal.hang_up()
    else:
        process.send_signal(how)
        terminal.ended()
    assert psutil.wait_procs(processes, timeout=30)[1] == []
    assert ground.left_over() == []
    assert list(ground.temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("raise RuntimeError('torn')", ("PUT answered 500. Must hold: PUT answers 200", "RuntimeError: torn, at app/")),
        (DIES, ("the process exited with status 3. Must hold: every", "torn")),
    ],
    ids=["raises", "dies"],
)
def test_a_service_that_breaks_down(
    line: str, told: tuple[str, str], play: Callable[..., Terminal], ground: Ground
) -> None:
    """Where the code raises, or its process ends, it is said what happened, and what was printed of it."""
    folder = submission(ground.folder / told[1].partition(":")[0] / KATA, kata=KATA)
    save = folder / "app" / "features" / "books" / "save_book.py"
    save.write_text(re.sub("raise await refusal.*", line, save.read_text()))
    terminal = play("--on", folder, lines=30, columns=100)
    terminal.until(READY)
    terminal.type("aabbb")
    terminal.until(f"It is broken: {told[0]}", f"The service printed:  {told[1]}", "--replay one-of-two-edits-wins:A")
    terminal.type("z")
    terminal.gone("It is broken")


def test_a_service_that_never_answers(play: Callable[..., Terminal], mistake: Path) -> None:
    """Where the service ends before there is anything to play, it is said with what it printed."""
    save = mistake / "app" / "features" / "books" / "save_book.py"
    save.write_text(save.read_text().replace("    return ", f"    {DIES}\n    return "))
    terminal = play("--on", mistake, columns=200)
    assert terminal.ended() == 1
    terminal.until("the process exited with status 3. Must hold: every request is answered", "\ntorn")


def test_servers_that_cannot_be_had(tmp_path: Path) -> None:
    """Where no servers are to be had, that is said in a line, and the exit status is 3."""
    terminal = Terminal("play", "04", "--on", "reference", columns=500, cwd=tmp_path, BACKEND_KATAS_SERVICES="external")
    assert terminal.ended() == 3
    assert "the URL of PostgreSQL is missing" in terminal.whole
    assert "Traceback" not in terminal.whole


def test_a_service_that_does_not_start(play: Callable[..., Terminal], mistake: Path) -> None:
    """Where the service does not start the game is over, and the learner's traceback is shown."""
    main = mistake / "app" / "main.py"
    main.write_text(main.read_text().replace("import", "import nothing_of_this_name\nimport", 1))
    terminal = play("--on", mistake)
    assert terminal.ended() == 1
    assert "the service cannot be used" in terminal.whole
    assert "nothing_of_this_name" in terminal.whole


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("play", "99"), "there is no kata '99'; there are"),
        (("play", "03"), "kata 03 has no race to play"),
        (("play", "04", "--check", "nothing"), "no such race; there are one-of-two-edits-wins,"),
        (("play", "04", "--check", "restocks-add-up~x"), "no such race"),
        (("play", "04", "--on", "mistakes/nothing"), "mistakes has committed_then_read_again, compared_then_written"),
        (("play", "04", "--on", "nowhere"), "nowhere: no kata.toml there"),
        (("play",), "Missing argument"),
    ],
)
def test_what_cannot_be_played(arguments: tuple[str, ...], told: str, tmp_path: Path) -> None:
    """What is asked for wrongly gets a line that says what there is, and exit status 2."""
    terminal = Terminal(*arguments, columns=1000, cwd=tmp_path)
    assert terminal.ended() == 2
    assert told in terminal.whole
    assert "Traceback" not in terminal.whole
