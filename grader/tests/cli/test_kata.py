"""The command itself: its help, its names for katas, and what it says to wrong input."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from grader.cli import VERBS

if TYPE_CHECKING:
    from grader.tests.cli.clone import Clone

EVERY = [verb for verbs in VERBS.values() for verb in verbs]
TAKE_ANY = {("grade",), ("dev", "check"), ("dev", "record"), ("dev", "matrix")}
"""Verbs that take any number of arguments."""
TAKE_A_KATA = [
    *((verb,) for verb in ("open", "watch", "play", "up", "hint", "reset", "restore", "solution", "diff", "shape")),
    *(("dev", verb) for verb in ("check", "record", "matrix")),
]


@pytest.mark.parametrize(
    ("words", "verbs"),
    [((), EVERY), (("dev",), ["new", "check", "record", "matrix"]), (("services",), ["status", "stop"])],
    ids=["kata", "kata dev", "kata services"],
)
def test_help_fits_a_screen(words: tuple[str, ...], verbs: list[str], fresh: Clone) -> None:
    """Help names every verb, with a whole line about it, and leaves a line of 24 at 80 columns for the prompt."""
    done = fresh.kata(*words, "--help", COLUMNS="80")
    lines = done.out.splitlines()
    assert done.status == 0
    assert re.findall(r"^  ([a-z]+) +[A-Z].*\.$", done.out, re.MULTILINE) == verbs
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 23
    for heading in VERBS if not words else ():
        assert f"{heading}:" in lines


def test_every_verb_explains_itself(fresh: Clone) -> None:
    """Each verb has help of its own."""
    for verb in EVERY:
        done = fresh.kata(verb, "--help")
        assert (done.status, done.err) == (0, ""), verb
        assert f"kata {verb}" in done.out


def test_alone_it_says_where_one_is(clone: Clone) -> None:
    """`kata` says in five lines at most what is next, and what was begun."""
    fresh = clone.kata().out
    assert len(fresh.splitlines()) <= 5
    assert "Next:  03 Fix the N+1" in fresh
    clone.kata("hint", "04")
    begun = clone.kata().out
    assert len(begun.splitlines()) <= 5
    assert "Here:  04 Add optimistic locking · begun" in begun
    assert "Next:  03 Fix the N+1" in begun


def test_version(fresh: Clone) -> None:
    """`kata --version` prints one line."""
    assert re.fullmatch(r"kata \d+\.\d+\.\d+\n", fresh.kata("--version").out)


@pytest.mark.parametrize("name", ["4", "04", "04_optimistic_locking", "optimistic_locking", "katas/04", "katas/04/app"])
def test_a_kata_has_many_names(name: str, fresh: Clone) -> None:
    """A number, a name, and a folder mean the same kata to every verb."""
    name = name.replace("katas/04/", "katas/04_optimistic_locking/")
    done = fresh.kata("hint", name, "--again")
    assert "Kata 04, task 1" in done.out, done.err


def test_the_folder_one_is_in_is_meant(fresh: Clone) -> None:
    """Without a name the kata of the working directory is meant."""
    assert "Kata 04" in fresh.kata("hint", "--again", cwd=fresh.app("04_optimistic_locking")).out


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["nosuchverb"], 2, "No such command 'nosuchverb'. See: kata --help"),
        (["--nosuch"], 2, "No such option: --nosuch. See: kata --help"),
        (["hint", "99"], 2, "there is no kata '99'; there are 01, "),
        (["hint", "no/such/folder"], 2, "there is no kata 'no/such/folder'"),
        (["hint", "grader"], 2, "there is no kata 'grader'"),
        (["hint", ""], 2, "there is no kata ''"),
        (["hint", "³"], 2, "there is no kata '³'"),
        (["hint", "03", "9"], 2, "kata 03 has the tasks 1, 2, 3, 4, 5, not 9"),
        (["hint", "03", "one"], 2, "See: kata hint --help"),
        (["hint", "03", "1", "2"], 2, "See: kata hint --help"),
        (["diff", "03", "nosuch", "--spoil"], 2, "kata 03 has no solution 'nosuch'; there are reference, "),
        (["diff", "03"], 1, "solutions are shown once kata 03 has passed"),
        (["solution", "03"], 1, "--spoil shows them now"),
        (["restore", "03"], 1, "no attempt at kata 03 is kept"),
        (["reset", "solutions/03_n_plus_one/reference"], 2, "is not the kata's own folder"),
        (["watch", "03"], 2, "kata watch needs a terminal; where there is none: pytest katas/03_n_plus_one"),
        (["play", "04"], 2, "play needs a terminal, and this is none"),
        (["open", "03", "--editor"], 2, "no editor is known; name one: export BACKEND_KATAS_EDITOR=code"),
        (["progress", "--export", "no/such/folder/x.json"], 2, "no/such/folder/x.json cannot be written"),
        (["services", "nosuch"], 2, "No such command 'nosuch'. See: kata services --help"),
    ],
)
def test_wrong_input_gets_one_line(words: list[str], status: int, said: str, fresh: Clone) -> None:
    """What cannot be done is said in one line, which tells what to do, and by the exit status."""
    done = fresh.kata(*words, EDITOR="", VISUAL="", PATH="/usr/bin:/bin")
    assert (done.status, done.out) == (status, ""), done
    assert said in done.err
    assert done.err.startswith("kata: ")
    assert done.err.count("\n") == 1


COMMANDS = [
    *((verb,) for verb in EVERY if verb not in {"dev", "services"}),
    *(("dev", verb) for verb in ("new", "check", "record", "matrix")),
    *(("services", verb) for verb in ("status", "stop")),
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_what_a_verb_does_not_take(words: tuple[str, ...], fresh: Clone) -> None:
    """An option that a verb does not have, and an argument too many, get one line that names its help."""
    for wrong in (["--nosuch"], *([] if words in TAKE_ANY else [["a"] * 9])):
        done = fresh.kata(*words, *wrong)
        assert (done.status, done.out, done.err.count("\n")) == (2, "", 1), done
        assert done.err.endswith(f" See: kata {' '.join(words)} --help\n")


@pytest.mark.parametrize("words", TAKE_A_KATA, ids=" ".join)
def test_a_kata_that_there_is_not(words: tuple[str, ...], fresh: Clone) -> None:
    """Every verb that takes a kata says which there are."""
    done = fresh.kata(*words, "99")
    assert (done.status, done.out, done.err.count("\n")) == (2, "", 1), done
    assert done.err.startswith("kata: there is no kata '99'; there are 01")


@pytest.mark.parametrize("words", [("grade", "katas/03"), ("up", "04"), ("dev", "record", "03")], ids=" ".join)
def test_servers_that_cannot_be_had(words: tuple[str, ...], fresh: Clone) -> None:
    """Where no servers are to be had, no verdict can be reached: exit status 3."""
    done = fresh.kata(*words, BACKEND_KATAS_SERVICES="external")
    assert done.status == 3, done
    assert "the URL of PostgreSQL is missing" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("words", [("grade", "katas/03"), ("up", "04"), ("dev", "record", "03")], ids=" ".join)
def test_a_setting_that_makes_no_sense(words: tuple[str, ...], fresh: Clone) -> None:
    """A variable with a wrong value is wrong usage, whichever verb reads it."""
    done = fresh.kata(*words, BACKEND_KATAS_SERVICES="cloud")
    assert (done.status, done.out) == (2, ""), done
    assert done.err.splitlines()[-1].startswith("kata: BACKEND_KATAS_SERVICES must be one of ")


def test_a_folder_that_is_gone(clone: Clone) -> None:
    """Where the kata's folder was removed, the command that puts it back is named."""
    (clone.folder / "katas" / "03_n_plus_one").rename(clone.folder / "elsewhere")
    done = clone.kata("open", "03")
    assert (done.status, "kata reset 03" in done.err) == (1, True)
    assert clone.kata("reset", "03").status == 0
    assert clone.kata("open", "03").status == 0


def test_output_that_nobody_sees_is_plain(fresh: Clone) -> None:
    """Where stdout is no terminal there are no colours and no frames of a terminal."""
    for words in (["list"], ["open", "03"], ["solution", "03", "--spoil"], ["diff", "03", "--spoil"], ["next"]):
        done = fresh.kata(*words, NO_COLOR="")
        assert done.status == 0, done.err
        assert "\x1b" not in done.out + done.err
