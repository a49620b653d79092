"""A Valkey server that saves nothing and whose users cannot administer it."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from grader.services.keeper.ports import free_port
from grader.services.keeper.process import Server, StartError
from grader.services.redis import RIGHTS

if TYPE_CHECKING:
    from pathlib import Path

    from grader.services.account import Account

PORT_ATTEMPTS = 5


async def start_valkey(binary: Path, folder: Path, account: Account) -> tuple[Server, str]:
    """Start a Valkey in `folder`, which is this account's, and return it with its password; raises StartError."""
    password = secrets.token_urlsafe(24)
    for attempt in range(PORT_ATTEMPTS):
        port = free_port()
        # A file, since anyone can read a command line.
        settings = folder / "valkey.conf"
        with open(os.open(settings, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            os.fchown(file.fileno(), account.uid, account.gid)
            file.write(
                f'bind 127.0.0.1\nport {port}\nsave ""\nappendonly no\ndatabases 16\npidfile valkey.pid\nset-proc-title no\n'
                f"maxmemory 256mb\nmaxmemory-policy noeviction\nuser default on >{password} {RIGHTS}\n"
            )
        try:
            server = await Server.start(
                "Valkey",
                [binary, settings.absolute()],
                account=account,
                folder=folder,
                ready=b"Ready to accept connections",
                port=port,
            )
        except StartError as error:
            if attempt + 1 == PORT_ATTEMPTS or "Address already in use" not in str(error):
                raise
        else:
            return server, password
    raise AssertionError
