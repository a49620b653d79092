"""What `services` gives and takes: addresses, databases, settings, the pair, and the two ways in which it fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pathlib import Path


class ServicesUnavailableError(Exception):
    """No Postgres (or Redis) can be had; the message says what is missing and what mends it."""


class SchemaError(Exception):
    """Postgres refused a submission's schema, in `line` (counted from 1) where that is known."""

    def __init__(
        self,
        message: str,
        *,
        line: int | None = None,
        statement: str | None = None,
        sqlstate: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message if line is None else f"line {line}: {message}")
        self.message = message
        self.line = line
        self.statement = statement
        self.sqlstate = sqlstate
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Address:
    """One server, as its administrator reaches it."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Database:
    """A submission's database; its role owns it and nothing else."""

    host: str
    port: int
    name: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Spare:
    """A command of which the keeper of embedded servers has one process ready, for the run that asks next.

    Its standard input is one end of a socket pair; the run gets the other. It closes its standard output when it is
    ready. Nothing else is in its environment.
    """

    command: tuple[str, ...]
    environment: dict[str, str]


@dataclass(frozen=True)
class Settings:
    """Where servers come from: `choice` is `auto`, `embedded`, `containers` or `external`.

    `idle_seconds` is how long an embedded pair outlives its last lease, `schema_seconds` how long a schema may take.
    `home` is the folder of the embedded servers, by default one for each user; `spare` is kept ready beside them.
    """

    choice: str = "auto"
    postgres_image: str = "postgres:18"
    redis_image: str = "redis:8"
    postgres_url: str | None = None
    redis_url: str | None = None
    idle_seconds: float = 600
    home: Path | None = None
    schema_seconds: float = 10
    spare: Spare | None = None


class Pair(Protocol):
    """One Postgres and, where asked for, one Redis, leased to this run alone until `close`.

    `kind` is `embedded`, `containers` or `external`; `versions` are what the servers themselves answer.
    """

    @property
    def kind(self) -> str:
        """`embedded`, `containers` or `external`."""
        ...

    @property
    def postgres(self) -> Address:
        """The Postgres, as its superuser reaches it."""
        ...

    @property
    def redis(self) -> Address | None:
        """The Redis, where the run asked for one."""
        ...

    @property
    def versions(self) -> dict[str, str]:
        """For example `{"postgres": "18.6", "redis": "valkey 9.1.0"}`."""
        ...

    async def database(self, schema: str = "") -> Database:
        """Make a database of its own role, and run `schema` in it as that role; raises SchemaError."""
        ...

    async def drop(self, database: Database) -> None:
        """End the database's sessions and remove it with all that its role owned."""
        ...

    async def has_its_password(self, database: Database) -> bool:
        """Whether the database's role still has the password that it was made with; a role may change its own."""
        ...

    async def sessions(self, database: Database) -> int:
        """Count the sessions that are connected to the database now."""
        ...

    async def flush_redis(self) -> None:
        """Remove every key, script and function from the Redis."""
        ...

    async def ask_redis(self, *words: str) -> Any:  # noqa: ANN401 -- any reply
        """Send the Redis one command as its administrator, and return its answer; raises RedisError."""
        ...

    async def close(self) -> None:
        """Drop what this run made and give the pair back."""
        ...
