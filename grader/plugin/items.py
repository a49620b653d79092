"""Gradable folders as pytest collects them: a folder, the file that stands for it, an item a check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from grader.contract import transcripts
from grader.kata import Entry, KataError, is_entry, load_entry, load_submission
from grader.verdict import CheckResult, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from grader.grade import Grader  # noqa: F401 -- named in the key
    from grader.replica import Host  # noqa: F401 -- likewise

GRADER = pytest.StashKey["Grader"]()
HOST = pytest.StashKey["Host"]()


class Unmet(Exception):  # noqa: N818 -- how an item says that it did not pass; never shown as an exception
    """The check's outcome is not the wanted one; the text says so."""


class Folder(pytest.Directory):
    """A folder that can be graded; of its files only the one that names it is collected."""

    def collect(self) -> Iterator[pytest.Collector]:
        """Yield the file that stands for the folder."""
        for name in ("kata.toml", "about.toml"):
            file = self.path / name
            if file.is_file() and (made := file_of(file, self)):
                yield made
                return


def folder_of(path: Path, parent: pytest.Collector) -> Folder | None:
    """Return the collector of a gradable folder, or None where it is not one."""
    if is_entry(path) or (path / "kata.toml").is_file():
        return Folder.from_parent(parent, path=path)
    return None


def file_of(path: Path, parent: pytest.Collector) -> KataFile | None:
    """Return the collector of the file that stands for a gradable folder, or None where it is another file."""
    if path.name == "kata.toml" or (path.name == "about.toml" and is_entry(path.parent)):
        return KataFile.from_parent(parent, path=path)
    return None


class KataFile(pytest.File):
    """The checks of one folder."""

    def collect(self) -> Iterator[CheckItem]:
        """Yield an item for each check."""
        from grader.checks import checks_of  # noqa: PLC0415 -- other runs need not pay for its import

        folder = self.path.parent
        try:
            entry = load_entry(folder) if is_entry(folder) else Entry("", load_submission(folder), {})
        except KataError as error:
            raise self.CollectError(str(error)) from error
        for check in checks_of(entry.submission.kata.slug):
            yield CheckItem.from_parent(self, name=check.id, title=check.title, entry=entry)


class CheckItem(pytest.Item):
    """One check of one folder."""

    def __init__(self, *, title: str, entry: Entry, **kwargs: Any) -> None:  # noqa: ANN401 -- pytest's own
        super().__init__(**kwargs)
        self.title = title
        self.entry = entry
        self.result: CheckResult | None = None

    def runtest(self) -> None:
        """Make the check; Unmet where its outcome is not the wanted one."""
        self.result = self.config.stash[GRADER].check(self.entry.submission, self.name)
        if self.entry.name:
            self._judge(self.result)
        elif self.result.outcome is not Outcome.PASSED:
            raise Unmet

    def _judge(self, result: CheckResult) -> None:
        """Hold one of a kata's own solutions against what it is there to show, and its transcript."""
        from grader.contract.judge import complaint  # noqa: PLC0415 -- learners need not pay for its import

        wrong = complaint(self.entry, result)
        if wrong is not None:
            raise Unmet(f"{wrong}\n")
        if self.name not in self.entry.caught:
            return
        path, text = transcripts.path_of(self.entry), self._rendered()
        if self.config.option.record_transcripts:
            transcripts.record(path, self.name, text)
        elif found := transcripts.difference(path, self.name, text):
            raise Unmet(f"The message is not that of {path}; --record-transcripts writes it anew.\n{found}\n\n")

    @property
    def again(self) -> str:
        """The id that selects this check, as it is typed; those of a kata's own solutions, from the project's root."""
        if not self.entry.name:
            return str(self.config.cwd_relative_nodeid(self.id))
        from grader.contract.judge import again_of  # noqa: PLC0415 -- likewise

        return again_of(self.entry, self.name)

    def _rendered(self) -> str:
        from grader.report.terminal import render_result  # noqa: PLC0415 -- needed only where something failed

        assert self.result is not None  # noqa: S101 -- runtest() set it
        return render_result(self.result, self.entry.submission.layers[::-1], self.again)

    def repr_failure(
        self,
        excinfo: pytest.ExceptionInfo[BaseException],
        style: Any = None,  # noqa: ANN401 -- likewise
    ) -> Any:  # noqa: ANN401 -- likewise
        """Show the finding in place of a traceback."""
        if not isinstance(excinfo.value, Unmet) or self.result is None:
            return super().repr_failure(excinfo, style)
        return f"{excinfo.value}{self._rendered()}"

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Say where the check belongs and the sentence that it holds."""
        return self.path, None, self.title


def services_of(items: Iterable[CheckItem]) -> set[str]:
    """Return the services that the kata of any of these items needs."""
    return {service for item in items for service in item.entry.submission.kata.services}
