"""`python -m grader.cli`, where the command is not on the PATH."""

from grader.cli import main

if __name__ == "__main__":
    main()
