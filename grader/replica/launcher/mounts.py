"""A view of the file system in which an unprivileged user can reach the interpreter.

Python often lives where only its owner may go (`/root/.pyenv`, a home of mode 0700). Where the grader is root, the
run's processes get a mount namespace of their own, in which each folder that is in the way is replaced by an empty
one that holds only what replicas need.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from . import linux

if TYPE_CHECKING:
    from pathlib import Path


def blocking(needed: list[Path]) -> list[Path]:
    """Return the topmost folders that keep others from reaching what is `needed`."""
    found: list[Path] = []
    for tree in needed:
        for ancestor in reversed(tree.parents):
            if not ancestor.stat().st_mode & 0o001:
                if ancestor not in found:
                    found.append(ancestor)
                break
    return found


def open_up(needed: list[Path]) -> bool:
    """Make all that is `needed` reachable for others; False if it was already.

    Raises OSError where the kernel does not allow mounts.
    """
    needed = sorted({tree.resolve() for tree in needed if tree.exists()})
    in_the_way = blocking(needed)
    if not in_the_way:
        return False
    linux.unshare(linux.CLONE_NEWNS)
    linux.mount("none", "/", None, linux.MS_REC | linux.MS_PRIVATE)
    for folder in in_the_way:
        inside = [tree for tree in needed if tree.is_relative_to(folder)]
        outermost = [tree for tree in inside if not any(other in tree.parents for other in inside)]
        # Opened before they are covered; a bind mount can start from an open folder.
        handles = [os.open(tree, os.O_PATH) for tree in outermost]
        linux.mount("none", str(folder), "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "size=1m,mode=755")
        for tree, handle in zip(outermost, handles, strict=True):
            tree.mkdir(parents=True)
            linux.mount(f"/proc/self/fd/{handle}", str(tree), None, linux.MS_BIND | linux.MS_REC)
            os.close(handle)
    return True


def unreachable(user: int, paths: list[Path]) -> Path | None:
    """Return the first of `paths` that is a file `user` cannot read or a folder `user` cannot pass, or None."""
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(user)
    os.seteuid(user)
    try:
        for path in paths:
            try:
                wanted = os.X_OK if path.is_dir() else os.R_OK
            except OSError:
                return path
            if not os.access(path, wanted, effective_ids=True):
                return path
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)
    return None
