"""The command that the grader starts: `python -I …/launcher/__main__.py parent|replica FD` or `… spare FD FOLDER…`."""

import importlib
import importlib.util
import os
import sys
from pathlib import Path

NAME = "backend_katas_launcher"


def main() -> int:
    """Load this folder as a package under a name no submission uses, and run the role given on the command line."""
    folder = Path(__file__).resolve().parent
    spec = importlib.util.spec_from_file_location(
        NAME, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        sys.exit(f"{folder} cannot be loaded")
    package = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = package
    spec.loader.exec_module(package)
    role, descriptor, *rest = sys.argv[1:]
    status: int = importlib.import_module(f"{NAME}.{role}").main(int(descriptor), *rest)
    return status


if __name__ == "__main__":
    # Taking a whole interpreter apart again costs more than all the rest of a replica's end.
    os._exit(main())
