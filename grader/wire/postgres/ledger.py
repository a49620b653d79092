"""The statements of one connection as they are begun and finished, and what its texts say about its transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.wire.postgres import sql
from grader.wire.recorder import CallSite, Category, Recorder, RoundTrip, Statement

if TYPE_CHECKING:
    from collections.abc import Callable

    from grader.wire.postgres.results import Column

PREPARED_CAP = 1 << 20
"""Characters of prepared statements remembered per connection; the oldest are forgotten first."""
NAMES_CAP = 1000
_YOUNG_CAP = 1000


@dataclass(slots=True, eq=False)
class Prepared:
    """What a Parse made."""

    text: str
    site: CallSite | None
    oids: tuple[int, ...]
    draft: Statement | None = None
    """The statement that its Parse began, until a Bind takes it up."""
    columns: tuple[Column, ...] = ()
    """As they were described last."""


class PreparedStatements(dict[bytes, Prepared]):
    """A connection's prepared statements by name."""

    def remember(self, name: bytes, prepared: Prepared) -> None:
        """Add one, and forget the oldest ones beyond the cap."""
        self.pop(name, None)
        self[name] = prepared
        while len(self) > NAMES_CAP or sum(len(known.text) for known in self.values()) > PREPARED_CAP:
            if len(self) == 1:
                break
            del self[next(iter(self))]

    def follow(self, text: str) -> None:
        """Follow a DEALLOCATE or a DISCARD ALL."""
        words = text.rstrip("; \n").split()
        if words[0].lower() == "deallocate" and words[-1].lower() != "all":
            self.pop(words[-1].strip('"').encode(), None)
        elif words[0].lower() in {"deallocate", "discard"} and words[-1].lower() == "all":
            self.clear()


class Ledger:
    """Begins and ends statements in a recorder for one connection."""

    def __init__(self, replica: str, connection: int, recorder: Recorder, clock: Callable[[], float]) -> None:
        self.recorder = recorder
        self._replica = replica
        self._connection = connection
        self._clock = clock
        self._drafted: Prepared | None = None
        self._touched = False
        self._young: list[Statement | RoundTrip] | None = []
        """What happened so far in this transaction of a connection that has not made a statement of its own."""

    def begin(self, text: str, site: CallSite | None, reading: sql.Reading) -> Statement:
        """Begin a statement."""
        category = reading.category
        noise = category in sql.NOISE or (category is Category.ROLLBACK and not self._touched)
        statement = Statement(
            0,
            self._replica,
            self._connection,
            "postgres",
            text,
            site=site,
            category=category,
            noise=noise,
            setup=category is Category.PROBE,
            started=self._clock(),
        )
        self.recorder.add(statement)
        self._touched = self._touched or reading.touches
        if noise:
            self._note(statement)
        else:
            self._young = None
            self._supersede()
        return statement

    def begin_prepared(self, prepared: Prepared) -> Statement:
        """Begin a statement that is parsed, bound or executed."""
        statement = self.begin(prepared.text, prepared.site, sql.read(prepared.text))
        if not statement.noise:
            self._drafted = prepared
        return statement

    def take_draft(self, prepared: Prepared) -> Statement:
        """Return the statement that a Bind goes on with: the one that the Parse began, or a new one."""
        statement, prepared.draft = prepared.draft, None
        if self._drafted is prepared:
            self._drafted = None
        if statement is None:
            statement = self.begin_prepared(prepared)
        statement.done = False
        return statement

    def round_trip(self, group: list[Statement]) -> None:
        """Count a round trip that begins with a group of statements."""
        probes = bool(group) and all(statement.category is Category.PROBE for statement in group)
        draft = self._drafted.draft if self._drafted is not None else None
        trip = RoundTrip(
            self._replica,
            self._connection,
            "postgres",
            setup=probes,
            preparation=draft is not None and group == [draft],
        )
        self.recorder.add_round_trip(trip)
        self._note(trip)

    def transaction_over(self) -> None:
        """Note that no transaction is open; what a new connection did so far was its making."""
        self._touched = False
        if self._young is not None:
            for thing in self._young:
                thing.setup = True
            self._young = []

    def restart(self, statement: Statement) -> None:
        """Take the time again: the statement was held, and goes to the server only now."""
        statement.started = self._clock()

    def finish(self, statement: Statement) -> None:
        """End a statement."""
        statement.seconds = self._clock() - statement.started
        statement.done = True

    def fail(self, statement: Statement, sqlstate: str, text: str) -> None:
        """End a statement with an error."""
        statement.error = sqlstate
        statement.error_message = text[:1000]
        statement.answered = True
        self.finish(statement)

    def skip(self, statements: list[Statement]) -> None:
        """End statements that the server did not run."""
        for statement in statements:
            if not statement.done:
                statement.skipped = statement.answered = True
                self.finish(statement)

    def _note(self, thing: Statement | RoundTrip) -> None:
        if self._young is not None and len(self._young) < _YOUNG_CAP:
            self._young.append(thing)

    def _supersede(self) -> None:
        """Give up a draft: another statement came before it was bound, so that its Parse was only a preparation."""
        if self._drafted is not None and self._drafted.draft is not None:
            draft, self._drafted.draft = self._drafted.draft, None
            if draft.error is None and not draft.skipped:
                draft.category = Category.PREPARE
                draft.noise = True
        self._drafted = None
