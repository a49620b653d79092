"""`kata play` from within `kata watch`: the terminal is the game's until it has ended."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Self

from grader.cli.ending import SIGNALS, write_to_nobody
from grader.cli.terminal import say

if TYPE_CHECKING:
    from pathlib import Path


def play(folder: Path, check: str) -> None:
    """Play the race of a check, or the first that there is, on the code in a folder; return when the player is back."""
    say("Starting kata play …")
    words = [sys.executable, "-m", "grader.cli", "play", str(folder), *(["--check", check] if check else [])]
    with _Signals() as signals, subprocess.Popen(words) as game:  # noqa: S603 -- this very command
        while game.poll() is None:
            for number in signals.next():
                if number in SIGNALS:  # Ctrl-C the terminal gives to both
                    game.send_signal(number)
    if signal.SIGHUP in signals.came:
        write_to_nobody()
    elif game.returncode and not signals.came:
        say("Enter goes back to kata watch.")
        sys.stdin.readline()  # else what it said would be gone with its screen
    for number in signals.came & set(SIGNALS):
        signal.raise_signal(number)  # the loop, which stood still, hears of it now


class _Signals:
    """Within it signals that would end this command are waited for, and the end of a child: of nothing else it hears.

    Whoever blocks in a wait for the child may miss a signal: the system gives it to any of the threads.
    """

    def __init__(self) -> None:
        self.came: set[int] = set()
        """Those that came, but for the end of a child."""

    def __enter__(self) -> Self:
        self._heard, self._told = socket.socketpair()
        self._told.setblocking(False)  # noqa: FBT003 -- the call takes it by position only
        numbers = (*SIGNALS, signal.SIGINT, signal.SIGCHLD)
        self._before = {number: signal.signal(number, lambda *_: None) for number in numbers}
        self._wakeup = signal.set_wakeup_fd(self._told.fileno())
        return self

    def next(self) -> set[int]:
        """Wait until signals come, and return them."""
        numbers = set(self._heard.recv(1 << 10))
        self.came |= numbers - {signal.SIGCHLD}
        return numbers

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(self._wakeup)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._heard.close()
        self._told.close()
