"""A terminal in which a learner works: a pseudo-terminal, and the screen that is seen in it."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pexpect  # type: ignore[import-untyped,unused-ignore]
import pyte

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from grader.tests.cli.clone import Clone

SECONDS = 150.0
"""How long is waited for what must come; a verdict takes a minute where many cores' work is done by two."""


class Terminal:
    """Runs `kata` with these words in a clone; `screen` is what is seen."""

    def __init__(self, clone: Clone, *words: str, rows: int = 30, columns: int = 100) -> None:
        from grader.tests.cli.clone import KATA  # noqa: PLC0415 -- beside its use

        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        variables = clone.environment | {"TERM": "xterm-256color"}
        self.child = pexpect.spawn(KATA, list(words), dimensions=(rows, columns), cwd=clone.folder, env=variables)

    def __enter__(self) -> Self:
        """Give the terminal."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up, as a terminal does that is closed."""
        with suppress(pexpect.ExceptionPexpect):  # killed, and not gone within a tenth of a second
            self.child.close(force=True)

    @property
    def screen(self) -> str:
        """The text on the screen."""
        return "\n".join(self._screen.display)

    def until(self, condition: Callable[[str], bool], seconds: float = SECONDS) -> str:
        """Wait until the screen is so, and return it."""
        deadline = time.monotonic() + seconds
        while not condition(self.screen):
            left = deadline - time.monotonic()
            assert left > 0, f"after {seconds:g} s the screen was:\n{self.screen}"
            try:
                self._stream.feed(self.child.read_nonblocking(1 << 16, timeout=min(left, 0.2)))
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                assert condition(self.screen), f"it ended with:\n{self.screen}"
        return self.screen

    def sees(self, *texts: str, seconds: float = SECONDS) -> str:
        """Wait until all these texts are on the screen, and return it."""
        return self.until(lambda screen: all(text in screen for text in texts), seconds)

    def press(self, keys: str) -> None:
        """Press keys."""
        self.child.send(keys)

    def resize(self, rows: int, columns: int) -> None:
        """Make the window another size."""
        self._screen.resize(rows, columns)
        self.child.setwinsize(rows, columns)

    def status(self, seconds: float = SECONDS) -> int:
        """Wait for the end, and return the exit status."""
        self.child.expect(pexpect.EOF, timeout=seconds)
        self.child.close()
        status = self.child.exitstatus
        assert status is not None, f"it was ended by signal {self.child.signalstatus}"
        return int(status)
