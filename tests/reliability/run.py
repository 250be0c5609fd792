"""`make reliability`: makes each fault on real servers and prints what came of it; exit code 1 if one broke.

``--only NAME ...`` chooses, ``--seconds N`` says how long each goes on (some take a little longer).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.reliability import crashes, load, open_pages, outages
from tests.reliability.report import Finding

FAULTS: dict[str, Callable[[float], Finding]] = {
    "kill-postgres": crashes.postgres,
    "kill-worker": crashes.worker,
    "kill-server": crashes.web_workers,
    "kill-import": crashes.importer,
    "database-away": outages.database_away,
    "connections": outages.connections_exhausted,
    "query-of-death": outages.query_of_death,
    "disk-full": outages.disk_full,
    "restore": outages.restored,
    "clock-skew": outages.clock_skew,
    "everybody": load.everybody,
    "viewers": load.viewers,
    "open-pages": open_pages.open_pages,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make reliability", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=FAULTS, default=list(FAULTS))
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    print("| fault | seen | must be 0 | |\n|---|---|---|---|", flush=True)
    broke = False
    for name in options.only:
        finding = FAULTS[name](options.seconds)
        print(finding, flush=True)
        broke |= not finding.held
    sys.exit(1 if broke else 0)


if __name__ == "__main__":
    main()
