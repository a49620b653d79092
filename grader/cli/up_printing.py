"""What `kata up` prints: addresses to copy, statements as they happen, troubles."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from rich.console import Console
from rich.text import Text

from grader.explore.wording import ERRORS, text_of
from grader.report.columns import cut, pad, printable, tidy, width
from grader.wire import Category

if TYPE_CHECKING:
    from grader.grade.serving import Service
    from grader.kata import Kata
    from grader.lab import Request, Unusable
    from grader.wire import Statement

INDENT = 4
NUMBERS = 22
"""Columns for rows and milliseconds."""
PLACE = 36
"""Columns for the place in the code; half as many where the terminal is not wide."""
WIDE = 110
FEWEST = 20
"""Columns that a statement takes at least."""


class Printer:
    """Prints line by line; a line of the list fits in the terminal, what is to be copied is never broken."""

    def __init__(self, kata: Kata, name: str) -> None:
        self._console = Console(highlight=False, markup=False, emoji=False)
        self._kata = kata
        self._name = name

    def say(self, text: str, style: str = "") -> None:
        """Print a line."""
        self._console.print(Text(printable(text), style), soft_wrap=True)

    def addresses(self, service: Service, *, reload: bool) -> None:
        """Print where all is, as commands to copy, and how to end it."""
        self.say("")
        self.say(f"Kata {self._kata.number:02d} · {self._kata.title} · {self._name}", "bold")
        self.say(f"The service answers at {service.url}. To try it:")
        for request in service.example.requests:
            self.say(f"  {curl(service.url, request)}")
        if not service.example.requests:
            self.say(f"  curl -i {service.url}/docs")
        self.say("Its database and what is beside it, also while it runs:")
        for client, door in service.doors.items():
            told = {"psql": f"psql '{door.url}'", "redis-cli": f"redis-cli -u '{door.url}'"}
            self.say(f"  {told.get(client, f'{self._kata.outside}={door.url}')}")
        again = "Save a file, and it starts again. " if reload else ""
        self.say(f"{again}q or Ctrl-C ends it.")
        self.say("Its statements, as they happen:")

    def trouble(self, unusable: Unusable) -> None:
        """Print why the service does not start, the learner's traceback first."""
        for part in unusable.evidence:
            self.say(f"{part.title}:")
            for line in part.lines:
                self.say(f"  {line}")
        at = f", at {unusable.place}" if unusable.place else ""
        self.say(f"✘ It does not serve: {unusable.reason}{at}. Mend it and save.", "bold red")

    # what happens

    def sent(self, request: str) -> None:
        """Print a request."""
        self.say(f"▶ {request}", "bold")

    def answered(self, request: str, status: int, seconds: float) -> None:
        """Print its answer."""
        self.say(f"◀ {status}  {request}  {seconds * 1000:.1f} ms", "bold")

    def ran(self, statement: Statement) -> None:
        """Print a statement in one line: who sent it, what it was, rows, time, and where it comes from."""
        failed = statement.error is not None
        counted = statement.service == "postgres" and statement.category is Category.STATEMENT
        rows = f"{statement.rows} row{'s' * (statement.rows != 1)}" if counted else ""
        came = ERRORS.get(statement.error or "", statement.error or "") if failed else rows
        numbers = f"{cut(came, NUMBERS - 10):>{NUMBERS - 10}} {statement.seconds * 1000:6.1f} ms"
        place = tidy(str(statement.site)) if statement.site else ""
        most = PLACE if self._console.width >= WIDE else PLACE // 2
        place = place if width(place) <= most else f"…{place[1 - most :]}"
        head = f"  {statement.replica} "
        room = max(FEWEST, self._console.width - width(head) - width(numbers) - most - 4)
        line = Text().append(head, "dim")
        line.append(pad(cut(tidy(text_of(statement)), room), room), "red" if failed else "")
        line.append(f" {numbers}  ", "red" if failed else "dim")
        line.append(place, "dim")
        line.rstrip()
        self._console.print(line, soft_wrap=True)

    def printed(self, name: str, text: str) -> None:
        """Print what a replica has printed."""
        for line in text.rstrip().splitlines():
            self.say(f"{' ' * INDENT}{name} │ {line}", "yellow")


def curl(url: str, request: Request) -> str:
    """Return the command that sends a request."""
    query = f"?{urlencode(request.params)}" if request.params else ""
    words = ["curl", "-i", *(["-X", request.method] if request.method != "GET" else [])]
    words.append(f"{url}{request.path}{query}")
    for name, value in request.headers.items():
        words += ["-H", f"{name}: {value}"]
    if request.json is not None:
        words += ["-H", "content-type: application/json", "-d", json.dumps(request.json)]
    return shlex.join(words)
