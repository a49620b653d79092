"""Limits, ends and errors of replicas, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grader.verdict import Place


@dataclass(frozen=True, slots=True)
class Limits:
    """What one replica may use."""

    memory_bytes: int = 1 << 30
    """Private writable memory, stacks of threads included (8 MB each)."""
    processes: int = 128
    """Processes and threads together; a FastAPI service with plain `def` endpoints may run some 75 threads."""
    open_files: int = 512
    file_bytes: int = 64 << 20
    """The largest file it may write."""
    boot_seconds: float = 15.0
    """From the import of app.main to the end of the lifespan's start-up."""
    cpu_seconds: int = 600
    """Processor time over its whole life, per process."""
    log_bytes: int = 256 << 10
    """How much of its output is kept: half from the beginning, half from the end."""


@dataclass(frozen=True, slots=True)
class Exit:
    """How a replica ended; `description` goes on after "the process": "exited with status 3"."""

    code: int | None
    """The exit status; None if a signal ended it."""
    signal: int | None
    description: str


@dataclass(frozen=True, slots=True)
class Edge:
    """A call, or an import, of one module of the submission by another or by the framework, as a replica saw it.

    `callers` are the submission's lines that led to it, innermost first, one a file that was passed through; none
    where the framework called. `request` is the one under way ("POST /orders"), empty outside of any. `function` is
    what was called, empty for an import.
    """

    target: Place
    function: str
    callers: tuple[Place, ...]
    request: str

    @property
    def imported(self) -> bool:
        """Whether it is an import."""
        return not self.function


class BootError(Exception):
    """The submission did not start."""

    def __init__(self, reason: str, *, traceback: str = "", log: str = "", file: str | None, line: int | None) -> None:
        super().__init__(reason)
        self.reason = reason
        """One sentence in the learner's words, without a full stop."""
        self.traceback = traceback
        """Their traceback, whole, paths relative to the submission; empty where there is none."""
        self.log = log
        """What the process printed."""
        self.file = file
        """The file of the submission that the reason is about, relative to its folder."""
        self.line = line

    def __str__(self) -> str:
        return self.reason


class HostError(Exception):
    """Replicas cannot be had: the grader's own trouble; the message says what to do."""
