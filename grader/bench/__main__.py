"""Print all marks, or those that are named: `python -m grader.bench [verdict] [proxy] [interleavings]`."""

import sys

from grader.bench import interleavings, proxy, verdict

BENCHES = {"verdict": verdict.main, "proxy": proxy.main, "interleavings": interleavings.main}

for name in sys.argv[1:] or BENCHES:
    if name not in BENCHES:
        sys.exit(f"there is no bench {name!r}, only: {', '.join(BENCHES)}")
    BENCHES[name]()
