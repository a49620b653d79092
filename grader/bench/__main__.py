"""Print all marks, or one: `python -m grader.bench [verdict | watch | proxy | interleavings | alarms]`."""

import argparse
from collections.abc import Callable

from grader.bench import alarms, interleavings, proxy, verdict, watch

BENCHES: dict[str, Callable[[], None]] = {
    "verdict": verdict.main,
    "watch": watch.main,
    "proxy": proxy.main,
    "interleavings": interleavings.main,
}
ALARMS = "alarms"
"""Takes minutes, so that it is asked for by name."""

parser = argparse.ArgumentParser(prog="python -m grader.bench", description="Print what is measured of the grader.")
parser.add_argument("names", nargs="*", metavar="bench", help=f"{', '.join(BENCHES)} (all of these), or {ALARMS}")
parser.add_argument("--schedules", type=int, default=alarms.SCHEDULES, help="of the alarms (default: %(default)s)")
asked = parser.parse_args()
if unknown := set(asked.names) - {*BENCHES, ALARMS}:
    parser.error(f"there is no bench {', '.join(sorted(unknown))}, only: {', '.join([*BENCHES, ALARMS])}")
for name in asked.names or BENCHES:
    if name == ALARMS:
        alarms.main(asked.schedules)
    else:
        BENCHES[name]()
