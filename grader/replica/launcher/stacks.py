"""Where the submission stands now, told on a private pipe: threads by a signal, tasks by the event loop."""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import os
import signal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

THREADS = signal.SIGUSR2
TASKS = signal.SIGUSR1
_TASKS = 50
_DEPTH = 50

# They hold a generator or a coroutine and do not say which; the garbage collector does.
_WRAPPERS = frozenset({"async_generator_asend", "async_generator_athrow", "coroutine_wrapper"})

_pipe = -1


def answer_signal(descriptor: int) -> None:
    """Write all threads to `descriptor` on SIGUSR2: done by a C handler, so an endless loop does not keep it back."""
    global _pipe  # noqa: PLW0603 -- a signal handler has no other place
    _pipe = descriptor
    faulthandler.register(THREADS, file=descriptor, all_threads=True, chain=False)
    signal.signal(TASKS, signal.SIG_IGN)


def answer_requests() -> None:
    """Write the running event loop's tasks on SIGUSR1, as soon as the loop is free to."""
    asyncio.get_running_loop().add_signal_handler(TASKS, _write_tasks)


def _write_tasks() -> None:
    lines = []
    for task in list(asyncio.all_tasks())[:_TASKS]:
        frames = list(_frames(task.get_coro()))[:_DEPTH]
        if frames:
            lines.append(f"Task {task.get_name()} (most recent call first):")
            lines += [f'  File "{file}", line {line} in {name}' for file, line, name in reversed(frames)]
    lines.append("End of tasks")
    text = "\n".join(lines) + "\n"
    # At most what the pipe surely takes: the loop must not wait for the grader.
    os.write(_pipe, text.encode(errors="replace")[:32_000] if len(text) < 32_000 else b"End of tasks\n")  # noqa: PLR2004


def _frames(awaited: Any) -> Iterator[tuple[str, int, str]]:  # noqa: ANN401 -- coroutines, generators, futures
    """Yield the frames of a suspended coroutine, outermost first."""
    while awaited is not None:
        if type(awaited).__name__ in _WRAPPERS:
            awaited = next((inner for inner in gc.get_referents(awaited) if _kind(inner)), None)
        kind = _kind(awaited)
        if kind is None:
            return
        if frame := getattr(awaited, f"{kind}_frame"):
            yield frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name
        awaited = getattr(awaited, "gi_yieldfrom" if kind == "gi" else f"{kind}_await")


def _kind(awaited: object) -> str | None:
    return next((kind for kind in ("cr", "gi", "ag") if hasattr(awaited, f"{kind}_frame")), None)
