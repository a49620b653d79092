"""What the machine itself must have: Python, packages, files, room, ports, file events, an editor."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import socket
import sys
import tempfile
from contextlib import ExitStack
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement

from grader.cli import Complaint
from grader.cli.doctor.values import Diagnosis
from grader.cli.open import EDITOR, editor_command
from grader.cli.watch.files import events_arrive
from grader.kata import KATAS, PROJECT, KataError, load_katas
from grader.progress import ProgressError, read
from grader.progress.store import PLACE
from grader.services.home import default_folder
from grader.settings import HOME, SettingError

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDEST = (3, 11)
PORTS = 40
"""A run of kata 05 opens some 20 ports: three replicas in two lanes, each with its wires."""
ROOM_MB = 500
"""Two pairs of servers are 120 MB, a large submission 50 MB a copy."""


def python() -> Diagnosis:
    """Look at the interpreter and the system."""
    text = f"{platform.python_version()} on {platform.system()} {platform.machine()}, {sys.executable}"
    if sys.version_info < OLDEST:
        return Diagnosis("Python", "fault", f"{text}; 3.11 or newer is needed", "uv python install 3.13 && uv sync")
    if platform.system() not in {"Linux", "Darwin"}:
        return Diagnosis("Python", "fault", f"{text}; on Windows the katas run in WSL2", "wsl --install")
    return Diagnosis("Python", "well", text)


def packages() -> Iterator[Diagnosis]:
    """Compare the packages that are installed with those that the project names."""
    mend = f"uv sync, or: {sys.executable} -m pip install -e {PROJECT}"
    try:
        named = [Requirement(text) for text in requires("backend-katas") or ()]
    except (PackageNotFoundError, InvalidRequirement) as error:
        yield Diagnosis("packages", "fault", f"the project itself is not installed: {error}", mend)
        return
    wanted = [one for one in named if one.marker is None or one.marker.evaluate({"extra": ""})]
    wrong = [text for one in wanted if (text := _wrong(one))]
    if wrong:
        yield Diagnosis("packages", "fault", "; ".join(wrong), mend)
    else:
        yield Diagnosis("packages", "well", f"all {len(wanted)} there, backend-katas {version('backend-katas')}")


def _wrong(wanted: Requirement) -> str:
    try:
        there = version(wanted.name)
    except PackageNotFoundError:
        return f"{wanted.name} is missing"
    return "" if wanted.specifier.contains(there, prereleases=True) else f"{wanted} is needed, {there} is there"


def katas() -> Diagnosis:
    """Look for the learner's folders."""
    try:
        missing = [kata.name for kata in load_katas() if not (KATAS / kata.name / "kata.toml").is_file()]
    except KataError as error:
        return Diagnosis("katas", "fault", str(error), f"git -C {PROJECT} checkout -- solutions")
    if missing:
        return Diagnosis("katas", "fault", f"not there: {', '.join(missing)}", f"kata reset {missing[0][:2]}")
    return Diagnosis("katas", "well", str(KATAS))


def progress() -> Diagnosis:
    """See whether progress can be read, and kept."""
    try:
        read()
    except ProgressError as error:
        return Diagnosis("progress", "fault", str(error).partition("; ")[0], f"mv {PLACE}/progress.toml{{,.old}}")
    place = PLACE if PLACE.exists() else PROJECT
    if not os.access(place, os.W_OK):
        text = f"{place} cannot be written to: attempts and hints are not remembered"
        return Diagnosis("progress", "note", text, f"chmod u+w {place}")
    return Diagnosis("progress", "well", str(PLACE / "progress.toml"))


def disk() -> Iterator[Diagnosis]:
    """See that there is room where servers and replicas live."""
    try:
        home = HOME.default(os.environ) or default_folder()
    except SettingError:
        home = default_folder()
    places = {"the servers": home, "replicas": Path(tempfile.gettempdir()), "your work": PROJECT}
    tight = []
    for whose, place in places.items():
        there = next(folder for folder in (place, *place.parents) if folder.exists())
        free = shutil.disk_usage(there).free >> 20
        if free < ROOM_MB:
            tight.append(f"{free} MB free for {whose} in {there}")
    if tight:
        mend = "make room there, or name other folders: export TMPDIR=… BACKEND_KATAS_SERVICES_HOME=…"
        yield Diagnosis("disk", "fault", f"{'; '.join(tight)}; {ROOM_MB} MB are needed", mend)
    else:
        yield Diagnosis("disk", "well", f"more than {ROOM_MB} MB free in {', '.join(map(str, places.values()))}")


def ports() -> Diagnosis:
    """Open as many ports of 127.0.0.1 as a run does."""
    try:
        with ExitStack() as opened:
            for _ in range(PORTS):
                server = opened.enter_context(socket.create_server(("127.0.0.1", 0)))
                opened.enter_context(socket.create_connection(server.getsockname()[:2], timeout=5))
    except OSError as error:
        text = f"not {PORTS} ports of 127.0.0.1 can be opened and reached: {error}"
        return Diagnosis(
            "ports", "fault", text, "ulimit -n 1024; let a firewall pass what stays on lo (ip addr show lo)"
        )
    return Diagnosis("ports", "well", f"{PORTS} ports of 127.0.0.1 opened and reached")


def editor() -> Diagnosis:
    """See whether `kata open --editor` has something to start."""
    try:
        words = editor_command()
    except Complaint as complaint:
        return Diagnosis(
            "editor", "note", "none is named, so kata open shows briefs only", str(complaint).split("; name one: ")[1]
        )
    if shutil.which(words[0]) is None:
        return Diagnosis("editor", "note", f"{words[0]} is named, and is not there", f"export {EDITOR}=code")
    return Diagnosis("editor", "well", " ".join(words))


async def watching() -> Diagnosis:
    """Write a file and see whether it is noticed."""
    try:
        place = PLACE if PLACE.is_dir() and os.access(PLACE, os.W_OK) else None
        with tempfile.TemporaryDirectory(prefix="probe-", dir=place) as folder:
            if await events_arrive(Path(folder), polling=False):
                return Diagnosis("file events", "well", "a save is noticed at once")
            if await events_arrive(Path(folder), polling=True):
                text = "none arrive here, so kata watch looks at the files instead"
                return Diagnosis("file events", "note", text, "sudo sysctl fs.inotify.max_user_watches=524288")
    except (OSError, asyncio.CancelledError) as error:
        return Diagnosis("file events", "fault", f"no folder can be watched: {error}", f"chmod u+w {PROJECT}")
    return Diagnosis(
        "file events", "fault", "no save is noticed", "pytest katas/03 after each save, in place of kata watch"
    )
