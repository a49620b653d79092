"""A debugger for the replica: debugpy, which is imported only here."""

from __future__ import annotations

import importlib
import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .page import Page


def listen(port: int, page: Page) -> None:
    """Let a debugger attach at `port` of 127.0.0.1 from here on; raises RuntimeError.

    debugpy starts an adapter, a process of its own beside the replica, which is held and ended as all of its are.
    """
    # What it warns of on stderr would stand in the submission's log.
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    debugpy = importlib.import_module("debugpy")
    debugpy.configure(subProcess=False)
    debugpy.listen(("127.0.0.1", port))

    def wait() -> None:
        debugpy.wait_for_client()
        page.attach()

    threading.Thread(target=wait, name="waits for a debugger", daemon=True).start()
