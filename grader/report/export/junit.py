"""JUnit XML, a test suite for each submission.

The elements and attributes are those of the schema that Jenkins reads:
https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from grader.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.report.export.score import Line, Score

_FAILED = (Outcome.FAILED, Outcome.BLOCKED)
_UNKNOWN = (Outcome.INCONCLUSIVE, Outcome.ERROR)


def junit(scores: Sequence[Score]) -> str:
    """Return the XML; a check is a test case, one that was not run is skipped."""
    root = ET.Element("testsuites", name="Backend Katas")
    for score in scores:
        suite = ET.SubElement(
            root,
            "testsuite",
            name=score.name,
            tests=str(len(score.lines)),
            failures=str(score.count(*_FAILED)),
            errors=str(score.count(*_UNKNOWN)),
            skipped=str(score.count(None)),
            time=f"{sum(line.seconds for line in score.lines):.3f}",
        )
        properties = ET.SubElement(suite, "properties")
        for name, value in (("kata", score.kata.name), ("points", f"{score.earned} of {score.points}")):
            ET.SubElement(properties, "property", name=name, value=value)
        for line in score.lines:
            _case(suite, score, line)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: ET.Element, score: Score, line: Line) -> None:
    case = ET.SubElement(
        suite, "testcase", classname=f"{score.kata.name}.task{line.task}", name=line.check, time=f"{line.seconds:.3f}"
    )
    if line.passed:
        return
    element = "skipped" if line.outcome is None else "error" if line.outcome in _UNKNOWN else "failure"
    ET.SubElement(case, element, type=line.word, message=line.message).text = line.text
