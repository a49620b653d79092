"""`kata play` from within `kata watch`: the terminal is the game's until it has ended."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from grader.cli.ending import SIGNALS, write_to_nobody
from grader.cli.terminal import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import FrameType


def play(folder: Path, check: str) -> None:
    """Play the race of a check, or the first that there is, on the code in a folder; return when the player is back."""
    say("Starting kata play …")
    words = [sys.executable, "-m", "grader.cli", "play", str(folder), *(["--check", check] if check else [])]
    with subprocess.Popen(words) as game, _signals_for(game) as ended_by:  # noqa: S603 -- this very command
        game.wait()
    if signal.SIGHUP in ended_by:
        write_to_nobody()
    elif game.returncode and not ended_by:
        say("Enter goes back to kata watch.")
        sys.stdin.readline()  # else what it said would be gone with its screen


@contextmanager
def _signals_for(game: subprocess.Popen[bytes]) -> Iterator[list[int]]:
    """Within it what would end this command ends the game, after which the loop hears of it; Ctrl-C the game alone.

    Gives the signals that came.
    """
    came: list[int] = []

    def pass_on(number: int, _: FrameType | None) -> None:
        came.append(number)
        if number != signal.SIGINT:  # that one the terminal gives to both
            game.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in (*SIGNALS, signal.SIGINT)}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
