"""A terminal that a test looks at: the command runs in a pseudo-terminal, its output is drawn by pyte."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pexpect  # type: ignore[import-untyped] # it brings no types
import psutil
import pyte

from grader.tests.grade.project import environment

if TYPE_CHECKING:
    from collections.abc import Callable

KATA = str(Path(sys.executable).parent / "kata")
SECONDS = 150.0
"""What may pass before a text is on the screen; a verdict takes a minute where many cores' work is done by two."""


class Terminal:
    """The command `kata` with these arguments, in a terminal of so many columns and lines."""

    def __init__(
        self, *arguments: str | Path, columns: int = 80, lines: int = 24, cwd: Path | None = None, **variables: str
    ) -> None:
        self._screen = pyte.HistoryScreen(columns, lines, history=10_000)
        self._gone = False
        self._stream = pyte.ByteStream(self._screen)
        inherited = environment(TERM="xterm-256color", **variables)
        del inherited["COLUMNS"]  # it would be believed more than the window, which may change its size
        self.process = pexpect.spawn(
            KATA,
            [*map(str, arguments)],
            dimensions=(lines, columns),
            cwd=str(cwd) if cwd is not None else None,
            env=inherited,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def text(self) -> str:
        """What is on the screen now."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    @property
    def whole(self) -> str:
        """The same, with what has scrolled away above it."""
        gone = ["".join(line[column].data for column in sorted(line)).rstrip() for line in self._screen.history.top]
        return "\n".join([*gone, self.text])

    def type(self, keys: str) -> None:
        """Press keys."""
        self.process.send(keys)

    def resize(self, columns: int, lines: int) -> None:
        """Make the window another size."""
        self._screen.resize(lines, columns)
        self.process.setwinsize(lines, columns)

    def hang_up(self) -> None:
        """Close the terminal under the command, and wait until it has ended."""
        self.process.ptyproc.fileobj.close()
        psutil.Process(self.process.pid).wait(SECONDS)
        self._gone = True

    def close(self) -> None:
        """End the command, if it has not ended."""
        if not self._gone and self.process.isalive():
            self.process.kill(signal.SIGTERM)
            self.ended()

    def until(self, *texts: str) -> str:
        """Return the screen as soon as all these texts are on it, or have scrolled away above it."""
        return self._wait(lambda: all(text in self.whole for text in texts), f"without {texts}")

    def gone(self, text: str) -> str:
        """Return the screen as soon as a text is no longer on it."""
        return self._wait(lambda: text not in self.text, f"with {text!r}")

    def like(self, condition: Callable[[str], bool]) -> str:
        """Return the screen as soon as it meets a condition."""
        return self._wait(lambda: condition(self.text), "not as it should be")

    def _wait(self, condition: Callable[[], bool], otherwise: str) -> str:
        """Draw what comes until a condition holds; AssertionError where it does not come to that."""
        deadline = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"still {otherwise}:\n{self.whole}"
            assert self._take() or condition(), f"ended {otherwise}:\n{self.whole}"
        return self.text

    def ended(self) -> int:
        """Return the exit status when the command has ended; the negative number of the signal that ended it."""
        deadline = time.monotonic() + SECONDS
        while self._take():
            assert time.monotonic() < deadline, f"it goes on:\n{self.text}"
        self.process.wait()  # it has closed its terminal, and is about to end
        self.process.close()
        return int(self.process.exitstatus if self.process.exitstatus is not None else -self.process.signalstatus)

    def _take(self) -> bool:
        """Draw what comes within a moment; False where nothing can come any more."""
        try:
            self._stream.feed(self.process.read_nonblocking(1 << 16, timeout=0.2))
        except pexpect.TIMEOUT:
            pass
        except pexpect.EOF:
            return False
        return True
