"""What the processes are told by their environment."""

import os
from dataclasses import dataclass
from typing import Self


class SettingsError(Exception):
    """The environment lacks something that a process cannot start without."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Read once, when a process starts; times are in seconds."""

    database_url: str
    redis_url: str
    relay_poll: float
    relay_batch: int
    packer_poll: float
    packer_batch: int
    recovery: float

    @classmethod
    def from_environment(cls) -> Self:
        """Read the settings, or raise SettingsError naming the variable to set."""
        return cls(
            database_url=_address("DATABASE_URL", "postgresql://user:password@host:5432/database"),
            redis_url=_address("REDIS_URL", "redis://user:password@host:6379/0"),
            relay_poll=_number("RELAY_POLL_MS", 200) / 1000,
            relay_batch=_number("RELAY_BATCH", 100),
            packer_poll=_number("PACKER_POLL_MS", 200) / 1000,
            packer_batch=_number("PACKER_BATCH", 100),
            recovery=_number("RECOVERY_MS", 30_000) / 1000,
        )


def _address(name: str, example: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        message = f"{name} is not set; it looks like {example}"
        raise SettingsError(message)
    return value


def _number(name: str, default: int) -> int:
    value = os.environ.get(name, str(default))
    if not value.isdecimal() or int(value) == 0:
        message = f"{name} must be a whole number, 1 or more, got {value!r}"
        raise SettingsError(message)
    return int(value)
