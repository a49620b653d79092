"""Grading through pytest, as those who know pytest expect it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from grader.kata import KATAS, PROJECT, SOLUTIONS
from grader.tests.grade.project import KATA, pytest_in, submission

if TYPE_CHECKING:
    from pathlib import Path

FAILS = "statements-do-not-grow-with-authors"
HOLDS = "unknown-and-empty"
BOTH = f"{FAILS} or {HOLDS}"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the starter of kata 03 under katas/."""
    submission(tmp_path / "katas" / KATA, "starter")
    return tmp_path


def test_a_number_stands_for_a_kata(project: Path) -> None:
    """`pytest katas/03` grades katas/03_n_plus_one, and says what it runs on."""
    run = pytest_in(project, "katas/03", "-k", BOTH)
    assert run.status == 1
    assert run.outcomes == {FAILS: "failed", HOLDS: "passed"}
    assert "services: embedded (postgres 18" in run.output


@pytest.mark.parametrize("where", ["katas", "katas/03_n_plus_one", "katas/03_n_plus_one/app"])
def test_any_working_directory_will_do(where: str, project: Path) -> None:
    """A path with a number in it is understood from wherever pytest is started."""
    path = {"katas": "03", "katas/03_n_plus_one": ".", "katas/03_n_plus_one/app": "../../03"}[where]
    run = pytest_in(project / where, path, "-k", HOLDS)
    assert run.status == 0, run.output
    assert run.outcomes == {HOLDS: "passed"}


def test_a_file_stands_for_its_submission(project: Path) -> None:
    """A file or folder within a submission means the submission, as an editor names what is open."""
    for path in (f"katas/{KATA}/app/main.py", f"katas/{KATA}/app"):
        run = pytest_in(project, path, "-k", HOLDS)
        assert run.status == 0, run.output
        assert run.outcomes == {HOLDS: "passed"}


def test_no_argument_means_the_folder_one_is_in(project: Path) -> None:
    """`pytest` alone, inside a submission, grades it."""
    run = pytest_in(project / "katas" / KATA, "-k", HOLDS)
    assert run.status == 0, run.output
    assert run.outcomes == {HOLDS: "passed"}


def test_the_project_is_found_from_elsewhere(tmp_path: Path) -> None:
    """`katas/03` means the project's own where the working directory has none."""
    run = pytest_in(tmp_path, "katas/03", "--co", "-q")
    assert run.status == 0, run.output
    assert HOLDS in run.output


def test_a_folder_of_any_name_is_graded(tmp_path: Path) -> None:
    """`pytest anywhere/alice/03` grades that folder, by its number or by the slug in its kata.toml."""
    paths = [submission(tmp_path / name) for name in ("alice/03", "bob/my solution")]
    run = pytest_in(tmp_path, *paths, "-k", HOLDS)
    assert run.status == 0, run.output
    assert run.result is not None
    assert [s["submission"] for s in run.result["submissions"]] == [str(path) for path in paths]


def test_several_are_graded_in_one_run(project: Path) -> None:
    """Each submission has its verdict and its table."""
    other = submission(project / "other" / KATA)
    run = pytest_in(project, "katas/03", other, "-k", FAILS)
    assert run.status == 1
    assert run.result is not None
    assert [s["checks"][0]["outcome"] for s in run.result["submissions"]] == ["failed", "passed"]
    assert run.output.count("Kata 03 · Fix the N+1") == 2


def test_ids_can_be_passed_back(project: Path) -> None:
    """The id of an item, as printed, selects it."""
    listed = pytest_in(project, "katas/03", "--co", "-q").output.splitlines()
    chosen = [line for line in listed if line.endswith(f"::{HOLDS}")]
    run = pytest_in(project, *chosen)
    assert run.outcomes == {HOLDS: "passed"}
    run = pytest_in(project, f"katas/03/kata.toml::{HOLDS}")
    assert run.outcomes == {HOLDS: "passed"}


def test_collecting_starts_nothing(project: Path) -> None:
    """`--co` lists the checks without a server or a replica."""
    run = pytest_in(project, "katas/03", "--co", BACKEND_KATAS_SERVICES_HOME=str(project / "home"))
    assert run.status == 0
    assert "services" not in run.output
    assert not (project / "home").exists()


def test_stop_at_the_first_failure(project: Path) -> None:
    """`-x` ends the run after the first check that does not pass."""
    run = pytest_in(project, "katas/03", "-x")
    assert list(run.outcomes.values()).count("failed") == 1
    assert "12 of 13 checks were not run." in run.output


def test_only_what_failed_last(project: Path) -> None:
    """`--lf` runs what did not pass the last time."""
    pytest_in(project, "katas/03", "-k", BOTH, "-p", "cacheprovider")
    run = pytest_in(project, "katas/03", "--lf", "-p", "cacheprovider")
    assert run.outcomes == {FAILS: "failed"}


def test_verbose_and_quiet(project: Path) -> None:
    """`-v` names every check, `-q` only dots."""
    assert f"{KATA}/kata.toml::{HOLDS} PASSED" in pytest_in(project, "katas/03", "-v", "-k", HOLDS).output
    assert "PASSED" not in pytest_in(project, "katas/03", "-q", "-k", HOLDS).output


def test_junit_has_the_findings(project: Path) -> None:
    """JUnit holds a test case for each check, with the finding as its failure."""
    pytest_in(project, "katas/03", "-k", BOTH, "--junit-xml", "junit.xml")
    cases = {c.get("name"): c for c in ET.parse(project / "junit.xml").iter("testcase")}  # noqa: S314 -- our own file
    assert set(cases) == {FAILS, HOLDS}
    failure = cases[FAILS].find("failure")
    assert failure is not None
    assert "Must hold:" in (failure.text or "")


def test_the_result_file_is_whole(project: Path) -> None:
    """The result file has a version, the services and, for each check, all that is known of it."""
    run = pytest_in(project, "katas/03", "-k", BOTH)
    assert run.result is not None
    assert run.result["version"] == 1
    graded = run.result["submissions"][0]
    assert graded["kata"] == KATA
    assert graded["services"]["kind"] == "embedded"
    check = next(check for check in graded["checks"] if check["id"] == FAILS)
    assert (check["task"], check["kind"], check["points"], check["earned"]) == (1, "cost", 2, 0)
    assert check["evidence"][0]["place"]["file"].startswith("app/")


def test_a_result_file_that_cannot_be_written(project: Path) -> None:
    """A result file that cannot be written is said before anything is graded."""
    run = pytest_in(project, "katas/03", "--result-json", "no/such/folder/result.json")
    assert run.status == pytest.ExitCode.USAGE_ERROR
    assert "no/such/folder" in run.output
    assert "Seen:" not in run.output


def test_a_wrong_variable_is_named(project: Path) -> None:
    """A variable that makes no sense is named, with what it must be."""
    run = pytest_in(project, "katas/03", BACKEND_KATAS_SERVICES="cloud")
    assert run.status == pytest.ExitCode.USAGE_ERROR
    assert "BACKEND_KATAS_SERVICES must be one of auto, embedded, containers, external, got 'cloud'" in run.output


def test_an_unknown_kata_is_named(tmp_path: Path) -> None:
    """A kata.toml of no known kata is an error that lists those that there are."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "kata.toml").write_text('slug = "n_plus_two"\n')
    run = pytest_in(tmp_path, "mine")
    assert run.status == pytest.ExitCode.INTERRUPTED
    assert "03_n_plus_one" in run.output


def test_folder_and_slug_must_agree(tmp_path: Path) -> None:
    """A folder named like one kata with the kata.toml of another is not graded as either."""
    folder = submission(tmp_path / KATA)
    (folder / "kata.toml").write_text('slug = "telegraph"\n')
    run = pytest_in(tmp_path, folder, "-k", HOLDS)
    assert run.outcomes == {HOLDS: "passed"}  # there is no kata named telegraph that it could be taken for


def test_a_mistake_that_is_not_caught_is_red(tmp_path: Path) -> None:
    """`pytest solutions/03` fails where a mistake passes the check that must catch it, or lacks the words."""
    solutions = tmp_path / "solutions" / KATA
    shutil.copytree(SOLUTIONS / KATA, solutions)
    shutil.copytree(PROJECT / "grader", tmp_path / "grader", ignore=shutil.ignore_patterns("tests", "__pycache__"))
    shutil.copytree(KATAS, tmp_path / "katas")
    mistake = solutions / "mistakes" / "total_is_the_page"
    about = mistake / "about.toml"
    run = pytest_in(tmp_path, f"{mistake}", "-k", "limits-are-kept", PYTHONPATH=str(tmp_path))
    assert run.status == 0, run.output
    about.write_text(about.read_text().replace("limits-are-kept", HOLDS))
    run = pytest_in(tmp_path, f"{mistake}", "-k", f"limits-are-kept or {HOLDS}", PYTHONPATH=str(tmp_path))
    assert run.status == 1
    assert "mistakes/total_is_the_page must be caught by this check." in run.output
    assert "mistakes/total_is_the_page must pass this check." in run.output
