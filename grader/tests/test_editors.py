"""What editors and CI services read: it can be read, and the commands in it are there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest
import yaml  # type: ignore[import-untyped] # it ships no types

from grader.cli import VERBS
from grader.kata import PROJECT, SOLUTIONS, kata_names
from grader.lab.debugging import USUAL_PORT
from grader.settings import SETTINGS

if TYPE_CHECKING:
    from pathlib import Path


FLAGS = {setting.flag for setting in SETTINGS}


def read(name: str) -> Any:  # noqa: ANN401 -- any document
    """Return a JSON or YAML file of the project."""
    text = (PROJECT / name).read_text(encoding="utf-8")
    return yaml.safe_load(text) if name.endswith(".yml") else json.loads(text)


TASKS: list[dict[str, Any]] = read(".vscode/tasks.json")["tasks"]
LAUNCHES: list[dict[str, Any]] = read(".vscode/launch.json")["configurations"]


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task["label"])
def test_a_task_runs_what_there_is(task: dict[str, Any]) -> None:
    """The modules that tasks run can be imported, the verbs and flags that they name exist."""
    interpreter, module, *arguments = task["args"]
    assert task["command"] == "${command:python.interpreterPath}"
    assert interpreter == "-m"
    assert find_spec(module) is not None
    if module == "grader.cli":
        assert arguments[0] in {verb for verbs in VERBS.values() for verb in verbs}
    assert {argument for argument in arguments if argument.startswith("--")} <= FLAGS


def test_every_input_is_asked_for() -> None:
    """What tasks and launches ask for in `${input:…}` is declared in their file, and a kata's folder is there."""
    for name in (".vscode/tasks.json", ".vscode/launch.json"):
        document = read(name)
        declared = {one["id"]: one for one in document["inputs"]}
        assert set(re.findall(r"\$\{input:(\w+)\}", json.dumps(document))) == set(declared)
        assert (PROJECT / declared["folder"]["default"]).is_dir()


def test_the_debugger_attaches_where_the_grader_says() -> None:
    """Launches attach to the port that a replay waits at, with the mapping that the briefs show."""
    labels = {task["label"] for task in TASKS}
    for launch in LAUNCHES:
        assert launch["connect"] == {"host": "127.0.0.1", "port": USUAL_PORT}
        assert launch["pathMappings"] == [{"localRoot": "${workspaceFolder}/${input:folder}", "remoteRoot": "."}]
        assert launch.get("preLaunchTask") in {None, *labels}
    task = next(task for task in TASKS if task.get("isBackground"))
    told = f"Attach a debugger (debugpy) to 127.0.0.1:{USUAL_PORT}. Path mapping:"
    assert re.search(task["problemMatcher"]["background"]["endsPattern"], told)
    assert told.replace(str(USUAL_PORT), "{self.port}") in (PROJECT / "grader/lab/debugging.py").read_text()


def test_the_container_builds_from_what_there_is() -> None:
    """The devcontainer names a Dockerfile beside it, the user that is made there, and an extra of the project."""
    container = read(".devcontainer/devcontainer.json")
    dockerfile = (PROJECT / ".devcontainer" / container["build"]["dockerfile"]).read_text()
    assert f"useradd --create-home --shell /bin/bash {container['remoteUser']}\n" in dockerfile
    assert container["postCreateCommand"] == "uv sync --extra debug"
    assert re.search(r"^debug = ", (PROJECT / "pyproject.toml").read_text(), re.MULTILINE)
    recommended = read(".vscode/extensions.json")["recommendations"]
    assert container["customizations"]["vscode"]["extensions"] == recommended


def test_editor_files_are_not_ignored() -> None:
    """Git takes the files for editors and CI along."""
    names = (".vscode/tasks.json", ".vscode/launch.json", ".devcontainer/devcontainer.json", ".github/workflows/ci.yml")
    for name in names:
        ignored = subprocess.run(["git", "check-ignore", "-q", name], cwd=PROJECT, check=False)  # noqa: S603, S607 -- our own names
        assert ignored.returncode == 1, name


def test_ci_runs_what_ci_runs() -> None:
    """The project's workflow runs .ci/run on what was pushed, and leaves the forks of learners alone."""
    job = read(".github/workflows/ci.yml")["jobs"]["ci"]
    assert job["if"] == "${{ !github.event.repository.fork }}"
    assert [step["run"] for step in job["steps"] if "run" in step] == ["bash .ci/run"]
    assert (PROJECT / ".ci" / "run").is_file()


def _steps() -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = read(".github/workflows/grade.yml")["jobs"]["grade"]["steps"]
    return steps


def _worked_on(folder: Path) -> str:
    """Run the step that finds out which katas have been worked on, as the workflow runs it."""
    step = next(step for step in _steps() if step.get("id") == "changed")
    output = folder / "output"
    output.write_text("")
    environment = {"PATH": os.environ["PATH"], "GITHUB_OUTPUT": str(output)}
    command = ["bash", "-e", "-o", "pipefail", "-c", step["run"]]
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)  # noqa: S603 -- our own step
    return output.read_text().strip()


def test_a_fork_grades_what_was_worked_on(tmp_path: Path) -> None:
    """Only the katas whose folders differ from the starter are graded: none in a fresh clone."""
    for name in kata_names():
        shutil.copytree(SOLUTIONS / name / "starter", tmp_path / "katas" / name)
        shutil.copytree(SOLUTIONS / name / "starter", tmp_path / "solutions" / name / "starter")
    assert _worked_on(tmp_path) == "katas="
    changed = max(kata_names())
    (tmp_path / "katas" / changed / "app" / "mine.py").write_text("x = 1\n")
    assert _worked_on(tmp_path) == f"katas=katas/{changed}"


def test_a_forks_commands_are_there() -> None:
    """The workflow grades with flags that pytest has, exports in a format that there is, and uploads what it wrote."""
    runs = "\n".join(step.get("run", "") for step in _steps())
    grading = re.search(r"pytest .*", runs)
    assert grading is not None
    assert set(re.findall(r"--[\w-]+", grading[0])) <= FLAGS
    assert "kata export csv result.json -o points.csv" in runs
    upload = _steps()[-1]["with"]["path"].split()
    assert upload == ["result.json", "points.csv", "report/"]
