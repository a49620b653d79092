"""Waiting for messages and for the end of children in one place, without threads and without polling."""

from __future__ import annotations

import os
import selectors
import signal
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import socket


class Wakeup:
    """Waits until a socket is readable or a child has ended; to be closed before a forked child goes its own way."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(self._writing, False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(channel, selectors.EVENT_READ)
        self._selector.register(self._reading, selectors.EVENT_READ)
        self._previous = signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for something to happen, at most `seconds`; True if the socket is readable."""
        ready = {key.fileobj for key, _ in self._selector.select(seconds)}
        if self._reading in ready:
            os.read(self._reading, 4096)
        return self._channel in ready

    def deafen(self) -> None:
        """Stop looking at the socket."""
        if self._channel in self._selector.get_map():
            self._selector.unregister(self._channel)

    def close(self) -> None:
        """Put everything back as it was."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, self._previous)
        self._selector.close()
        os.close(self._reading)
        os.close(self._writing)


def reap() -> list[tuple[int, int]]:
    """Return pid and wait status of every child that has ended."""
    ended = []
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if pid == 0:
            break
        ended.append((pid, status))
    return ended


def childless() -> bool:
    """Whether this process has no child left, ended ones included."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return True
    return False
