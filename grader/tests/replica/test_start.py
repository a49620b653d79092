"""Every way in which a submission may fail to start, and what its author is told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from grader.replica import BootError, Limits, Replica

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Start = Callable[..., Awaitable[Replica]]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def method() -> str:
    """Fork; test_spawned.py does some of this with spawn."""
    return "fork"


LIFESPAN = """
    import os
    from contextlib import asynccontextmanager
    from fastapi import FastAPI

    @asynccontextmanager
    async def lifespan(app):
        {}
        yield

    def create_app():
        return FastAPI(lifespan=lifespan)
"""

REASONS = {
    "syntax error": (
        "def create_app(:\n    pass\n",
        "app/main.py, line 1: invalid syntax (SyntaxError): def create_app(:",
    ),
    "indentation": (
        "def create_app():\nreturn 1\n",
        (
            "app/main.py, line 2: expected an indented block after function definition on line 1 "
            "(IndentationError): return 1"
        ),
    ),
    "not UTF-8": (
        b"name = 'caf\xe9'\n",
        "app/main.py*: the file is not UTF-8 (*",
    ),
    "no main": (None, "app/main.py is missing: the grader starts app.main:create_app()"),
    "no create_app": ("app = 1\n", "app/main.py has no function create_app: the grader starts app.main:create_app()"),
    "create_app is no function": ("create_app = 7\n", "create_app in app/main.py is an int, not a function"),
    "create_app returns nothing": (
        "def create_app():\n    pass\n",
        "create_app() must return the FastAPI application, it returned None",
    ),
    "create_app returns a list": (
        "def create_app():\n    return []\n",
        "create_app() must return the FastAPI application, it returned a list",
    ),
    "create_app is async": (
        "async def create_app():\n    pass\n",
        "create_app() is async: it must be a plain function that returns the FastAPI application",
    ),
    "create_app raises": (
        "def create_app():\n    raise ValueError('no colour')\n",
        "create_app() raised ValueError: no colour (app/main.py:2)",
    ),
    "exception at import": (
        "x = 1\n1 / 0\n",
        "ZeroDivisionError: division by zero was raised while app.main was imported (app/main.py:2)",
    ),
    "module missing": ("import nowhere\n", "there is no module 'nowhere' to import (app/main.py:1)"),
    "_exit at import": ("import os\nos._exit(0)\n", "the process exited with status 0 while app.main was imported"),
    "sys.exit at import": (
        "import sys\nsys.exit(0)\n",
        "the process was ended with sys.exit(0) while app.main was imported (app/main.py:2)",
    ),
    "killed at import": (
        "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n",
        "the process was killed by SIGSEGV while app.main was imported",
    ),
    "killed by itself": (
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n",
        "the process was killed by SIGKILL while app.main was imported",
    ),
    "10 GB at import": (
        "x = bytearray(10 << 30)\n",
        "the process ran out of memory (limit 1 GB) while app.main was imported (app/main.py:1)",
    ),
    "exception in the lifespan": (
        LIFESPAN.format("{}['key']"),
        "KeyError: 'key' was raised while the application's lifespan started (app/main.py:7)",
    ),
    "_exit in the lifespan": (
        LIFESPAN.format("os._exit(0)"),
        "the process exited with status 0 while the application's lifespan started",
    ),
    "SystemExit in the lifespan": (
        LIFESPAN.format("raise SystemExit(3)"),
        "the process was ended with sys.exit(3) while the application's lifespan started (app/main.py:7)",
    ),
}


@pytest.mark.parametrize("case", REASONS)
async def test_the_reason_says_what_is_wrong(start: Start, case: str) -> None:
    """A submission that does not start is told why in one sentence."""
    main, reason = REASONS[case]
    replica = await start(main)
    with pytest.raises(BootError) as caught:
        await replica.ready()
    pattern = re.escape(reason).replace(r"\*", ".*")
    assert re.fullmatch(pattern, caught.value.reason), caught.value.reason
    assert replica.exited is not None
    assert "launcher" not in caught.value.traceback


async def test_the_traceback_is_theirs(start: Start) -> None:
    """A traceback begins at the submission's first line, is whole, and its paths are relative to the submission."""
    replica = await start(
        "from app.orders import load\n\ndef create_app():\n    load('x')\n",
        {
            "app/orders.py": """
                def load(text):
                    try:
                        return int(text)
                    except ValueError as error:
                        raise RuntimeError("bad order") from error
            """
        },
    )
    with pytest.raises(BootError) as caught:
        await replica.ready()
    assert re.sub(r"\n +[\^~]+(?=\n)", "", caught.value.traceback).splitlines() == [
        "Traceback (most recent call last):",
        '  File "app/orders.py", line 3, in load',
        "    return int(text)",
        "ValueError: invalid literal for int() with base 10: 'x'",
        "",
        "The above exception was the direct cause of the following exception:",
        "",
        "Traceback (most recent call last):",
        '  File "app/main.py", line 4, in create_app',
        "    load('x')",
        '  File "app/orders.py", line 5, in load',
        '    raise RuntimeError("bad order") from error',
        "RuntimeError: bad order",
    ]
    assert (caught.value.file, caught.value.line) == ("app/orders.py", 5)


async def test_an_endless_loop_at_import_is_ended_and_its_line_named(start: Start) -> None:
    """A submission that never comes to an end of its import is ended at the deadline and shown its line."""
    replica = await start("def wait():\n    while True: pass\n\nwait()\n", limits=Limits(boot_seconds=0.5))
    with pytest.raises(BootError) as caught:
        await replica.ready()
    assert caught.value.reason == "the process was still busy after 0.5 s while app.main was imported, at app/main.py:2"
    assert caught.value.traceback.splitlines()[-2:] == ["    app/main.py:4 in <module>", "    app/main.py:2 in wait"]
    assert replica.exited is not None
    assert replica.exited.description == "took too long to start"


async def test_a_lifespan_that_waits_forever_is_ended_and_its_line_named(start: Start) -> None:
    """A submission whose lifespan waits for something that never comes is ended at the deadline and shown its line."""
    main = LIFESPAN.format("import asyncio; await asyncio.Event().wait()")
    replica = await start(main, limits=Limits(boot_seconds=0.5))
    with pytest.raises(BootError) as caught:
        await replica.ready()
    expected = "the process was still busy after 0.5 s while the application's lifespan started, at app/main.py:7"
    assert caught.value.reason == expected


async def test_a_module_named_like_a_standard_one_does_not_hide_it(start: Start) -> None:
    """A module of the submission named like one of Python's own hides nothing: the service starts."""
    replica = await start(files={"json.py": "raise SystemExit", "asyncio.py": "raise SystemExit"})
    await replica.ready()


async def test_a_module_named_like_a_standard_one_is_mentioned(start: Start) -> None:
    """A submission that expects its own json.py is told that Python's is found."""
    replica = await start("from json import colours\n", {"json.py": "colours = []"})
    with pytest.raises(BootError) as caught:
        await replica.ready()
    assert caught.value.reason.endswith(
        "; note that json.py has the name of a module of Python's own, and `import json` finds Python's"
    )


async def test_what_was_printed_comes_with_the_error(start: Start) -> None:
    """A submission that prints before it fails finds its output with the reason."""
    replica = await start("print('so far so good')\n1 / 0\n")
    with pytest.raises(BootError) as caught:
        await replica.ready()
    assert "so far so good" in caught.value.log
