"""What every kata must hold, whichever it is; `kata dev check` holds it against what grading finds besides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from grader.contract.dossier import Dossier, files_in, open_dossier
from grader.contract.rules import RULES
from grader.kata import kata_names

if TYPE_CHECKING:
    from grader.contract.rules import Rule

NAMES = kata_names()


@pytest.fixture(params=NAMES)
def dossier(request: pytest.FixtureRequest) -> Dossier:
    """Each kata in turn."""
    return open_dossier(request.param)


def test_there_is_a_kata() -> None:
    """The catalogue is not empty."""
    assert NAMES


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_kata_holds_every_rule(dossier: Dossier, rule: Rule) -> None:
    """No rule finds a fault; those of the corpus are graded by `kata dev check` and by `pytest solutions`."""
    assert [str(fault) for fault in rule(dossier)] == []


def test_the_attempt_has_the_files_of_the_starter(dossier: Dossier) -> None:
    """The kata's folder names the starter's files; in a fresh clone they are equal, which `kata dev check` holds."""
    assert set(files_in(dossier.starter)) <= set(files_in(dossier.attempt))
