"""Prints ratios against baselines of the same run; exits 1 where one that is promised is missed.

python bench/run.py [startup] [scaling] [script] [modelling] [changes] [listing] [members] [validating] [hooks] [fleet]
[standing] [pull_requests] [history] [status] [ui]
"""

from __future__ import annotations

import sys

import changes
import fleet
import history
import hooks
import listing
import members
import modelling
import pull_requests
import scaling
import script
import standing
import startup
import status
import ui
import validating
from measure import Ratio

PARTS = {
    "startup": startup.measured,
    "scaling": scaling.measured,
    "script": script.measured,
    "modelling": modelling.measured,
    "changes": changes.measured,
    "listing": listing.measured,
    "members": members.measured,
    "validating": validating.measured,
    "hooks": hooks.measured,
    "fleet": fleet.measured,
    "standing": standing.measured,
    "pull_requests": pull_requests.measured,
    "history": history.measured,
    "status": status.measured,
    "ui": ui.measured,
}


def main() -> int:
    missed = 0
    for part in sys.argv[1:] or PARTS:
        for result in PARTS[part]():
            print(result, flush=True)
            missed += (isinstance(result, Ratio) and not result.holds) or "MISSED" in str(result)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
