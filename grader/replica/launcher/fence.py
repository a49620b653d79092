"""Landlock: a fence around a replica that needs no privilege and that nothing in it can take down.

Inside it, files are written only in the replica's own place and read only there and where software is installed;
signals and traces reach only processes inside. The numbers are those of linux/landlock.h.
"""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING

from . import linux

if TYPE_CHECKING:
    from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_REFER, _TRUNCATE, _IOCTL = 1 << 13, 1 << 14, 1 << 15
_FIRST = (1 << 13) - 1
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL
_SCOPE_ABSTRACT_SOCKETS, _SCOPE_SIGNALS = 1, 2

_SOFTWARE = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc", "/opt", "/nix/store", "/proc", "/sys")
_NAMES = ("/run/systemd/resolve", "/run/resolvconf", "/var/lib/ca-certificates")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def version() -> int:
    """Return the version of Landlock that the kernel has; 0 for none."""
    if not linux.ON_LINUX:
        return 0
    try:
        return linux.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))
    except OSError:
        return 0


def raise_around(place: Path, readable: list[Path]) -> None:
    """Restrict this process and its children to `place`, and to reading what is `readable`; best effort.

    `no_new_privs` must be set already.
    """
    known = version()
    if known == 0:
        return
    handled = _FIRST
    for since, right in ((2, _REFER), (3, _TRUNCATE), (5, _IOCTL)):
        handled |= right if known >= since else 0
    scoped = _SCOPE_ABSTRACT_SOCKETS | _SCOPE_SIGNALS if known >= 6 else 0  # noqa: PLR2004 -- the version that has them
    rules = _Ruleset(handled, 0, scoped)
    # Older kernels know a shorter structure: the network came with 4, scopes with 6.
    size = 8 if known < 4 else 16 if known < 6 else 24  # noqa: PLR2004
    ruleset = linux.syscall(_CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), ctypes.c_uint32(0))
    try:
        _allow(ruleset, str(place), handled & ~_IOCTL)
        for tree in (*_SOFTWARE, *_NAMES, *map(str, readable)):
            _allow(ruleset, tree, _READ)
        for device in _DEVICES:
            _allow(ruleset, device, (_READ_FILE | _WRITE_FILE | _TRUNCATE | _IOCTL) & handled)
        linux.syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(path):  # noqa: PTH112 -- a path is text here, as the kernel takes it
            rights &= _OF_FILES
        rule = _Beneath(rights, parent)
        linux.syscall(
            _ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_PATH_BENEATH), ctypes.byref(rule), ctypes.c_uint32(0)
        )
    finally:
        os.close(parent)
