"""What went over the wires of one lab: statements, round trips, rows and bytes, whole or by windows."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TEXT_CAP = 10_000
"""Characters kept of a statement's text."""
VALUES_CAP = 200
"""Parameters kept of a statement, and characters (or bytes) kept of each."""
STATEMENTS_CAP = 100_000
"""Statements, and round trips, kept by a window; further ones are only counted."""
SETTINGS_CAP = 50
"""Settings of one connection that are remembered."""
MEMORY_CAP = 64 << 20
"""Characters of texts and parameters kept by a recorder; further statements are kept without them."""

Parameter = str | bytes | None


class Category(StrEnum):
    """What a statement is to whoever counts or schedules statements."""

    STATEMENT = "statement"
    COMMIT = "commit"
    ROLLBACK = "rollback"
    BEGIN = "begin"
    SAVEPOINT = "savepoint"
    SESSION = "session"
    """Settings and housekeeping of a connection: SET, SHOW, DISCARD, a pool's reset; CLIENT and SELECT of Redis."""
    EMPTY = "empty"
    PROBE = "probe"
    """What a driver asks for itself: the server's version, the definition of a type."""
    PREPARE = "prepare"
    """A Parse that was not followed by its execution."""
    COPY = "copy"
    LISTEN = "listen"


@dataclass(frozen=True, slots=True)
class CallSite:
    """The line that issued a statement; `file` is relative to the submission's folder."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(slots=True, eq=False)
class Result:
    """The first rows of an answer, values as texts where their type is known."""

    columns: tuple[str, ...]
    rows: list[tuple[Parameter, ...]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Statement:
    """One statement or command as it travelled; it fills up until `done`."""

    number: int
    """Position in its recorder, from 1, in the order of first bytes."""
    replica: str
    connection: int
    """Number of the connection among those of its replica to its service, from 1."""
    service: str
    """`postgres` or `redis`."""
    text: str
    """As sent, without the call site's comment; for Redis the command's words."""
    parameters: tuple[Parameter, ...] = ()
    """Text decoded, known binary types decoded to text, else bytes."""
    site: CallSite | None = None
    category: Category = Category.STATEMENT
    noise: bool = False
    """Not a statement to a learner, and passed freely: BEGIN, SET, connect-time probes."""
    setup: bool = False
    """Belongs to making the connection: a driver's probe, or what came before its first own transaction."""
    rows: int = 0
    """Rows received, or the count in the command tag of a write; for Redis the elements of the answer."""
    command: str = ""
    """The command tag, `SELECT 3`; empty for Redis and where none came."""
    seconds: float = 0.0
    """From its first byte to the end of its answer."""
    bytes: int = 0
    """Size of the answer."""
    error: str | None = None
    """SQLSTATE; for Redis the error's first word."""
    error_message: str = ""
    skipped: bool = False
    """Sent, but not run, since an earlier one of the same group had failed."""
    done: bool = False
    answered: bool = False
    """It has been run, or has failed, or will not be run; a Parse alone does not answer it."""
    result: Result | None = None
    """Its first rows, where its proxy keeps results."""
    step: tuple[Statement, ...] = field(default=(), repr=False)
    """All statements of its step, once that has come to a gate; several where one Sync ends several Executes."""
    started: float = field(default=0.0, repr=False)
    """When its first byte was seen, on the clock of `time.perf_counter`."""
    released: bool = field(default=False, repr=False)
    """Its step has passed the gate."""


@dataclass(slots=True, eq=False)
class RoundTrip:
    """Something sent while nothing was outstanding on its connection, with all that followed before the answer."""

    replica: str
    connection: int
    service: str
    setup: bool = False
    preparation: bool = False
    """It only prepares a statement, once for a connection."""


class Window:
    """The statements and round trips that began while it was open."""

    def __init__(self, replica: str | None = None) -> None:
        self.replica = replica
        """The replica whose doings it holds; None for all."""
        self.statements: list[Statement] = []
        """In order of first bytes, noise included; at most `STATEMENTS_CAP`."""
        self.dropped = 0
        """Statements seen beyond the cap."""
        self._trips: list[RoundTrip] = []
        self._more_trips = 0
        self._left: int | None = None
        self._over: Callable[[], None] | None = None

    def limit(self, most: int, over: Callable[[], None]) -> None:
        """Have `over` called once, when a statement begins that is not noise and comes after `most` others."""
        self._left, self._over = most, over

    @property
    def counted(self) -> list[Statement]:
        """The statements that a learner would count: those that are not noise."""
        return [statement for statement in self.statements if not statement.noise]

    @property
    def round_trips(self) -> int:
        """Round trips, BEGIN and COMMIT included; those of making a connection or preparing a statement left out.

        A driver prepares when it has sent a statement some times on a connection: whether it does so during this
        window depends on what came before.
        """
        return sum(not (trip.setup or trip.preparation) for trip in self._trips) + self._more_trips

    @property
    def setup_round_trips(self) -> int:
        """Round trips that belonged to making connections: drivers' probes and what surrounds them."""
        return sum(trip.setup for trip in self._trips)

    @property
    def rows(self) -> int:
        """Rows of the counted statements."""
        return sum(statement.rows for statement in self.statements if not statement.noise)

    @property
    def bytes(self) -> int:
        """Bytes of all answers, those of making connections left out."""
        return sum(statement.bytes for statement in self.statements if not statement.setup)

    def _take(self, statement: Statement) -> None:
        if len(self.statements) < STATEMENTS_CAP:
            self.statements.append(statement)
        else:
            self.dropped += 1
        if self._left is not None and self._over is not None and not statement.noise:
            self._left -= 1
            if self._left == -1:
                self._over()

    def _take_trip(self, trip: RoundTrip) -> None:
        if len(self._trips) < STATEMENTS_CAP:
            self._trips.append(trip)
        else:
            self._more_trips += 1


class Recorder(Window):
    """Where all proxies of a lab write; itself a window that is always open."""

    def __init__(self) -> None:
        super().__init__()
        self._windows: list[Window] = []
        self._number = 0
        self._kept = 0
        self._connections: Counter[tuple[str, str]] = Counter()
        self._listeners: set[str] = set()
        self._settings: dict[tuple[str, str, int], list[Statement]] = {}

    def number_connection(self, replica: str, scheme: str) -> int:
        """Return the number of a new connection of a replica, from 1; that of a replica that was is not used again."""
        self._connections[replica, scheme] += 1
        return self._connections[replica, scheme]

    def listens(self, replica: str) -> bool:
        """Whether a replica has asked to be notified, so that it may be told something at any time."""
        return replica in self._listeners

    def settings(self, replica: str, service: str, connection: int) -> list[Statement]:
        """Return what a connection has set for itself since it was made, `clear` or not, as far as that is kept."""
        return self._settings.get((replica, service, connection), [])

    @contextmanager
    def recording(self, replica: str | None = None) -> Iterator[Window]:
        """Give a window of what begins inside the `with` block; it can be read during the block and after it.

        With `replica` it holds only what that one causes.
        """
        window = Window(replica)
        self._windows.append(window)
        try:
            yield window
        finally:
            self._windows.remove(window)

    def clear(self) -> None:
        """Forget what was recorded; open windows keep theirs, and numbers start at 1 again."""
        self.statements = []
        self.dropped = 0
        self._trips = []
        self._more_trips = 0
        self._number = 0
        self._kept = 0

    def add(self, statement: Statement) -> None:
        """Number a statement that has begun, and keep it within the caps."""
        self._number += 1
        statement.number = self._number
        statement.text = statement.text[:TEXT_CAP]
        self._kept += len(statement.text)
        if self._kept > MEMORY_CAP:
            statement.text = ""
        if statement.category is Category.SESSION:
            settings = self._settings.setdefault((statement.replica, statement.service, statement.connection), [])
            settings.append(statement)
            del settings[:-SETTINGS_CAP]
        if statement.category is Category.LISTEN:
            self._listeners.add(statement.replica)
        self._take(statement)
        for window in self._of(statement.replica):
            window._take(statement)  # noqa: SLF001 -- a window is filled by its recorder alone

    def add_parameters(self, statement: Statement, parameters: tuple[Parameter, ...]) -> None:
        """Give a statement its parameters, within the caps."""
        kept = tuple(value if value is None else value[:VALUES_CAP] for value in parameters[:VALUES_CAP])
        self._kept += sum(len(value) for value in kept if value)
        if self._kept <= MEMORY_CAP:
            statement.parameters = kept

    def add_round_trip(self, trip: RoundTrip) -> None:
        """Count a round trip that has begun."""
        self._take_trip(trip)
        for window in self._of(trip.replica):
            window._take_trip(trip)  # noqa: SLF001 -- a window is filled by its recorder alone

    def _of(self, replica: str) -> list[Window]:
        return [window for window in self._windows if window.replica in {None, replica}]
