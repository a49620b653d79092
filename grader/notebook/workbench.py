"""A kata's servers and processes for as long as a notebook runs, and its code put on them."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

from grader.grade import named_services
from grader.kata import Submission
from grader.lab import Lab
from grader.notebook.code import Code, kata_folder
from grader.replica import Host
from grader.services import open_pair

if TYPE_CHECKING:
    from types import TracebackType

    from grader.services import Pair


class Workbench:
    """One pair of servers and a source of replicas, as a verdict has them; `open` makes one, `close` ends all of it.

    What a notebook does not close ends with its kernel.
    """

    def __init__(self, kata: str, pair: Pair, host: Host, folder: tempfile.TemporaryDirectory[str]) -> None:
        self.kata = kata
        self._pair = pair
        self._host = host
        self._folder = folder
        self._lab: Lab | None = None
        self._labs = 0

    @classmethod
    async def open(cls, kata: str) -> Self:
        """Take servers for a kata, known by number or name; what is slow about it is told on stderr.

        The environment says which, as it does to pytest; see grader.settings.
        """
        name = kata_folder(kata).name
        redis = "redis" in Code.of(name).kata.services
        host = Host()
        host.begin()
        pair = await open_pair(named_services(), redis=redis, tell=lambda text: print(text, file=sys.stderr))  # noqa: T201 -- to whoever waits
        return cls(name, pair, host, tempfile.TemporaryDirectory(prefix="katas-notebook-"))

    def code(self, solution: str | Path = "starter") -> Code:
        """Return code of this kata; see Code.of."""
        return Code.of(self.kata, solution)

    async def lab(self, code: Code | str | Path = "starter") -> Lab:
        """Return code on the bench, a solution by its name or what a cell made of one, with empty tables.

        There is room for one: what was on the bench before is taken off, since a Redis is emptied as a whole.
        """
        await self._clear()
        chosen = code if isinstance(code, Code) else self.code(code)
        folder = Path(tempfile.mkdtemp(dir=self._folder.name))
        chosen.write_to(folder)
        self._lab = lab = Lab(Submission(chosen.kata, folder, (folder,)), self._pair, self._host)
        self._labs += 1
        await lab.reset(f"notebook {self._labs}", check="notebook")  # so that no two labs have rows with the same keys
        return lab

    async def close(self) -> None:
        """End the replicas, drop the databases, give the servers back."""
        await self._clear()
        await self._host.close()
        await self._pair.close()
        self._folder.cleanup()

    async def _clear(self) -> None:
        if self._lab is not None:
            await self._lab.close()
            self._lab = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
