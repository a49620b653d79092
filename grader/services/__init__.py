"""Where Postgres and Redis come from: embedded, containers or external; and the databases in them."""

from grader.services.choose import containers_ready, open_pair
from grader.services.keeper.control import PairStatus, Status, prepared, status, stop
from grader.services.spare import Taken, take_spare
from grader.services.values import Address, Database, Pair, SchemaError, ServicesUnavailableError, Settings, Spare

__all__ = [
    "Address",
    "Database",
    "Pair",
    "PairStatus",
    "SchemaError",
    "ServicesUnavailableError",
    "Settings",
    "Spare",
    "Status",
    "Taken",
    "containers_ready",
    "open_pair",
    "prepared",
    "status",
    "stop",
    "take_spare",
]
