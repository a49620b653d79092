"""What the service is told by its environment."""

import os
from dataclasses import dataclass
from typing import Self


class SettingsError(Exception):
    """The environment lacks something the service cannot start without."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The service's settings; read once, when it starts."""

    database_url: str
    redis_url: str
    gateway_url: str
    idempotency_ttl_seconds: int
    claim_seconds: int

    @classmethod
    def from_environment(cls) -> Self:
        """Read the settings, or raise SettingsError naming the variable to set."""
        return cls(
            database_url=_address("DATABASE_URL", "postgresql://user:password@host:5432/database"),
            redis_url=_address("REDIS_URL", "redis://user:password@host:6379/0"),
            gateway_url=_address("GATEWAY_URL", "https://gateway.example"),
            idempotency_ttl_seconds=_seconds("IDEMPOTENCY_TTL_SECONDS", 86_400),
            claim_seconds=_seconds("CLAIM_SECONDS", 60),
        )


def _address(name: str, example: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        message = f"{name} is not set; it looks like {example}"
        raise SettingsError(message)
    return value


def _seconds(name: str, default: int) -> int:
    value = os.environ.get(name, str(default))
    if not value.isdecimal() or int(value) == 0:
        message = f"{name} must be a whole number of seconds, 1 or more, got {value!r}"
        raise SettingsError(message)
    return int(value)
