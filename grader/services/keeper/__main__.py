"""Run by its path with `python -I`, so that neither the folder it is started in nor the environment matters."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[3])

from grader.services.keeper.daemon import main  # noqa: E402 - found through the line above

main(sys.argv[1])
