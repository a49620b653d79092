"""What a connection's SET and RESET mean for its next steps: the isolation of new transactions, and texts' meanings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from grader.explore.sql_text import UnreadableError, lexemes
from grader.wire.postgres import sql

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grader.explore.transaction import Transaction

DEFAULT_ISOLATION = "default_transaction_isolation"
UNSETTLING = frozenset(
    {
        DEFAULT_ISOLATION,
        "default_transaction_deferrable",
        "role",
        "row_security",
        "search_path",
        "session_authorization",
        "session_replication_role",
        "transaction_deferrable",
        "transaction_isolation",
    }
)
"""Settings after which a statement may touch something else than its text says, or differently."""

_LEVEL = re.compile(r"\bisolation\s+level\s+(serializable|repeatable\s+read|read\s+(?:un)?committed)", re.IGNORECASE)


class Settings:
    """The settings of one connection, as far as they matter here."""

    def __init__(self, path: Sequence[str], isolation: str, given: Mapping[str, str]) -> None:
        given = {name.lower(): value for name, value in given.items()}
        self._path = _plain(",".join(path))
        self._first = isolation_named(given.get(DEFAULT_ISOLATION, isolation))
        self.isolation = self._first
        """Of transactions that do not say."""
        self._strange = {name for name in given if name in UNSETTLING and name != DEFAULT_ISOLATION}
        self._strange_here: set[str] = set()
        """Likewise, until the transaction ends."""

    @property
    def strange(self) -> bool:
        """Whether nobody knows what statements mean now."""
        return bool(self._strange or self._strange_here)

    def lose(self, name: str, *, here: bool = False) -> None:
        """Take note that a setting was changed on which the meaning of statements rests."""
        (self._strange_here if here else self._strange).add(name)

    def transaction_over(self) -> None:
        """Take note that what was set for a transaction is over."""
        self._strange_here.clear()

    def begin(self, text: str) -> str:
        """Return the isolation of the transaction that this BEGIN begins."""
        words = words_of(text)
        if "deferrable" in words and words[words.index("deferrable") - 1] != "not":
            self.lose("deferrable", here=True)  # its first statement may wait for a safe snapshot
        return _level_in(text) or self.isolation

    def follow(self, text: str, transaction: Transaction | None) -> None:
        """Follow a SET, RESET, DISCARD, or a pool's reset."""
        match words_of(text):
            case _ if sql.is_pool_reset(text):
                self._reset(keep_role=True)
            case ["discard", "all", *_]:
                self._reset(keep_role=False)
            case ["reset", "all", *_]:
                self._reset(keep_role=True)
            case ["reset", name, *_]:
                self._reset_one(name)
            case ["set", "session", "characteristics", *_]:
                self.isolation = _level_in(text) or self.isolation
            case ["set", "transaction", *rest] | ["set", "local" | "session", "transaction", *rest]:
                self._set_transaction(text, rest, transaction)
            case ["set", "session", "authorization", *_]:
                self.lose("role")
            case ["set", ("session" | "local") as scope, name, *rest]:
                self._set(name, rest, transaction, here=scope == "local")
            case ["set", name, *rest]:
                self._set(name, rest, transaction, here=False)

    def _set_transaction(self, text: str, words: list[str], transaction: Transaction | None) -> None:
        level = _level_in(text)
        if level is not None and transaction is not None:
            transaction.isolation = level
        if "snapshot" in words or "deferrable" in words:
            self.lose("snapshot", here=True)

    def _set(self, name: str, rest: list[str], transaction: Transaction | None, *, here: bool) -> None:
        value = "".join(rest[1:]) if rest[:1] in (["="], ["to"]) else " ".join(rest)
        plain = _plain(value)
        if name == DEFAULT_ISOLATION and not here:
            self.isolation = self._first if plain == "default" else isolation_named(plain)
        elif name == "transaction_isolation" and transaction is not None:
            transaction.isolation = isolation_named(plain)
        elif name == "search_path" and plain in {self._path, "default"} and not here:
            self._strange.discard(name)
        elif name in UNSETTLING:
            self.lose(name, here=here)

    def _reset(self, *, keep_role: bool) -> None:
        self._strange &= {"role"} if keep_role else set()
        self.isolation = self._first

    def _reset_one(self, name: str) -> None:
        self._strange.discard(name)
        if name == DEFAULT_ISOLATION:
            self.isolation = self._first


def words_of(text: str) -> list[str]:
    """Return a statement's words, names and strings, without quotes; empty where it cannot be read."""
    try:
        return [piece.value.strip("'") for piece in lexemes(text) if piece.value != ";"]
    except UnreadableError:
        return []


def isolation_named(value: str) -> str:
    """Return an isolation level as PostgreSQL writes it; READ UNCOMMITTED is READ COMMITTED there."""
    words = _plain(value)
    return {"serializable": "serializable", "repeatableread": "repeatable read"}.get(words, "read committed")


def _level_in(text: str) -> str | None:
    match = _LEVEL.search(text)
    return isolation_named(match[1]) if match else None


def _plain(value: str) -> str:
    return re.sub(r"[\s'\"]", "", value).lower()
