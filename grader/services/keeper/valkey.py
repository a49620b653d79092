"""A Valkey server that saves nothing and whose users cannot administer it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from grader.services.keeper.ports import free_port
from grader.services.keeper.private import write_private
from grader.services.keeper.process import Program, Server, StartError
from grader.services.redis import RIGHTS

if TYPE_CHECKING:
    from pathlib import Path

    from grader.services.account import Account

PORT_ATTEMPTS = 5

SETTINGS = """\
bind 127.0.0.1
port {port}
user default on >{password} {rights}
save ""
appendonly no
maxmemory 256mb
maxmemory-policy noeviction
pidfile valkey.pid
set-proc-title no
"""


async def start_valkey(binary: Path, folder: Path, account: Account) -> tuple[Server, str]:
    """Start a Valkey in `folder`, which is this account's, and return it with its password; raises StartError."""
    password = secrets.token_urlsafe(24)
    for attempt in range(PORT_ATTEMPTS):
        port = free_port()
        # A file, since anyone can read a command line.
        settings = folder / "valkey.conf"
        write_private(settings, SETTINGS.format(port=port, password=password, rights=RIGHTS), account)
        program = Program(
            name="Valkey",
            command=[binary, settings],
            folder=folder,
            ready=b"Ready to accept connections",
            port=port,
        )
        try:
            server = await Server.start(program, account)
        except StartError as error:
            if attempt + 1 == PORT_ATTEMPTS or "Address already in use" not in str(error):
                raise
        else:
            return server, password
    raise AssertionError
