"""How long `kata watch` takes from a save to the first outcome on the screen, in a real terminal, warm."""

from __future__ import annotations

import re
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect  # type: ignore[import-untyped]  # it brings no types
import pyte

from grader.kata import SOLUTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KATAS = ("03_n_plus_one", "04_optimistic_locking")
SAVES = 5
SECONDS = 60.0
"""What a screen is waited for."""
WAITING = "waiting for a save"


class Screen:
    """`kata watch` of a folder in a terminal of 100 columns and 30 lines."""

    def __init__(self, folder: Path) -> None:
        self._screen = pyte.Screen(100, 30)
        self._stream = pyte.ByteStream(self._screen)
        command = str(Path(sys.executable).parent / "kata")
        self.process = pexpect.spawn(command, ["watch", str(folder)], dimensions=(30, 100))

    def until(self, condition: Callable[[str], bool]) -> None:
        """Draw what comes until the screen meets a condition; RuntimeError where it does not come to that."""
        deadline = time.perf_counter() + SECONDS
        while not condition("\n".join(self._screen.display)):
            if time.perf_counter() > deadline:
                raise RuntimeError("kata watch shows:\n" + "\n".join(self._screen.display))
            try:
                self._stream.feed(self.process.read_nonblocking(1 << 16, timeout=0.1))
            except pexpect.TIMEOUT:
                continue

    def close(self) -> None:
        """Quit."""
        self.process.send("q")
        self.process.expect(pexpect.EOF, timeout=SECONDS)
        self.process.close()


def first_outcomes(layer: str, kata: str) -> Iterator[float]:
    """Yield for each save of a submission the seconds to the first check that is made."""
    with tempfile.TemporaryDirectory(prefix="katas-bench-") as name:
        folder = Path(name) / kata
        folder.parent.chmod(0o755)  # replicas are other users where this is root
        shutil.copytree(SOLUTIONS / kata / "starter", folder)
        shutil.copytree(SOLUTIONS / kata / layer, folder, dirs_exist_ok=True)
        (folder / "about.toml").unlink(missing_ok=True)
        screen = Screen(folder)
        try:
            for _ in range(SAVES):
                screen.until(lambda text: WAITING in text)
                started = time.perf_counter()
                with (folder / "app" / "main.py").open("a", encoding="utf-8") as main_module:
                    main_module.write("\n")
                screen.until(lambda text: re.search(r"grading, [1-9]\d* of", text) is not None)
                yield time.perf_counter() - started
            screen.until(lambda text: WAITING in text)
        finally:
            screen.close()


def main() -> None:
    """Print the seconds for the starter and the reference of two katas."""
    for kata in KATAS:
        for layer in ("starter", "reference"):
            seconds = list(first_outcomes(layer, kata))
            told = f"median {statistics.median(seconds):5.2f} s, longest {max(seconds):5.2f} s   (of {len(seconds)})"
            print(f"kata watch {kata[:2]}, {layer + ',':<10} save to first outcome: {told}")  # noqa: T201 -- it is a report
