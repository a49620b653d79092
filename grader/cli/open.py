"""`kata open`: the brief in the terminal, the folder in an editor."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from grader.cli import Complaint
from grader.cli.chosen import Named, require_folder, submission_of
from grader.cli.terminal import markdown, say, show
from grader.progress import ProgressError, began

EDITOR = "BACKEND_KATAS_EDITOR"


def command(
    kata: Named = None,
    *,
    editor: Annotated[bool, typer.Option("--editor", help="Open the folder in the editor, without the brief.")] = False,
) -> None:
    """Read a kata's brief; open its folder in your editor.

    The editor is BACKEND_KATAS_EDITOR; with --editor also VISUAL, EDITOR, or VS Code where it is there.
    """
    submission = submission_of(kata)
    require_folder(submission)
    words = editor_command() if editor else shlex.split(os.environ.get(EDITOR, ""))
    try:
        began(submission.folder)
    except ProgressError as error:
        say(str(error))
    if not editor:
        try:
            text = (submission.folder / "README.md").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Complaint(f"{submission.folder / 'README.md'} cannot be read: {error}", 1) from error
        show(markdown(text))
    if words:
        say(f"Opening {submission.folder} in {words[0]} …")
        _run([*words, str(submission.folder)])


def editor_command() -> list[str]:
    """Return the words that start the person's editor; Complaint where none can be found."""
    for variable in (EDITOR, "VISUAL", "EDITOR"):
        if words := shlex.split(os.environ.get(variable, "")):
            return words
    if shutil.which("code"):
        return ["code"]
    raise Complaint(f"no editor is known; name one: export {EDITOR}=code")


def _run(words: list[str]) -> None:
    try:
        status = subprocess.run(words, check=False).returncode  # noqa: S603 -- the person's own editor
    except OSError as error:
        raise Complaint(f"the editor {words[0]!r} does not start: {error.strerror}; set {EDITOR}", 1) from error
    if status:
        raise Complaint(f"the editor {Path(words[0]).name} ended with status {status}", 1)
