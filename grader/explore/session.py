"""One connection of a submission: where its transaction stands, and so what its next step would touch."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from grader.explore.footprint import statements_of
from grader.explore.independence import is_write, meet
from grader.explore.redis_reading import RedisState, joined
from grader.explore.settings import Settings, words_of
from grader.explore.touch import Touched
from grader.explore.transaction import Transaction, let_go
from grader.explore.values import Access, Footprint, Mode
from grader.wire import Category
from grader.wire.postgres import sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grader.explore.catalogue import Catalogue
    from grader.explore.sql_reading import Reading
    from grader.explore.values import Step
    from grader.wire import Statement

_ENDS = frozenset({Category.COMMIT, Category.ROLLBACK})
_HTTP = frozenset({Access("http", Mode.EXCLUSIVE)})
_READER = Access("serializable", Mode.READ)
"""A step of a SERIALIZABLE transaction that has only read."""
_WRITER = Access("serializable", Mode.EXCLUSIVE)
"""Any other of its steps, its end among them."""


class Session:
    """The transaction state of one connection; it lives as long as the connection.

    `settings` are those that the connection was opened with, such as default_transaction_isolation.
    Call `noticed` with each statement that passes without being a step, in order; `footprint` as often as you like
    while a step is held; `took` when it has been run. What is noticed in between is taken to come after the step.
    """

    def __init__(self, catalogue: Catalogue, settings: Mapping[str, str] | None = None) -> None:
        self._statements = statements_of(catalogue)
        self._settings = Settings(catalogue.search_path, catalogue.isolation, settings or {})
        self._transaction: Transaction | None = None
        self._redis = RedisState()
        self._held: Step | None = None
        self._would: Footprint | None = None
        """What the held step would touch: nothing changes while it is held."""
        self._later: list[Statement] = []

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction was begun and has not ended."""
        return self._transaction is not None

    def keeps_out(self, wanted: frozenset[Access]) -> bool:
        """Whether what its transaction holds may make another's step wait that wants this."""
        transaction = self._transaction
        return transaction is not None and (transaction.opaque or meet(transaction.held, wanted))

    def has(self, wanted: Access) -> bool:
        """Whether its transaction has locked the row of this access, in its mode or a stronger one."""
        held = self._transaction.held if self._transaction is not None else frozenset()
        kind, _, table = wanted.thing.partition(" ")
        return (
            kind in {"rows", "table"}
            and wanted.key is not None
            and any(
                (access.thing, access.key) == (f"rows {table}", wanted.key) and access.mode >= wanted.mode
                for access in held
            )
        )

    def noticed(self, statement: Statement) -> None:
        """Take a statement that passed freely: BEGIN, SET, SAVEPOINT, an idle rollback, COPY, what MULTI queues."""
        if self._held is not None:
            self._later.append(statement)
        else:
            self._pass(statement)

    def footprint(self, step: Step) -> Footprint:
        """Return what a step would touch if it were let go now; changes nothing but which step is held."""
        if self._held is not step or self._would is None:
            if self._held is not None:
                self._go_on()  # the step that was held before was never run, or nobody told
            self._held, self._would = step, self._footprint(step)
        return self._would

    def took(self, step: Step, *, error: str | None, status: str, rows: int | None = None) -> Footprint:
        """Take a step that was run, and return what it touched.

        That differs from what `footprint` said where it failed: then the server lets go at once of what the
        transaction, or its part since the last savepoint, held. `status` is what the server said after the step: I, T,
        E. `rows` is the number of rows, where it is known: a change of none shows nothing to anybody.
        """
        footprint = self._would if step is self._held and self._would is not None else self._footprint(step)
        if step.service == "redis":
            for text, parameters in _statements(step):
                self._redis.took(text, parameters)
        elif step.service == "postgres":
            footprint = self._taken(step, footprint, error, rows)
            if not self._later:
                self._agree(status)
        self._go_on()
        return footprint

    def rest(self) -> None:
        """Forget any transaction: the connection is known to be idle outside of one."""
        self._go_on()
        self._end()

    # what passes

    def _go_on(self) -> None:
        later, self._later, self._held, self._would = self._later, [], None, None
        for statement in later:
            self._pass(statement)

    def _pass(self, statement: Statement) -> None:
        if statement.service == "redis":
            self._redis.noticed(statement.text, statement.parameters)
        elif statement.service == "postgres" and not statement.error:
            self._follow(statement.text, statement.category)

    def _follow(self, text: str, category: Category) -> None:
        match category:
            case Category.BEGIN:
                self._end()
                self._transaction = Transaction(self._settings.begin(text), self._settings.isolation)
            case Category.COMMIT:
                self._end()
            case Category.ROLLBACK if _savepoint(text) is None:
                self._roll_back()
            case Category.ROLLBACK | Category.SAVEPOINT if self._transaction is not None:
                self._follow_savepoint(text, self._transaction)
            case Category.SESSION:
                self._settings.follow(text, self._transaction)
            case Category.PROBE if self._transaction is not None:
                self._transaction.snapshot_taken = True
            case Category.COPY if self._transaction is not None:
                self._transaction.hold(Touched(), opaque=sql.read(text).touches)
            case _:
                pass

    def _follow_savepoint(self, text: str, transaction: Transaction) -> None:
        match words_of(text):
            case ["savepoint", name, *_]:
                transaction.save(name, self._settings.isolation)
            case ["release", "savepoint", name, *_] | ["release", name, *_]:
                transaction.release(name)
            case _:
                before = transaction.roll_back_to(_savepoint(text) or "")
                self._settings.isolation = before or self._settings.isolation

    def _end(self) -> None:
        self._transaction = None
        self._settings.transaction_over()

    def _roll_back(self) -> None:
        if self._transaction is not None:
            self._settings.isolation = self._transaction.default
        self._end()

    # what is held at a gate

    def _footprint(self, step: Step) -> Footprint:
        if step.service == "redis":
            return joined(self._redis.footprint(text, parameters) for text, parameters in _statements(step))
        if step.service == "http":
            return Footprint(_HTTP, service="http")
        categories = _categories(step)
        if len(categories) == 1:
            return self._statement_footprint(step.texts[0], step.parameters[0], categories[0])
        return self._group_footprint(step, categories)

    def _group_footprint(self, step: Step, categories: list[Category]) -> Footprint:
        """Several statements at one go; without BEGIN around them they are one transaction of their own."""
        parts = [
            self._statement_footprint(text, parameters, category)
            for (text, parameters), category in zip(_statements(step), categories, strict=True)
        ]
        whole = joined(parts)
        if _ENDS.intersection(categories):
            inside = frozenset[Access]().union(*(self._touched(t, p).held for t, p in _statements(step)))
            whole = replace(whole, published=whole.published | inside, ends=True)
        return whole

    def _statement_footprint(self, text: str, parameters: tuple[str | bytes | None, ...], what: Category) -> Footprint:
        transaction = self._transaction
        if self._settings.strange:
            return Footprint(opaque=True, ends=transaction is None)
        if what in _ENDS:
            return self._end_footprint(text, what)
        if transaction is not None and transaction.failed:
            return Footprint()  # it is refused
        reading = self._statements.reading(text)
        isolation = transaction.isolation if transaction is not None else self._settings.isolation
        serializable = isolation == "serializable"
        if reading.checks:
            checked = transaction.deferred if transaction is not None else frozenset[Access]()
            return Footprint(checked, opaque=bool(transaction and transaction.opaque), serializable=serializable)
        touched = self._touched(text, parameters)
        accesses = touched.accesses
        if serializable:
            reads = all(a.mode is Mode.READ for a in accesses) and not reading.unread
            quiet = reads and transaction is not None and not transaction.wrote
            accesses |= {_READER if quiet else _WRITER}
        return Footprint(
            accesses,
            touched.held if transaction is None else frozenset(),
            ends=transaction is None,
            snapshot=transaction is not None and transaction.frozen and not transaction.snapshot_taken,
            serializable=serializable,
            deferred=transaction is None and bool(touched.deferred),
            opaque=bool(reading.unread),
        )

    def _end_footprint(self, text: str, what: Category) -> Footprint:
        """COMMIT shows what was written; a rollback, and the COMMIT of a failed transaction, only let go."""
        transaction = self._transaction
        if transaction is None:
            return Footprint(ends=True, opaque="prepared" in text.lower())
        serializable = transaction.isolation == "serializable"
        accesses = frozenset({_WRITER}) if serializable else frozenset[Access]()
        name = _savepoint(text) if what is Category.ROLLBACK else None
        if name is not None:
            undone = transaction.since(name)
            return Footprint(
                accesses,
                undone.held if undone is not None else transaction.locks,
                ends=True,
                serializable=serializable,
                opaque=transaction.opaque_since(name),
            )
        if what is Category.ROLLBACK or transaction.failed:
            return Footprint(
                accesses, transaction.locks, ends=True, serializable=serializable, opaque=transaction.opaque
            )
        return Footprint(
            accesses | transaction.deferred,
            transaction.held,
            ends=True,
            serializable=serializable,
            deferred=bool(transaction.deferred),
            opaque=transaction.opaque or "prepare" in text.lower(),
        )

    def _touched(self, text: str, parameters: tuple[str | bytes | None, ...]) -> Touched:
        return self._statements.touched(text, parameters)

    # what was run

    def _taken(self, step: Step, footprint: Footprint, error: str | None, rows: int | None) -> Footprint:
        if error is not None:
            return self._failed(step, footprint)
        alone = len(step.texts) == 1
        for (text, parameters), category in zip(_statements(step), _categories(step), strict=True):
            if category in _ENDS and _savepoint(text) is None:
                chained = self._transaction if "chain" in text.lower() and "no chain" not in text.lower() else None
                (self._roll_back if category is Category.ROLLBACK else self._end)()
                if chained is not None:
                    self._transaction = Transaction(chained.isolation, self._settings.isolation)
            elif category in _ENDS:
                self._follow(text, category)
            else:
                kept = self._idle_keeps(text, parameters, rows) if alone else None
                footprint = self._done(text, parameters, footprint, kept)
        return footprint

    def _done(
        self,
        text: str,
        parameters: tuple[str | bytes | None, ...],
        footprint: Footprint,
        kept: frozenset[Access] | None,
    ) -> Footprint:
        reading, touched = self._statements.reading(text), self._touched(text, parameters)
        if reading.unsettles:
            self._settings.lose("set_config")
        held = touched.held if kept is None else kept
        if self._transaction is not None:
            self._transaction.snapshot_taken = True
            deferred = touched.deferred if kept is None else frozenset[Access]()
            self._transaction.hold(Touched(held=held, deferred=deferred), opaque=footprint.opaque)
        if kept is None:
            return footprint
        # What changed no row is no write to whoever asks what this step did.
        accesses = frozenset(access for access in footprint.accesses if access in kept or not is_write(access))
        return replace(footprint, accesses=accesses, published=footprint.published & kept)

    def _idle_keeps(
        self, text: str, parameters: tuple[str | bytes | None, ...], rows: int | None
    ) -> frozenset[Access] | None:
        reading: Reading = self._statements.reading(text)
        if rows != 0 or reading.unread or reading.idle_keeps is None:
            return None
        return frozenset(a for a in self._touched(text, parameters).held if a.thing.startswith(reading.idle_keeps))

    def _failed(self, step: Step, footprint: Footprint) -> Footprint:
        transaction = self._transaction
        if transaction is None or transaction.failed:
            return footprint
        own = frozenset[Access]().union(*(self._touched(text, given).held for text, given in _statements(step)))
        let = transaction.failing().held | let_go(own)
        opaque = footprint.opaque or transaction.opaque
        if Category.COMMIT in _categories(step):
            let |= transaction.locks
            self._roll_back()
        else:
            transaction.fail()
            transaction.snapshot_taken = True
        return replace(footprint, published=footprint.published | let, ends=True, opaque=opaque)

    def _agree(self, status: str) -> None:
        """Follow the server where it says otherwise than the texts did."""
        if status == "I" and self._transaction is not None:
            self._end()
        elif status == "T" and self._transaction is None:
            self._transaction = Transaction(self._settings.isolation, self._settings.isolation)
            self._transaction.hold(Touched(), opaque=True)
        elif status == "E" and self._transaction is not None and not self._transaction.failed:
            self._transaction.fail()


def _statements(step: Step) -> list[tuple[str, tuple[str | bytes | None, ...]]]:
    return list(zip(step.texts, step.parameters, strict=True))


def _categories(step: Step) -> list[Category]:
    return [step.category, *(sql.read(text).category for text in step.texts[1:])]


def _savepoint(text: str) -> str | None:
    """Return the savepoint that a rollback goes to; None where it is a whole transaction's."""
    words = words_of(text)
    if "to" not in words:
        return None
    return words[-1]
