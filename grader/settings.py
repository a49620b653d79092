"""What a run can be told: each setting is an option of pytest and an environment variable, and reads the same in both.

`kata` has no options for them; it takes the variables.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


_WANTED: dict[Callable[[str], Any], str] = {int: "a whole number", float: "a number"}
"""What a text must be where it is no value of a type."""


class SettingError(ValueError):
    """A setting has a value that makes no sense; the message names it, what it must be and what it is."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a run; `flag` is its option, `variable` the environment variable that sets its default."""

    flag: str
    help: str
    type: Callable[[str], Any] = str
    choices: tuple[str, ...] | None = None
    standard: Any = None

    @property
    def name(self) -> str:
        """The flag as an attribute is named."""
        return self.flag.lstrip("-").replace("-", "_")

    @property
    def variable(self) -> str:
        """`BACKEND_KATAS_` and the flag's name in capitals."""
        return f"BACKEND_KATAS_{self.name.upper()}"

    def default(self, environment: Mapping[str, str]) -> Any:  # noqa: ANN401 -- as the setting's type says
        """Return the value that the environment sets, else the standard one; SettingError where it is no such value."""
        text = environment.get(self.variable)
        if text is None:
            return self.standard
        try:
            value = self.type(text)
        except ValueError:
            value = None
        if value is None or (self.choices and value not in self.choices):
            wanted = f"one of {', '.join(self.choices)}" if self.choices else _WANTED[self.type]
            raise SettingError(f"{self.variable} must be {wanted}, got {text!r}")
        return value


HOME = Setting("--services-home", "folder of the embedded servers; default: one for each user", Path)

SETTINGS = (
    Setting(
        "--services",
        "where Postgres and Redis come from; auto: embedded where the binaries run, else containers",
        choices=("auto", "embedded", "containers", "external"),
        standard="auto",
    ),
    Setting("--postgres-image", "image for --services=containers", standard="postgres:18"),
    Setting("--redis-image", "image for --services=containers", standard="redis:8"),
    Setting("--postgres-url", "an empty server's superuser, for --services=external"),
    Setting("--redis-url", "an empty server, for --services=external"),
    HOME,
    Setting("--services-idle", "seconds without a run after which embedded servers stop", float, standard=600.0),
    Setting("--replicas", "how replicas start; default: fork on Linux, else spawn", choices=("fork", "spawn")),
    Setting("--request-seconds", "how long one request may take", float, standard=10.0),
    Setting("--boot-seconds", "how long a replica may take to start", float, standard=15.0),
    Setting("--seed", "number from which the checks' rows are made", int, standard=1),
    Setting("--replay", "run only this schedule or crash, as a finding's last line names it"),
    Setting("--stop-at", "before which step of the replayed schedule, from 1, to wait for a debugger", int),
    Setting("--result-json", "write the verdicts to this file", Path),
    Setting("--report-html", "write the verdicts as a page, index.html in this folder", Path),
)


def settings_of(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the value of every setting by its name, as the environment has it; raises SettingError."""
    return {setting.name: setting.default(environment) for setting in SETTINGS}
