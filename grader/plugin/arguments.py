"""What a run is asked for: its options, and the folders named on the command line."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from grader.kata import PROJECT, find_by_number, is_entry
from grader.settings import SettingError

if TYPE_CHECKING:
    from argparse import Namespace

    from grader.explore.token import Token
    from grader.grade import Options
    from grader.settings import Setting


_FILES_READ = 200
_BYTES_READ = 100_000


def default(setting: Setting) -> Any:  # noqa: ANN401 -- as the setting's type says
    """Return the value that the environment gives a setting; UsageError where it makes no sense."""
    try:
        return setting.default(os.environ)
    except SettingError as error:
        raise pytest.UsageError(str(error)) from error


def options(chosen: Namespace) -> Options:
    """Return the grader's options from pytest's."""
    from grader.grade import options_of  # noqa: PLC0415 -- other runs need not pay for its import

    replay = read_token(chosen.replay)
    return options_of(vars(chosen), replay, _read_stop(chosen.stop_at, replay))


def read_token(text: str | None) -> Token | None:
    """Return the replay token that was given, if one was; UsageError where it is none."""
    if text is None:
        return None
    from grader.explore.token import Token, TokenError  # noqa: PLC0415 -- seldom asked for

    try:
        return Token.read(text)
    except TokenError as error:
        raise pytest.UsageError(f"--replay: {error}") from error


def _read_stop(step: int | None, replay: Token | None) -> int | None:
    """Return the step to stop at, if one was given; UsageError where there is no such step, or no debugger."""
    if step is None:
        return None
    if replay is None:
        raise pytest.UsageError("--stop-at: name the schedule too, with --replay as in a finding's last line")
    if not replay.schedule:
        raise pytest.UsageError(f"--stop-at is for schedules, and {replay} is a crash")
    if not 0 < step <= len(replay.schedule):
        raise pytest.UsageError(f"--stop-at: the steps of {replay} are 1 to {len(replay.schedule)}, got {step}")
    if find_spec("debugpy") is None:
        raise pytest.UsageError("--stop-at needs debugpy, which is not installed: pip install -e '.[debug]'")
    return step


@dataclass(frozen=True, slots=True)
class Found:
    """The arguments with numbers written out, and what there is in the gradable folders that they name or hold."""

    arguments: list[str]
    submissions: bool
    brings_conftest: bool
    packages: tuple[str, ...]
    """The packages that are named in the code there, of those that not every submission uses."""


def find(arguments: list[str], cwd: Path) -> Found:
    """Read the arguments, paths relative to `cwd`; `katas/03` stands for `katas/03_n_plus_one`, from anywhere."""
    written = [_write_out(argument, cwd) for argument in arguments]
    paths = [cwd / argument.partition("::")[0] for argument in written]
    if not arguments and _submission_around(cwd):
        paths = [cwd]
    return Found(
        written,
        submissions=any(map(_holds_submission, paths)),
        brings_conftest=any(_brings_conftest(path) for path in paths),
        packages=tuple(name for name in ("asyncpg", "redis", "httpx") if any(_names(path, name) for path in paths)),
    )


def refuse_ini(ini: Path | None) -> None:
    """Raise UsageError where pytest took its settings from inside a submission."""
    folder = _submission_around(ini.parent) if ini else None
    if folder:
        raise pytest.UsageError(
            f"{ini}: a submission does not configure pytest. Remove the file, or name another: "
            f"pytest -c {PROJECT / 'pyproject.toml'} {folder}"
        )


def require_folder(file: Path | None, cwd: Path) -> None:
    """Raise UsageError where a file that is to be written has no folder to stand in."""
    if file is not None and ((cwd / file).is_dir() or not os.access((cwd / file).parent, os.W_OK)):
        raise pytest.UsageError(f"--result-json: {file} cannot be written; name a file in a folder that there is")


def require_place_for_page(folder: Path | None, cwd: Path) -> None:
    """Raise UsageError where the page that is to be written to a folder, there or new, cannot stand in it."""
    if folder is None:
        return
    path = cwd / folder
    page = path / "index.html"
    place = path if os.path.lexists(path) else path.parent
    taken = page.is_dir() or (page.exists() and not os.access(page, os.W_OK))
    if taken or not place.is_dir() or not os.access(place, os.W_OK):
        raise pytest.UsageError(
            f"--report-html: {folder} cannot be written to; name a folder, or a new one in a folder that there is"
        )


def _write_out(argument: str, cwd: Path) -> str:
    name, separator, rest = argument.partition("::")
    path = cwd / name
    if path.exists():
        return argument
    start = cwd
    if (
        not Path(name).is_absolute()
        and Path(name).parts[:1] in {("katas",), ("solutions",)}
        and not path.parent.exists()
    ):
        start = PROJECT
    for part in Path(name).parts:
        step = start / part
        start = find_by_number(step) or step
    if not start.exists():
        return argument
    short = str(start) if Path(name).is_absolute() or cwd not in start.parents else str(start.relative_to(cwd))
    return short + separator + rest


def _holds_submission(path: Path) -> bool:
    if _submission_around(path):
        return True
    depths = ("", "*/", "*/*/", "*/*/*/")
    inside = (path.glob(f"{depth}{name}") for depth in depths for name in ("kata.toml", "about.toml"))
    return path.is_dir() and any(next(found, None) for found in inside)


def _submission_around(path: Path) -> Path | None:
    for folder in (path, *path.parents):
        if (folder / "kata.toml").is_file() or is_entry(folder):
            return folder
    return None


def _names(path: Path, package: str) -> bool:
    """Whether the code there names a package; only a guess that saves time, so a few files will do."""
    for file in islice((path if path.is_dir() else path.parent).rglob("app/**/*.py"), _FILES_READ):
        try:
            with file.open("rb") as opened:
                if package.encode() in opened.read(_BYTES_READ):
                    return True
        except OSError:
            continue
    return False


def _brings_conftest(path: Path) -> bool:
    folder = _submission_around(path)
    return folder is not None and any(True for _ in folder.rglob("conftest.py"))
