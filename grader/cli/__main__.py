"""`python -m grader.cli`, for where the command is not on the path."""

from grader.cli import main

main()
