"""The replica's end of the reins: what the grader asks for is done by the event loop of the main thread."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from asyncio import unix_events
from typing import TYPE_CHECKING, Any

from .clock import Clock
from .loop import Loop
from .messages import Framer
from .origin import Origin
from .page import ANSWER

if TYPE_CHECKING:
    from .page import Page

_CHUNK = 1 << 16


def install(folder: str, page: Page, descriptor: int) -> None:
    """Put every event loop that this process makes in its main thread under the grader's control."""
    control = Control(folder, page, socket.socket(fileno=descriptor))
    control.clock.install()
    os.register_at_fork(after_in_child=control.disown)
    Loop.control = control
    asyncio.SelectorEventLoop = Loop  # for who names it
    if hasattr(asyncio, "EventLoop"):
        setattr(asyncio, "EventLoop", Loop)  # noqa: B010 -- since 3.13
    unix_events._UnixDefaultEventLoopPolicy._loop_factory = Loop  # type: ignore[attr-defined]  # noqa: SLF001 -- for `asyncio.run` and all others; what is public here changes with each version


class Control:
    """What the grader has asked for so far, whichever loop runs."""

    def __init__(self, folder: str, page: Page, channel: socket.socket) -> None:
        self.page = page
        self.clock = Clock()
        self.origin = Origin(folder)
        self.held = False
        self.elapsed = 0.0
        """The submission's time as the grader moves it: it stands still otherwise."""
        self.loop: Loop | None = None
        self._channel = channel
        self._framer = Framer()
        self._announced: set[int] = set()
        self.question = 0
        """The number of a question that the grader waits for the answer of; 0 for none."""
        channel.setblocking(False)  # noqa: FBT003 -- the call takes it by position only

    def enter(self, loop: Loop) -> None:
        """Take note that `loop` begins to run in the main thread."""
        self.loop = loop
        # Whoever closed this socket does without.
        with contextlib.suppress(OSError, ValueError):
            loop.add_reader(self._channel, self._hear)
        if loop.number not in self._announced:
            self._announced.add(loop.number)
            # Not every selector has a descriptor, nor can each be passed (kqueue(2)'s cannot): then the grader pings.
            with contextlib.suppress(OSError, AttributeError):
                socket.send_fds(self._channel, [ANSWER.pack(loop.number, 0)], [loop.selector.fileno()])  # type: ignore[attr-defined]
        if self.held:
            loop.hold()
        self.page.lead(loop.number)

    def leave(self) -> None:
        """Take note that no loop runs in the main thread."""
        self.page.lead(0)
        self.loop = None

    def disown(self) -> None:
        """Let go of everything that is shared: this is a forked child, and none of the grader's."""
        self.held = False
        self.page.disown()
        self._channel.close()

    def _hear(self) -> None:
        loop = self.loop
        if loop is None:
            return
        try:
            data = self._channel.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            loop.remove_reader(self._channel)
        for message in self._framer.feed(data):
            self._obey(message, loop)

    def _obey(self, message: dict[str, Any], loop: Loop) -> None:
        match message["kind"]:
            case "hold":
                self.held = True
                loop.hold()
            case "free":
                self.held = False
                loop.free()
            case "fire":
                loop.advance(loop.next_timer() or 0.0)
            case "advance":
                loop.advance(message["seconds"])
            case "freeze":
                loop.freeze()
            case "thaw":
                loop.thaw()
            case "ping":
                self.question = message["question"]

    def answer(self) -> None:
        """Answer the grader's question, if there is one, now that the loop is about to sleep."""
        if self.question or self.page.take_bell():
            with contextlib.suppress(OSError):
                self._channel.send(ANSWER.pack(0, self.question))
            self.question = 0
