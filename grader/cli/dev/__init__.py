"""`kata dev`: what authors of katas need."""

import typer

from grader.cli.dev.check import check
from grader.cli.dev.matrix import matrix
from grader.cli.dev.new import new
from grader.cli.dev.record import record

command = typer.Typer(help="Write katas: new, check, record, matrix.", no_args_is_help=True)
for verb in (new, check, record, matrix):
    command.command()(verb)
