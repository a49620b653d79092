"""Importing `app.main`, building the application, and serving it on the socket that the grader made."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import signal
from typing import TYPE_CHECKING, Any

import uvicorn

from . import stacks
from .explain import WrongShapeError, explain

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable, MutableMapping
    from pathlib import Path

    from .status import Status

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Application = Callable[[Message, Receive, Send], Awaitable[None]]


KEEP_ALIVE_SECONDS = 3600
"""A schedule may be held for long, by a learner at a debugger for instance; its connection is not to end meanwhile."""


def run(
    folder: Path,
    listening: socket.socket,
    status: Status,
    memory_bytes: int,
    watch: Callable[[Application], Application] | None = None,
) -> int:
    """Serve the submission, wrapped by `watch`, until it is told to stop; returns the exit status."""
    start = Start(folder, status, memory_bytes)
    try:
        application = start.build()
        application = watch(application) if watch else application
    except BaseException as error:  # noqa: BLE001 -- whatever the submission raises is the answer
        return start.fail(error)
    server = Server(uvicorn_config(start.watch(application)), status)
    # Uvicorn raises the signal again once it has stopped in order; then there is nothing left to do.
    signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(server.serve(sockets=[listening]))
    except BaseException as error:  # noqa: BLE001 -- whatever the submission raises is the answer
        return start.fail(error)
    return 0 if server.started else 1


def uvicorn_config(application: Application) -> uvicorn.Config:
    """Return the settings under which every submission is served."""
    return uvicorn.Config(
        application,
        loop="asyncio",
        http="httptools",
        lifespan="on",
        access_log=False,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=5,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )


class Server(uvicorn.Server):
    """A server that says when it has started."""

    def __init__(self, config: uvicorn.Config, status: Status) -> None:
        super().__init__(config)
        self._status = status

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, the lifespan included, and tell the grader."""
        stacks.answer_requests()
        await super().startup(sockets)
        if self.started:
            self._status.stage("serving")
            self._status.ready()


class Start:
    """The steps from a folder to an application, and what to say when one fails."""

    def __init__(self, folder: Path, status: Status, memory_bytes: int) -> None:
        self._folder = folder
        self._status = status
        self._memory_bytes = memory_bytes
        self._stage = "import"
        self._told = False

    def _enter(self, stage: str) -> None:
        self._stage = stage
        self._status.stage(stage)

    def build(self) -> Application:
        """Return what `app.main:create_app()` makes; raises WrongShapeError, or whatever the submission raises."""
        self._enter("import")
        if not any((self._folder / "app" / name).is_file() for name in ("main.py", "main/__init__.py")):
            message = "app/main.py is missing: the grader starts app.main:create_app()"
            raise WrongShapeError(message)
        module = importlib.import_module("app.main")
        if not hasattr(module, "create_app"):
            message = "app/main.py has no function create_app: the grader starts app.main:create_app()"
            raise WrongShapeError(message)
        create_app = module.create_app
        if not callable(create_app):
            message = f"create_app in app/main.py is {_a(create_app)}, not a function"
            raise WrongShapeError(message)
        self._enter("create_app")
        application = create_app()
        if inspect.iscoroutine(application):
            application.close()
            message = "create_app() is async: it must be a plain function that returns the FastAPI application"
            raise WrongShapeError(message)
        if not callable(application) or inspect.isclass(application):
            message = f"create_app() must return the FastAPI application, it returned {_a(application)}"
            raise WrongShapeError(message)
        self._enter("lifespan")
        made: Application = application
        return made

    def watch(self, application: Application) -> Application:
        """Return the application, with what its lifespan raises taken down; requests pass untouched."""

        async def watched(scope: Message, receive: Receive, send: Send) -> None:
            if scope["type"] != "lifespan":
                await application(scope, receive, send)
                return
            try:
                await application(scope, receive, send)
            except BaseException as error:
                self.fail(error)
                raise

        return watched

    def fail(self, error: BaseException) -> int:
        """Tell the grader why the application did not start, once; returns the exit status."""
        if not self._told and self._stage != "serving":
            self._told = True
            self._status.failed(explain(error, self._stage, self._folder, self._memory_bytes))
        if isinstance(error, SystemExit):
            return error.code if isinstance(error.code, int) else 0 if error.code is None else 1
        return 1


def _a(value: object) -> str:
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name[:1] in 'aeiouAEIOU' else 'a'} {name}"
