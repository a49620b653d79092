"""What a text touches before its parameters are known, and the accesses that come of it when they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from grader.explore.values import Access, Mode
from grader.wire.recorder import VALUES_CAP

if TYPE_CHECKING:
    from collections.abc import Iterable

Parameters = Sequence[str | bytes | None]

_BOOLEANS = {
    **dict.fromkeys(("t", "true", "yes", "on", "y", "1"), "true"),
    **dict.fromkeys(("f", "false", "no", "off", "n", "0"), "false"),
}


class Kind(Enum):
    """What is known of a value."""

    CONSTANT = "constant"
    PARAMETER = "parameter"
    NULL = "null"
    FRESH = "fresh"
    """Made anew, and equal to no other value: a UUID."""
    COUNTED = "counted"
    """The next of a sequence: equal to no other of its kind."""
    UNKNOWN = "unknown"


class Value(NamedTuple):
    """What a column is compared with, or set to."""

    kind: Kind
    text: str = ""
    """Of a constant."""
    number: int = 0
    """Of a parameter, from 0."""
    type: str = "other"
    """Of the column, as the catalogue calls it."""

    def settled(self, parameters: Parameters) -> Value:
        """Return the value that it has with these parameters; what cannot be compared as a text is unknown."""
        if self.kind is not Kind.PARAMETER:
            return self
        if self.number >= len(parameters):
            return UNKNOWN
        given = parameters[self.number]
        return NULL if given is None else constant(given, self.type)


NULL = Value(Kind.NULL)
FRESH = Value(Kind.FRESH)
COUNTED = Value(Kind.COUNTED)
UNKNOWN = Value(Kind.UNKNOWN)


def constant(given: str | bytes, kind: str) -> Value:
    """Return a value in the form in which equal values of its type are equal texts."""
    if isinstance(given, bytes) or len(given) >= VALUES_CAP:  # longer ones were cut by the recorder
        return UNKNOWN
    try:
        match kind:
            case "integer":
                text = str(int(given))
            case "uuid":
                text = str(UUID(given))
            case "boolean":
                text = _BOOLEANS[given.strip().lower()]
            case "varchar":
                text = given.rstrip(" ")  # blanks beyond the column's length are cut off
            case "text" | "enum":
                text = given
            case _:
                return UNKNOWN
    except (ValueError, KeyError):
        return UNKNOWN
    return Value(Kind.CONSTANT, text)


class Rule(Enum):
    """What NULL and new values among a touch's columns mean."""

    ROWS = "rows"
    UNIQUE = "unique"
    """An entry of a unique key: NULL and what was made anew meet nobody."""
    UNIQUE_NULLS = "unique nulls"
    """Likewise, but NULL meets NULL."""
    REFERENCE = "reference"
    """A foreign key's check: NULL refers to nothing."""


Columns = tuple[tuple[str, Value], ...]


class Touch(NamedTuple):
    """An access that is narrowed to the rows in which these columns have these values."""

    thing: str
    mode: Mode
    columns: Columns = ()
    rule: Rule = Rule.ROWS
    held: bool = False
    """Until the end of the transaction, which shows it to the others or lets go of it."""
    deferrable: bool = False
    """It may be done, or done again, by COMMIT."""


@dataclass(frozen=True, slots=True)
class Touched:
    """The accesses of one statement with its parameters."""

    accesses: frozenset[Access] = frozenset()
    held: frozenset[Access] = frozenset()
    """Those that last until the end of the transaction."""
    deferred: frozenset[Access] = frozenset()
    """Those that COMMIT may make."""

    def __or__(self, other: Touched) -> Touched:
        return Touched(self.accesses | other.accesses, self.held | other.held, self.deferred | other.deferred)


class Plan:
    """The touches of one text, laid out so that filling in parameters costs little: each value is settled once."""

    def __init__(self, touches: Iterable[Touch]) -> None:
        self._values: dict[Value, int] = {}
        self._regions: dict[tuple[tuple[str, int], ...], int] = {}
        self._touches = [(touch, self._region(touch.columns)) for touch in touches]
        self._settling = list(self._values)
        self._columns = list(self._regions)

    def _region(self, columns: Columns) -> int:
        region = tuple((column, self._values.setdefault(value, len(self._values))) for column, value in sorted(columns))
        return self._regions.setdefault(region, len(self._regions))

    def fill(self, parameters: Parameters) -> Touched:
        """Return the accesses that the touches come to with these parameters."""
        values = [value.settled(parameters) for value in self._settling]
        entries = [self._entry(columns, values) for columns in self._columns]
        accesses: list[Access] = []
        held: list[Access] = []
        deferred: list[Access] = []
        for touch, place in self._touches:
            access = _access(touch, *entries[place])
            if access is None:
                continue
            accesses.append(access)
            if touch.held:
                held.append(access)
            if touch.deferrable:
                deferred.append(access)
        return Touched(frozenset(accesses), frozenset(held), frozenset(deferred))

    def _entry(self, columns: tuple[tuple[str, int], ...], values: list[Value]) -> tuple[tuple[str, ...] | None, _Has]:
        key: list[str] = []
        null = fresh = counted = False
        for column, number in columns:
            value = values[number]
            if value.kind is Kind.CONSTANT:
                key.append(f"{column}={value.text}")
            elif value.kind is Kind.NULL:
                key.append(f"{column}")
                null = True
            else:
                fresh = fresh or value.kind is Kind.FRESH
                counted = counted or value.kind is Kind.COUNTED
        return tuple(key) or None, _Has(null, fresh, counted)


class _Has(NamedTuple):
    """What stands among the values of a row."""

    null: bool
    fresh: bool
    counted: bool


def _access(touch: Touch, key: tuple[str, ...] | None, has: _Has) -> Access | None:
    if touch.rule is Rule.ROWS:
        return Access(touch.thing, touch.mode, key)
    if has.fresh or (has.null and touch.rule is not Rule.UNIQUE_NULLS):
        return None
    if has.counted:
        # Meets a value that somebody gives, or an existing row, but no other of the sequence.
        return Access(touch.thing, Mode.SHARE)
    return Access(touch.thing, touch.mode, key)
