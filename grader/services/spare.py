"""Taking the process that the keeper of embedded servers has ready."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from grader.services import home as homes

if TYPE_CHECKING:
    from grader.services.home import Home
    from grader.services.values import Settings, Spare

ANSWER_SECONDS = 1.0
"""Starting a process of one's own takes as long, so that waiting longer for one brings nothing."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A process that is the run's own now: its number, and the other end of its standard input."""

    pid: int
    socket: socket.socket


def take_spare(settings: Settings) -> Taken | None:
    """Return the process of `settings.spare` that is ready, if there is one; blocks for `ANSWER_SECONDS` at most."""
    if settings.spare is None or settings.choice not in {"auto", "embedded"}:
        return None
    for home in homes.existing(settings.home or homes.default_folder()):
        with suppress(OSError, ValueError):
            if taken := _take(home, settings.spare):
                return taken
    return None


def _take(home: Home, spare: Spare) -> Taken | None:
    path = home.socket()
    if path is None:
        return None
    with socket.socket(socket.AF_UNIX) as keeper:
        keeper.settimeout(ANSWER_SECONDS)
        keeper.connect(str(path))
        request = {"do": "spare", "key": home.key.read_text(encoding="ascii"), **asdict(spare)}
        keeper.sendall(json.dumps(request).encode() + b"\n")
        number, descriptors, _, _ = socket.recv_fds(keeper, 64, 1)
    if not descriptors:
        return None
    taken = Taken(json.loads(number), socket.socket(fileno=descriptors[0]))
    if _is_there(taken.socket):
        return taken
    taken.socket.close()
    return None


def _is_there(other: socket.socket) -> bool:
    """Whether the process at the other end has not just ended."""
    try:
        return bool(other.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    except BlockingIOError:
        return True
