"""The copy that a run works on."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from grader.replica import SubmissionError, copy_submission

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small submission."""
    folder = tmp_path / "alice"
    (folder / "app").mkdir(parents=True)
    (folder / "app/main.py").write_bytes(b"# caf\xe9\r\n\x00")
    return folder


def refusal(folder: Path) -> str:
    """Return what the copy says of a folder that it refuses."""
    with pytest.raises(SubmissionError) as caught:
        copy_submission(folder, folder.parent / "copy")
    return str(caught.value)


def test_bytes_are_kept(folder: Path, tmp_path: Path) -> None:
    """A copy holds the same bytes, whatever they are."""
    copy = copy_submission(folder, tmp_path / "copy")
    assert (copy / "app/main.py").read_bytes() == b"# caf\xe9\r\n\x00"


def test_what_is_no_work_of_the_learner_is_left_out(folder: Path, tmp_path: Path) -> None:
    """Version control, virtual environments and caches stay behind, links out of them too."""
    for name in (".git", ".venv", "app/__pycache__", ".ruff_cache"):
        (folder / name).mkdir()
        (folder / name / "out").symlink_to("/usr/bin/python3")
    copy = copy_submission(folder, tmp_path / "copy")
    assert sorted(str(path.relative_to(copy)) for path in copy.rglob("*")) == ["app", "app/main.py"]


@pytest.mark.parametrize("goal", ["/etc/passwd", "../../bob/solution.py", "/"])
def test_a_link_that_leads_out_is_refused(folder: Path, goal: str) -> None:
    """A symbolic link out of the submission is refused by its name."""
    (folder / "app/data").symlink_to(goal)
    assert refusal(folder) == f"app/data is a symbolic link that leads out of the submission, to {goal}"


def test_a_link_to_a_link_that_leads_out_is_refused(folder: Path) -> None:
    """A symbolic link that leads out by way of another is refused."""
    (folder / "way").symlink_to("..")
    assert "way is a symbolic link that leads out" in refusal(folder)


def test_a_link_in_a_circle_is_refused(folder: Path) -> None:
    """A symbolic link to itself is refused by its name."""
    (folder / "round").symlink_to("round")
    assert refusal(folder) == "round is a symbolic link that leads nowhere, to round"


def test_a_link_within_stays_within_the_copy(folder: Path, tmp_path: Path) -> None:
    """A symbolic link within the submission, absolute or not, leads to the copy's own file."""
    (folder / "app/other.py").symlink_to(folder / "app/main.py")
    (folder / "code").symlink_to("app")
    copy = copy_submission(folder, tmp_path / "copy")
    assert (copy / "app/other.py").resolve() == copy / "app/main.py"
    assert (copy / "code").resolve() == copy / "app"


def test_what_is_no_file_is_refused(folder: Path) -> None:
    """A pipe is refused, and not waited for."""
    os.mkfifo(folder / "app/pipe")
    assert refusal(folder) == "app/pipe is not a file, a folder or a link; the grader copies nothing else"


def test_a_socket_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket is refused."""
    # The path of a socket may have 107 characters only.
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
    assert refusal(folder) == "socket is not a file, a folder or a link; the grader copies nothing else"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_refused(folder: Path) -> None:
    """A file that cannot be read is refused by its name."""
    (folder / "app/secret.py").touch(mode=0o000)
    assert refusal(folder) == "app/secret.py cannot be read: Permission denied"


def test_too_large_a_submission_is_refused(folder: Path) -> None:
    """A submission of more than 50 MB is refused at the file that is too much, without reading it."""
    with (folder / "movie.bin").open("wb") as file:
        file.truncate(1 << 40)
    assert refusal(folder) == "the submission is larger than 50 MB (at movie.bin); the grader takes no more"


def test_too_many_files_are_refused(folder: Path) -> None:
    """A submission of more than 5,000 files is refused."""
    (folder / "many").mkdir()
    for number in range(5_000):
        (folder / "many" / str(number)).touch()
    assert refusal(folder) == "the submission has more than 5,000 files; the grader takes no more"


def test_a_folder_that_is_none_is_refused(folder: Path) -> None:
    """A path that is no folder is refused."""
    assert refusal(folder / "app/main.py").endswith("main.py is not a folder")
