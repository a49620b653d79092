"""What is done on a server before the first database of a run: logging in, clearing up, making the base."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
from psycopg.sql import SQL, Identifier

from grader.services import base
from grader.services.schema import end_and_wait
from grader.services.values import ServicesUnavailableError

if TYPE_CHECKING:
    from grader.services.values import Address

CONNECT_SECONDS = 20

TEMPLATE = f"{base.PREFIX}template_"
DATABASE = f"{base.PREFIX}db_"
ROLE = f"{base.PREFIX}role_"


@dataclass(frozen=True, slots=True)
class Ground:
    """What a run finds on a server: templates of schemas, and how databases are best cloned there."""

    templates: set[str]
    strategy: str


async def connect(address: Address, user: str, password: str, database: str) -> psycopg.AsyncConnection:
    """Open a connection that no PG* variable of the user's has a say in; raises psycopg.OperationalError."""
    return await psycopg.AsyncConnection.connect(
        host=address.host,
        port=address.port,
        user=user,
        password=password,
        dbname=database,
        autocommit=True,
        connect_timeout=CONNECT_SECONDS,
        application_name="backend-katas",
        client_encoding="UTF8",
        options="",
    )


async def log_in(address: Address, entrance: str) -> psycopg.AsyncConnection:
    """Connect as administrator to the database `postgres`, or to the entrance; raises ConnectionError."""
    try:
        try:
            return await connect(address, address.user, address.password, "postgres")
        except psycopg.errors.ConnectionTimeout as error:
            message = f"PostgreSQL at {address.host}:{address.port} does not answer"
            raise ConnectionError(message) from error
        except psycopg.OperationalError:
            if entrance == "postgres":
                raise
            return await connect(address, address.user, address.password, entrance)
    except psycopg.OperationalError as error:
        raise ConnectionError(str(error)) from error


async def drop_database(connection: psycopg.AsyncConnection, name: str) -> None:
    """Drop a database and end its sessions, whatever its owner did to keep it."""
    drop = SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name))
    try:
        await connection.execute(drop)
    except psycopg.errors.WrongObjectType:
        # Its owner may have declared it a template.
        await connection.execute(SQL("ALTER DATABASE {} WITH IS_TEMPLATE false").format(Identifier(name)))
        await connection.execute(drop)


def check_server(connection: psycopg.AsyncConnection, address: Address) -> None:
    """See that the server is new enough and its user a superuser; raises ServicesUnavailableError."""
    where = f"The PostgreSQL at {address.host}:{address.port}"
    version = connection.info.parameter_status("server_version")
    if connection.info.server_version // 10_000 < base.OLDEST_POSTGRES:
        message = f"{where} is version {version}; {base.OLDEST_POSTGRES} or newer is needed."
        raise ServicesUnavailableError(message)
    if connection.info.parameter_status("is_superuser") != "on":
        message = (
            f"{where} lets {address.user} in, who is not a superuser; the grader makes databases, roles and extensions "
            f"and needs one. Name a superuser in the URL, or run there: ALTER ROLE {address.user} SUPERUSER"
        )
        raise ServicesUnavailableError(message)


async def prepare(connection: psycopg.AsyncConnection, address: Address, *, shared: bool) -> Ground:
    """Clear what a killed run left, see that there is a base, and say what is there."""
    major = connection.info.server_version // 10_000
    scram_settable_since = 16
    if major >= scram_settable_since:
        # Passwords here are random and long; more rounds would only slow each connection down.
        await connection.execute("SET scram_iterations = 1")
    cursor = await connection.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [like(base.PREFIX)])
    names = {str(row[0]) for row in await cursor.fetchall()}
    templates = {name for name in names if name.startswith(TEMPLATE)}
    for name in names - templates - {base.BASE}:
        await drop_database(connection, name)
    cursor = await connection.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE %s", [like(ROLE)])
    for (role,) in await cursor.fetchall():
        if role not in {role_of(template) for template in templates}:
            await connection.execute(SQL("DROP ROLE {}").format(Identifier(role)))
    if base.BASE not in names:
        await _make_base(connection, address, major=major, shared=shared)
    return Ground(templates, await _copy_strategy(connection))


async def _make_base(connection: psycopg.AsyncConnection, address: Address, *, major: int, shared: bool) -> None:
    draft = f"{DATABASE}base"
    await connection.execute(SQL(base.make_base(major, draft)))
    inside = await connect(address, address.user, address.password, draft)
    try:
        for statement in base.fill_base():
            await inside.execute(SQL(statement))
    finally:
        await end_and_wait(inside)
    for statement in [*([] if shared else base.close_doors()), *base.seal_base(draft)]:
        await connection.execute(SQL(statement))
    await connection.execute(SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(draft), Identifier(base.BASE)))


async def _copy_strategy(connection: psycopg.AsyncConnection) -> str:
    """Choose how to clone: a copy of files needs two checkpoints, which cost next to nothing without fsync.

    Measured with the settings of the embedded servers, on 2 busy cores: 22 ms against 60 ms and more with WAL_LOG.
    """
    cursor = await connection.execute("SELECT current_setting('fsync')")
    return "FILE_COPY" if await cursor.fetchone() == ("off",) else "WAL_LOG"


def role_of(template: str) -> str:
    """Name the role to which a template's objects belong."""
    return ROLE + template.removeprefix(TEMPLATE)


def like(prefix: str) -> str:
    """Make a LIKE pattern for names that begin with the prefix."""
    return prefix.replace("_", r"\_") + "%"
