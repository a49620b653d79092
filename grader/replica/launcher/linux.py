"""System calls that Python does not wrap; every function raises OSError where the kernel refuses."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

ON_LINUX = sys.platform == "linux"

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38
PR_SET_CHILD_SUBREAPER = 36

CLONE_NEWNS = 0x00020000
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MS_NOSUID = 2
MS_NODEV = 4

_CAPABILITIES = {"CAP_CHOWN": 0, "CAP_DAC_OVERRIDE": 1, "CAP_KILL": 5, "CAP_SETGID": 6, "CAP_SETUID": 7}

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def prctl(option: int, value: int) -> None:
    """Set one attribute of this process (prctl(2))."""
    zero = ctypes.c_ulong(0)
    _checked(_libc.prctl(option, ctypes.c_ulong(value), zero, zero, zero), "prctl")


def unshare(flags: int) -> None:
    """Leave the namespaces named by `flags` for new ones (unshare(2))."""
    _checked(_libc.unshare(flags), "unshare")


def mount(source: str, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    """Mount `source` on `target` (mount(2))."""
    arguments = [text.encode() if text is not None else None for text in (source, target, kind)]
    data = options.encode() if options is not None else None
    _checked(_libc.mount(*arguments, ctypes.c_ulong(flags), data), f"mount on {target}")


def syscall(number: int, *arguments: object) -> int:
    """Make a system call that the C library may not know yet."""
    return _checked(int(_libc.syscall(ctypes.c_long(number), *arguments)), f"system call {number}")


def may_change_user() -> bool:
    """Whether this process may give files away and run children as another user, and end them."""
    if not ON_LINUX or os.geteuid() != 0:
        return False
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            held = int(line.split()[1], 16)
            return all(held >> bit & 1 for bit in _CAPABILITIES.values())
    return False


def first_user() -> int:
    """Return the first of a run's own numeric users, 256 of them, drawn at random from those this namespace knows."""
    low, high = 1_900_000_000, 2_100_000_000
    largest = 0
    for line in Path("/proc/self/uid_map").read_text().splitlines():
        inside, _, count = (int(word) for word in line.split())
        largest = max(largest, inside + count)
    if largest < high:
        low, high = 20_000, min(largest, 60_000)
    slots = (high - low) // 256
    return low + 256 * (int.from_bytes(os.urandom(4)) % max(slots, 1))
