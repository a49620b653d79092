#!/usr/bin/env python3
"""Stops the embedded servers that live in a folder; unused, they would stop by themselves ten minutes later.

.ci/stop_services.py FOLDER          (in the project's environment)
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from grader.services import stop

if __name__ == "__main__":
    for keeper in asyncio.run(stop(Path(sys.argv[1]))):
        sys.stdout.write(f"stopped {len(keeper.pairs)} pairs of servers in {keeper.folder}\n")
