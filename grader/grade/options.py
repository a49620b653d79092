"""What a run was asked for, as the grader takes it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from grader.grade.run import LANES
from grader.replica import spare
from grader.services import Settings
from grader.settings import settings_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grader.explore.token import Token
    from grader.replica import StartMethod


@dataclass(frozen=True)
class Options:
    """What a run was asked for.

    `start_method` is how replicas start (`fork`, `spawn`, None: what fits); `request_seconds` and `boot_seconds` are
    what a request and the start of a replica may take; `replay` is the one schedule or crash to try again, `stop_at`
    the step of that schedule before which a debugger is waited for: then nothing is limited in time. `lanes` is how
    many checks are made side by side.
    """

    services: Settings = field(default_factory=Settings)
    start_method: StartMethod | None = None
    seed: int = 1
    request_seconds: float = 10.0
    boot_seconds: float = 15.0
    replay: Token | None = None
    stop_at: int | None = None
    lanes: int = LANES


def options_of(values: Mapping[str, Any], replay: Token | None = None, stop_at: int | None = None) -> Options:
    """Return the options that the settings of a run come to; `values` are those of `grader.settings`, by name."""
    services = Settings(
        choice=values["services"],
        postgres_image=values["postgres_image"],
        redis_image=values["redis_image"],
        postgres_url=values["postgres_url"],
        redis_url=values["redis_url"],
        idle_seconds=values["services_idle"],
        home=values["services_home"],
        spare=spare(),
    )
    return Options(
        services,
        values["replicas"],
        values["seed"],
        values["request_seconds"],
        values["boot_seconds"],
        replay,
        stop_at,
    )


def named_services() -> Settings:
    """Return which servers the environment names, as those who take no options are to use; raises SettingError."""
    return options_of(settings_of(os.environ)).services
