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

    @classmethod
    def from_environment(cls) -> Self:
        """Read the settings, or raise SettingsError naming the variable to set."""
        database_url = os.environ.get("DATABASE_URL", "")
        if not database_url:
            message = "DATABASE_URL is not set; it looks like postgresql://user:password@host:5432/database"
            raise SettingsError(message)
        return cls(database_url=database_url)
