"""All rules that need no grading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.contract import brief, files, points

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from grader.contract.dossier import Dossier, Fault

    Rule = Callable[[Dossier], Iterator[Fault]]

RULES: tuple[Rule, ...] = (
    files.nothing_is_left_to_do,
    files.needed_files_are_there,
    files.no_file_is_stray,
    files.every_solution_says_what_it_is,
    files.overlays_hold_what_differs,
    files.transcripts_are_those_of_the_corpus,
    points.points_sum_up,
    points.the_definition_makes_sense,
    points.checks_and_points_name_each_other,
    points.there_are_checks_of_every_kind,
    points.every_title_is_a_sentence,
    points.the_starter_earns_nothing,
    points.every_check_catches_a_mistake,
    points.every_mistake_is_caught,
    brief.the_brief_is_complete,
    brief.the_tasks_are_those_of_the_kata,
    brief.every_property_is_said,
    brief.hints_are_three_a_task,
    brief.links_resolve,
)
"""What holds in any clone, also in that of somebody who has solved the kata."""
FRESH: tuple[Rule, ...] = (files.the_attempt_is_the_starter,)
"""What holds in a fresh clone besides."""
