"""Verdicts in the formats that other tools read: JUnit, Gradescope, PrairieLearn, Classroom 50, CSV."""

from grader.report.export.classroom50 import Identity, IdentityError, classroom50
from grader.report.export.gradescope import gradescope
from grader.report.export.junit import junit
from grader.report.export.prairielearn import prairielearn
from grader.report.export.score import Line, Score
from grader.report.export.sheet import csv_of_checks, csv_of_submissions

__all__ = [
    "Identity",
    "IdentityError",
    "Line",
    "Score",
    "classroom50",
    "csv_of_checks",
    "csv_of_submissions",
    "gradescope",
    "junit",
    "prairielearn",
]
