"""Databases for submissions: cloned from templates, each with a role that owns it and nothing else."""

from __future__ import annotations

import hashlib
import itertools
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

import psycopg
from psycopg.sql import SQL, Composed, Identifier, Literal

from grader.services import base
from grader.services.groundwork import (
    DATABASE,
    ROLE,
    TEMPLATE,
    check_server,
    connect,
    drop_database,
    like,
    log_in,
    prepare,
    role_of,
)
from grader.services.schema import end_and_wait, run_schema
from grader.services.values import Database, SchemaError

if TYPE_CHECKING:
    from grader.services.groundwork import Ground
    from grader.services.values import Address

CONNECTION_LIMIT = 80
# A cached template is about 8 MB on the disk.
TEMPLATES_KEPT = 12

# As superuser, since a role may not set them itself (deadlock_timeout, lc_messages), or so that they do not depend on
# the server's own settings.
ROLE_SETTINGS = {"deadlock_timeout": "10ms", "lc_messages": "C", "timezone": "UTC", "statement_timeout": "0"}


class Admission(Protocol):
    """Asked before anything is changed on a server; raises ServicesUnavailableError."""

    async def __call__(self, connection: psycopg.AsyncConnection) -> None:
        """Look at the server, and take it for this run."""


class Databases:
    """The databases of one Postgres, made and dropped over one connection of its superuser.

    A schema is run once, in a template that is then cloned. Its objects belong to the template's role, so a clone in
    use has that role to itself: a second clone at the same time is of a second template. Between two uses the role has
    neither password nor settings of its own, and no session can be left, since it may connect to its clone only.
    """

    def __init__(
        self,
        address: Address,
        connection: psycopg.AsyncConnection,
        ground: Ground,
        *,
        schema_seconds: float,
        reusable: bool,
    ) -> None:
        self.address = address
        self.version = (connection.info.parameter_status("server_version") or "unknown").split()[0]
        self._connection = connection
        self._schema_seconds = schema_seconds
        self._reusable = reusable
        self._ground = ground
        self._busy: set[str] = set()
        self._live: dict[str, tuple[Database, str | None]] = {}
        self._verifiers: dict[str, str] = {}

    @classmethod
    async def open(
        cls,
        address: Address,
        *,
        schema_seconds: float,
        reusable: bool = False,
        admission: Admission | None = None,
        entrance: str = "postgres",
    ) -> Databases:
        """Log in and see that the base database exists.

        `reusable` keeps it, and the templates of schemas, for the next run on the same server. `admission` is for a
        server that others use too, `entrance` a database to which the administrator may connect if there is none of
        the name `postgres`. Raises ConnectionError where the server does not let the administrator in, and
        ServicesUnavailableError where it is of no use.
        """
        connection = await log_in(address, entrance)
        try:
            check_server(connection, address)
            if admission is not None:
                await admission(connection)
            ground = await prepare(connection, address, shared=admission is not None)
        except BaseException:
            await connection.close()
            raise
        return cls(address, connection, ground, schema_seconds=schema_seconds, reusable=reusable)

    async def create(self, schema: str) -> Database:
        """Make a database in which the schema has been run by the database's own role; raises SchemaError."""
        template = await self._reserve(schema) if schema.strip() else None
        database = Database(
            self.address.host,
            self.address.port,
            name=f"{DATABASE}{secrets.token_hex(6)}",
            user=f"{ROLE}{secrets.token_hex(6)}" if template is None else role_of(template),
            password=secrets.token_urlsafe(24),
        )
        self._live[database.name] = (database, template)
        try:
            await self._clone(database, template)
            self._verifiers[database.name] = await self._verifier(database)
        except BaseException:
            await self.drop(database)
            raise
        return database

    async def drop(self, database: Database) -> None:
        """Drop the database with its sessions; its role goes too, or is emptied where a template needs it."""
        if database.name not in self._live:
            return
        _, template = self._live[database.name]
        role = Identifier(database.user)
        with suppress(psycopg.errors.UndefinedObject):
            await self._run(SQL("ALTER ROLE {} NOLOGIN PASSWORD NULL").format(role))
        # On a server that others use, the role may have sessions elsewhere too.
        await self._connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [database.user]
        )
        await drop_database(self._connection, database.name)
        if template is None:
            await self._run(SQL("DROP ROLE IF EXISTS {}").format(role))
        else:
            await self._run(SQL("ALTER ROLE {} RESET ALL").format(role))
            self._busy.discard(template)
        del self._live[database.name]
        self._verifiers.pop(database.name, None)

    async def has_its_password(self, database: Database) -> bool:
        """Whether the role still has the password that it was made with; a role may change its own."""
        return await self._verifier(database) == self._verifiers[database.name]

    async def _verifier(self, database: Database) -> str:
        cursor = await self._connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [database.user])
        row = await cursor.fetchone()
        return str(row[0]) if row is not None else ""

    async def sessions(self, database: Database) -> int:
        """Count the sessions that are connected to the database now."""
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'"
        cursor = await self._connection.execute(query, [database.name])
        row = await cursor.fetchone()
        return int(row[0]) if row is not None else 0

    async def close(self) -> None:
        """Drop the databases of this run, and the templates that no other run could use."""
        for database, _ in list(self._live.values()):
            await self.drop(database)
        cursor = await self._connection.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE %s ORDER BY oid DESC", [like(TEMPLATE)]
        )
        names = [str(row[0]) for row in await cursor.fetchall()]
        for name in names[TEMPLATES_KEPT if self._reusable else 0 :]:
            await self._drop_template(name)
        if not self._reusable:
            await drop_database(self._connection, base.BASE)

    async def note(self, text: str) -> None:
        """Write a note on the base database, which a later run finds if this one does not come to remove it."""
        await self._run(SQL("COMMENT ON DATABASE {} IS {}").format(Identifier(base.BASE), Literal(text)))

    async def disconnect(self) -> None:
        """Close the superuser's connection."""
        await self._connection.close()

    async def _reserve(self, schema: str) -> str:
        """Find a template of this schema that is not in use, or make one, and mark it as used."""
        key = hashlib.sha256(schema.encode(errors="surrogatepass")).hexdigest()[:16]
        names = (f"{TEMPLATE}{key}_{number}" for number in itertools.count())
        template = next(name for name in names if name not in self._busy)
        self._busy.add(template)
        if template not in self._ground.templates:
            try:
                await self._make_template(template, schema)
            except BaseException:
                self._busy.discard(template)
                raise
            self._ground.templates.add(template)
        return template

    async def _make_template(self, template: str, schema: str) -> None:
        role, password = role_of(template), secrets.token_urlsafe(24)
        # Under another name until it is whole, so that a run that is killed leaves no half template.
        draft = f"{DATABASE}{secrets.token_hex(6)}"
        await self._make_role(role, password)
        try:
            await self._create_database(draft, base.BASE, role)
            connection = await connect(self.address, role, password, draft)
            try:
                await run_schema(connection, schema, seconds=self._schema_seconds)
                await end_and_wait(connection)
            finally:
                await connection.close()
            await self._seal_template(draft, template, role)
        except BaseException as error:
            await drop_database(self._connection, draft)
            await self._run(SQL("DROP ROLE IF EXISTS {}").format(Identifier(role)))
            if isinstance(error, psycopg.Error):
                message = str(error).strip()
                raise SchemaError(message, sqlstate=error.sqlstate) from error
            raise

    async def _seal_template(self, draft: str, template: str, role: str) -> None:
        # Settings that the schema gave its role (ALTER ROLE … SET) are kept as settings of the role in this database,
        # since the role's own are reset between uses. There is no statement that copies them.
        await self._connection.execute(
            """
            INSERT INTO pg_db_role_setting (setdatabase, setrole, setconfig)
            SELECT d.oid, s.setrole, s.setconfig FROM pg_db_role_setting s, pg_database d
            WHERE d.datname = %s AND s.setdatabase = 0 AND s.setrole = %s::regrole
            AND NOT EXISTS (SELECT FROM pg_db_role_setting o WHERE o.setdatabase = d.oid AND o.setrole = s.setrole)
            """,
            [draft, role],
        )
        name = Identifier(draft)
        await self._run(SQL("ALTER ROLE {} NOLOGIN PASSWORD NULL").format(Identifier(role)))
        await self._run(SQL("ALTER ROLE {} RESET ALL").format(Identifier(role)))
        await self._run(SQL("ALTER DATABASE {} OWNER TO CURRENT_USER").format(name))
        await self._run(SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false IS_TEMPLATE false").format(name))
        await self._run(SQL("ALTER DATABASE {} RENAME TO {}").format(name, Identifier(template)))

    async def _clone(self, database: Database, template: str | None) -> None:
        if template is None:
            await self._make_role(database.user, database.password)
        else:
            login = SQL("ALTER ROLE {} LOGIN PASSWORD {}")
            await self._run(
                login.format(Identifier(database.user), Literal(database.password)), _settings(database.user)
            )
        await self._create_database(database.name, template or base.BASE, database.user)
        if template is not None:
            # A clone does not inherit the settings that its template has by ALTER DATABASE … SET.
            await self._connection.execute(
                """
                INSERT INTO pg_db_role_setting (setdatabase, setrole, setconfig)
                SELECT d.oid, s.setrole, s.setconfig FROM pg_db_role_setting s, pg_database d, pg_database t
                WHERE d.datname = %s AND t.datname = %s AND s.setdatabase = t.oid
                """,
                [database.name, template],
            )

    async def _make_role(self, role: str, password: str) -> None:
        create = SQL(
            "CREATE ROLE {} LOGIN PASSWORD {} CONNECTION LIMIT {} "
            "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
        )
        await self._run(create.format(Identifier(role), Literal(password), Literal(CONNECTION_LIMIT)), _settings(role))

    async def _create_database(self, name: str, template: str, role: str) -> None:
        create = SQL("CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY {} ALLOW_CONNECTIONS true")
        await self._run(
            create.format(Identifier(name), Identifier(template), Identifier(role), SQL(self._ground.strategy))
        )
        await self._run(SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(Identifier(name)))

    async def _drop_template(self, template: str) -> None:
        await drop_database(self._connection, template)
        await self._run(SQL("DROP ROLE IF EXISTS {}").format(Identifier(role_of(template))))
        self._ground.templates.discard(template)

    async def _run(self, *statements: Composed) -> None:
        await self._connection.execute(SQL("; ").join(statements))


def _settings(role: str) -> Composed:
    return SQL("; ").join(
        SQL("ALTER ROLE {} SET {} = {}").format(Identifier(role), Identifier(name), Literal(value))
        for name, value in ROLE_SETTINGS.items()
    )
