"""Katas and their solutions as they stand on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from grader.kata import KataError, Submission, load_kata, remove

if TYPE_CHECKING:
    from pathlib import Path


def _write(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(folder.name)
    return folder


def _laid(submission: Submission, target: Path) -> dict[str, str]:
    submission.write_to(target)
    files = (path for path in target.rglob("*") if path.is_file())
    return {path.relative_to(target).as_posix(): path.read_text() for path in files}


def test_a_layer_lies_over_the_reference(tmp_path: Path) -> None:
    """Files of the upper layer take the place of those below."""
    lower = _write(tmp_path / "lower", "app/main.py", "app/orders/place.py")
    upper = _write(tmp_path / "upper", "app/main.py")
    submission = Submission(load_kata("03_n_plus_one"), upper, (lower, upper))
    assert _laid(submission, tmp_path / "laid") == {"app/main.py": "upper", "app/orders/place.py": "lower"}


def test_a_layer_may_leave_out_files(tmp_path: Path) -> None:
    """Files and folders that it is without are those of the lower layers, never its own."""
    lower = _write(tmp_path / "lower", "app/main.py", "app/orders/place.py", "app/orders/cancel.py", "app/tables.py")
    upper = _write(tmp_path / "upper", "app/orders/place.py")
    without = ("app/orders", "app/tables.py")
    submission = Submission(load_kata("03_n_plus_one"), upper, (lower, upper), without)
    assert _laid(submission, tmp_path / "laid") == {"app/main.py": "lower", "app/orders/place.py": "upper"}


def test_what_is_removed_is_not_followed(tmp_path: Path) -> None:
    """A link goes, and what it leads to stays."""
    kept = _write(tmp_path / "kept", "file.py")
    (tmp_path / "link").symlink_to(kept)
    remove(tmp_path / "link")
    remove(tmp_path / "absent")
    assert not (tmp_path / "link").exists()
    assert (kept / "file.py").is_file()


def test_an_unknown_kata_is_said() -> None:
    """The message names those that there are."""
    with pytest.raises(KataError, match=r"there are .*03_n_plus_one"):
        load_kata("99_nothing")
