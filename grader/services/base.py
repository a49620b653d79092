"""The database of which all others are clones, in plain statements that any Postgres from 15 on takes."""

from __future__ import annotations

# Everything on a server that bears this prefix is the grader's and may be removed by it.
PREFIX = "backend_katas_"
BASE = f"{PREFIX}base"
OLDEST_POSTGRES = 15
EXTENSIONS = ("vector", "btree_gist")

# For data that nobody keeps. Valid from Postgres 15 on, since an image may hold any of them.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "max_worker_processes": "0",
    "max_parallel_workers_per_gather": "0",
    "max_prepared_transactions": "0",
    "max_connections": "200",
    "shared_buffers": "24MB",
    "huge_pages": "off",
    "jit": "off",
    "checkpoint_timeout": "1d",
    "max_wal_size": "256MB",
    "bgwriter_lru_maxpages": "0",
    "temp_file_limit": "1GB",
    "log_checkpoints": "off",
    "log_min_messages": "log",
}


def make_base(major: int, name: str = BASE) -> str:
    """Say how to create the base database, with one collation and ordering on every server of this major version."""
    # `builtin` orders by code point whatever the machine; before 17 plain C does, but knows ASCII letters only.
    builtin_since = 17
    locale = "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'" if major >= builtin_since else "LOCALE 'C'"
    return f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' {locale} ALLOW_CONNECTIONS true"


def fill_base() -> list[str]:
    """Say what to do in the base database; an extension that the server does not offer is left out."""
    return [
        *(
            f"DO $$ BEGIN IF EXISTS (SELECT FROM pg_available_extensions WHERE name = '{name}') "
            f"THEN CREATE EXTENSION IF NOT EXISTS {name}; END IF; END $$"
            for name in EXTENSIONS
        ),
        "ANALYZE",
    ]


def seal_base(name: str = BASE) -> list[str]:
    """Say what makes the base a base: nobody connects to it, so that it can be cloned at any time."""
    return [
        f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
        f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false",
    ]


def close_doors() -> list[str]:
    """Say what keeps submissions out of the databases of a server that is the grader's alone."""
    return [f"REVOKE ALL ON DATABASE {name} FROM PUBLIC" for name in ("postgres", "template1")]
