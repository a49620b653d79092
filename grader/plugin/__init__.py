"""Pytest's hooks: each translates, in a few lines, between pytest and the grader."""

from __future__ import annotations

import gc
import os
import warnings
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from grader.kata import is_entry, load_kata
from grader.plugin import arguments
from grader.plugin.done import note_progress
from grader.plugin.items import GRADER, HOST, CheckItem, Folder, file_of, folder_of, services_of
from grader.settings import SETTINGS
from grader.verdict import Outcome

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Generator


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options of a run; each has an environment variable too."""
    group = parser.getgroup("backend-katas", "Backend Katas")
    for setting in SETTINGS:
        group.addoption(
            setting.flag,
            type=setting.type,
            default=arguments.default(setting),
            choices=setting.choices,
            help=f"{setting.help} (environment: {setting.variable})",
        )
    group.addoption("--record-transcripts", action="store_true", help="write the transcripts of wrong solutions anew")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Understand `katas/03`, and let no file of a submission configure pytest."""
    known = early_config.known_args_namespace
    found = arguments.find(known.file_or_dir, early_config.invocation_params.dir)
    known.file_or_dir = found.arguments
    known.noconftest = known.noconftest or found.brings_conftest
    arguments.refuse_ini(early_config.inipath)
    if found.submissions and not known.collectonly:
        _begin(early_config, known, found.packages)


def _begin(config: pytest.Config, chosen: Namespace, packages: tuple[str, ...]) -> None:
    """Have the imports of replicas made beside those of pytest: they take as long."""
    from grader.replica import Host, spare  # noqa: PLC0415 -- other runs need not pay for its import
    from grader.services import Settings  # noqa: PLC0415 -- likewise

    services = Settings(choice=chosen.services, home=chosen.services_home, spare=spare())
    config.stash[HOST] = Host(start_method=chosen.replicas, services=services)
    config.stash[HOST].begin(packages)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Understand numbers in the arguments, and get a grader going as early as can be."""
    # pytest-asyncio warns where no ini file sets its scope, and a submission has none.
    warnings.filterwarnings("ignore", ".*asyncio_default_fixture_loop_scope", pytest.PytestDeprecationWarning)
    found = arguments.find(config.args, config.invocation_params.dir)
    config.args[:] = found.arguments
    arguments.require_folder(config.option.result_json, config.invocation_params.dir)
    arguments.require_place_for_page(config.option.report_html, config.invocation_params.dir)
    if found.submissions and not config.option.collectonly:
        if HOST not in config.stash:
            _begin(config, config.option, found.packages)
        from grader.grade import Grader  # noqa: PLC0415 -- other runs need not pay for its import

        def tell(text: str) -> None:
            reporter = config.pluginmanager.getplugin("terminalreporter")
            capture = config.pluginmanager.getplugin("capturemanager")
            with capture.global_and_fixture_disabled() if capture else nullcontext():
                reporter.ensure_newline()
                reporter.write_line(text, flush=True)

        config.stash[GRADER] = Grader(arguments.options(config.option), tell, config.stash[HOST])
        gc.freeze()  # nothing that has been imported is garbage


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind."""
    grader = config.stash.get(GRADER, None)
    if grader is not None:
        grader.close()
        gc.freeze()  # pytest ends with five full collections; what lives now is no garbage


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take a folder that can be graded as one."""
    return folder_of(path, parent)


@pytest.hookimpl(tryfirst=True)
def pytest_make_collect_report(collector: pytest.Collector) -> pytest.CollectReport | None:
    """Collect a gradable folder without loading its conftest.py."""
    if not isinstance(collector, Folder):
        return None
    return pytest.CollectReport(collector.nodeid, "passed", None, list(collector.collect()))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take the file that stands for a gradable folder."""
    return file_of(file_path, parent)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With `--replay` keep only the check that its token names."""
    token = arguments.read_token(config.option.replay)
    if token is None:
        return
    chosen = [item for item in items if isinstance(item, CheckItem) and item.name == token.check]
    if not chosen:
        raise pytest.UsageError(f"--replay: no check of these is named {token.check}")
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Take servers for the checks that were chosen."""
    grader = session.config.stash.get(GRADER, None)
    items = [item for item in session.items if isinstance(item, CheckItem)]
    if grader is None or not items:
        return
    from grader.services import ServicesUnavailableError  # noqa: PLC0415 -- the grader has imported it already

    grader.plan((item.entry.submission, item.name) for item in items)
    try:
        grader.open(redis="redis" in services_of(items))
    except ServicesUnavailableError as error:
        options = "--services, --postgres-url, --redis-url, --postgres-image, --redis-image"
        raise pytest.UsageError(f"{error}\nOptions that choose servers: {options}; pytest --help has more.") from error


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    """Say which servers the checks will run on."""
    grader = config.stash.get(GRADER, None)
    return [grader.services] if grader and grader.services else []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put the outcome of a check beside pytest's own."""
    report = yield
    if isinstance(item, CheckItem) and report.when == "call" and item.result is not None:
        report.user_properties += [("outcome", item.result.outcome.value), ("points", item.result.earned)]
        report.__dict__["check_result"] = item.result
    return report


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Give the outcomes that pytest does not know a letter and a word of their own."""
    result = report.__dict__.get("check_result")
    if result is None or not report.failed or result.outcome in {Outcome.FAILED, Outcome.PASSED}:
        return None
    word = result.outcome.value
    # What tells something counts as failed, so that pytest shows it; what is only blocked behind it does not.
    return "failed" if result.said_here else word, word[0].upper(), word.upper()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Exit with 3 where the grader failed or could not conclude, and write the result file and the page."""
    grader = session.config.stash.get(GRADER, None)
    if grader is None:
        return
    note_progress(session.config, grader.verdicts)
    outcomes = {result.outcome for verdict in grader.verdicts for result in verdict.results}
    if outcomes & {Outcome.ERROR, Outcome.INCONCLUSIVE} and session.exitstatus in {0, 1}:
        session.exitstatus = 3
    path = session.config.option.result_json
    if path is not None:
        from grader.report.document import document  # noqa: PLC0415 -- seldom asked for

        (session.config.invocation_params.dir / path).write_text(document(grader.verdicts), encoding="utf-8")
    folder = session.config.option.report_html
    if folder is not None:
        from grader.plugin.pages import write_page  # noqa: PLC0415 -- likewise

        items = [item for item in session.items if isinstance(item, CheckItem)]
        write_page(session.config.invocation_params.dir / folder, grader.verdicts, items)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show the points of each submission, and what to do next."""
    grader = config.stash.get(GRADER, None)
    if grader is None:
        return
    from grader.report.terminal import render_verdict  # noqa: PLC0415 -- other runs need not pay for its import

    for verdict in grader.verdicts:
        folder = Path(verdict.submission)
        if is_entry(folder):
            continue
        shown = os.path.relpath(folder, config.invocation_params.dir)
        for text, style in render_verdict(verdict, load_kata(verdict.kata), shown):
            terminalreporter.line(text, **style)
    if config.option.report_html is not None:
        terminalreporter.line(f"Report: {config.option.report_html / 'index.html'}")
