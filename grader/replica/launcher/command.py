"""Running another command of the submission than its server: `python -m app.relay`, in the same surroundings."""

from __future__ import annotations

import runpy
import sys
from typing import TYPE_CHECKING

from .explain import WrongShapeError, explain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .status import Status


def run(folder: Path, command: Sequence[str], status: Status, memory_bytes: int) -> int:
    """Run `["-m", module, argument…]` as `__main__`; returns the exit status."""
    status.stage("command")
    status.ready()
    try:
        if command[0] != "-m" or len(command) < 2:  # noqa: PLR2004 -- the flag and the module
            message = f"a command must be -m and a module, got {list(command)}"
            raise WrongShapeError(message)  # noqa: TRY301 -- told in the same way as what the submission raises
        sys.argv = list(command[1:])
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
    except SystemExit as error:
        if isinstance(error.code, str):
            sys.stderr.write(error.code + "\n")
        return error.code if isinstance(error.code, int) else 0 if error.code is None else 1
    except BaseException as error:  # noqa: BLE001 -- whatever the submission raises is the answer
        failure = explain(error, "command", folder, memory_bytes)
        sys.stderr.write(failure["traceback"] or failure["reason"] + "\n")
        return 1
    return 0
