"""What the doctor finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was looked at and how it is: `well`, worth a `note`, or a `fault`, which needs the command `mend`."""

    name: str
    state: Literal["well", "note", "fault"]
    text: str
    mend: str = ""
