"""The binaries where the servers' account can execute them: where they are installed, or else a copy."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from grader.services.account import Account
    from grader.services.binaries import Binaries
    from grader.services.home import Home


def reachable(binaries: Binaries, account: Account, home: Home) -> Binaries:
    """Return binaries that the account reaches; a copy is made once, and takes about 25 MB."""
    if not account.stands_in or all(account.can_enter(place) for place in _places(binaries)):
        return binaries
    copy = replace(
        binaries,
        postgres=home.software / "package" / "postgres",
        libraries=home.software / binaries.libraries.name if binaries.libraries is not None else None,
        valkey=home.software / "valkey-server",
    )
    if not home.software.exists():
        _copy(binaries, copy, home)
    return copy


def _places(binaries: Binaries) -> list[Path]:
    return [binaries.postgres / "bin" / "postgres", binaries.valkey]


def _copy(binaries: Binaries, copy: Binaries, home: Home) -> None:
    # Named last, so that a copy that was cut short is never taken for a whole one.
    draft = home.folder / "software.new"
    shutil.rmtree(draft, ignore_errors=True)

    def place(final: Path) -> Path:
        return draft / final.relative_to(home.software)

    programs = place(copy.postgres) / "bin"
    programs.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        shutil.copy(binaries.postgres / "bin" / name, programs)
    for name in ("lib", "share"):
        without = shutil.ignore_patterns("*.a", "pgxs", "pkgconfig")
        shutil.copytree(binaries.postgres / name, place(copy.postgres) / name, symlinks=True, ignore=without)
    if binaries.libraries is not None and copy.libraries is not None:
        shutil.copytree(binaries.libraries, place(copy.libraries))
    shutil.copy(binaries.valkey, place(copy.valkey))
    for folder in (draft, *(path for path in draft.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    draft.rename(home.software)
