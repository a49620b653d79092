"""A debugger for the replica: debugpy, which is imported only here."""

from __future__ import annotations

import importlib
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import clock

if TYPE_CHECKING:
    from .page import Page


def listen(port: int, page: Page) -> None:
    """Let a debugger attach at `port` of 127.0.0.1 from here on; raises RuntimeError.

    debugpy starts an adapter, a process of its own beside the replica, which is held and ended as all of its are.
    """
    # What it warns of on stderr would stand in the submission's log.
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    # Its "my code" is what is not a library's: without this, steps would lead into the launcher.
    os.environ["IDE_PROJECT_ROOTS"] = str(Path.cwd())
    debugpy = importlib.import_module("debugpy")
    debugpy.configure(subProcess=False)
    debugpy.listen(("127.0.0.1", port))

    lock = threading.Lock()
    _note_halts(page, lock)

    def wait() -> None:
        debugpy.wait_for_client()
        with lock:
            page.attach()

    threading.Thread(target=wait, name="waits for a debugger", daemon=True).start()


def _note_halts(page: Page, lock: threading.Lock) -> None:
    """Have the page say how many threads the debugger has stand still: to the kernel they only sleep."""
    debugger = importlib.import_module("pydevd").PyDB  # debugpy's own; it calls this from whichever thread it halts
    stand_still = debugger.do_wait_suspend
    control = importlib.import_module(f"{__package__}.loop").Loop.control

    def do_wait_suspend(*args: Any, **kwargs: Any) -> object:  # noqa: ANN401 -- passed on as they are
        since = clock.real()
        with lock:
            page.attach()
        try:
            return stand_still(*args, **kwargs)
        finally:
            if control.loop is not None and threading.current_thread() is threading.main_thread():
                control.loop.postpone(clock.real() - since)  # what it waits for has had no chance to come
            with lock:
                page.go_on()

    debugger.do_wait_suspend = do_wait_suspend
