"""The largest cards in a headless Chromium, from the page to the first paint.

A change with a diff of 25,000 characters, and a cluster with as many rows in each part as an answer holds.
"""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from measure import PAIRS

from gitops_mcp.ui.cards import CARDS, Card, static_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_MOST_MS = 300
_FILE = "--- a/{0}\n+++ b/{0}\n@@ -1,82 +1,82 @@\n kind: Cluster\n{1} spec:\n"
_LINES = "-  parameter_{0}: value {0} of before # why\n+  parameter_{0}: value {0} of now # why\n"
_ROWS = 50
"""Of each part of a detailed status."""
_PLACE = "http://card.test/"
Answer = dict[str, Any]
_PAINTED = """() => new Promise(done => new PerformanceObserver(list =>
  list.getEntries().forEach(one => one.name === 'first-contentful-paint' && done(one.startTime))
).observe({ type: 'paint', buffered: true }))"""


def measured() -> Iterator[str]:
    chromium = shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        yield "cards: not measured, there is no playwright"
        return
    if chromium is None:
        yield "cards: not measured, there is no Chromium"
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        change, cluster = CARDS
        for name, card, large, small, drawn in (
            ("a 25,000-character diff, and one of 1,000", change, _change(25_000), _change(1_000), ".diff .come"),
            (f"a cluster of {_ROWS} rows a part, and one of 3", cluster, _cluster(_ROWS), _cluster(3), ".instance"),
        ):
            _painted(browser, card, small, drawn)
            pairs = [[_painted(browser, card, one, drawn) for one in (large, small)] for _ in range(PAIRS)]
            ours, other = (statistics.median(one) for one in zip(*pairs, strict=True))
            verdict = "holds" if ours <= _MOST_MS else "MISSED"
            yield f"card of {name}: {ours:.0f} ms, {ours / other:.1f} times, at most {_MOST_MS} ms: {verdict}"
        browser.close()


def _change(size: int) -> Answer:
    return {"change": "bench", "state": "in_review", "impact": {"level": "none", "reasons": []}, "diff": _diff(size)}


def _cluster(rows: int) -> Answer:
    numbers, when = range(1, rows + 1), "2026-01-30T02:00:00Z (1d)"
    problem = {"severity": "warning", "id": "bench", "what": "something is wrong", "action": "mend it"}
    return {
        "name": "bench",
        "live": "available",
        "problems": [problem for _ in numbers[:30]],
        "instances": [
            {
                "name": f"db-{one}",
                "role": "replica",
                "state": "healthy",
                "node": f"node-{one}",
                "zone": f"zone-{one % 3}",
            }
            for one in numbers
        ],
        "volumes": [
            {"name": f"db-{one}", "role": "PG_DATA", "capacity": "20Gi", "state": "healthy"} for one in numbers
        ],
        "databases": [{"name": f"app-{one}", "applied": "yes"} for one in numbers],
        "roles": [{"name": f"role-{one}", "state": "reconciled"} for one in numbers],
        "services": [{"host": f"db-{one}.shop.svc", "ports": [5432], "serves": "the primary"} for one in numbers],
        "certificates": [{"secret": f"db-{one}", "expires": when, "days_left": 60} for one in numbers],
        "backups": {"recent": [{"name": f"db-{one}", "phase": "completed", "stopped": when} for one in numbers[:5]]},
    }


def _diff(size: int) -> str:
    text, number = "", 0
    while len(text) < size:
        lines = "".join(_LINES.format(number + index) for index in range(40))
        text += _FILE.format(f"clusters/prod/{number}.yaml", lines)
        number += 40
    return text[:size]


def _painted(browser: Browser, card: Card, answer: Answer, drawn: str) -> float:
    """Milliseconds, loading included: the card holds the answer, so that no host takes part."""
    page = browser.new_page(viewport={"width": 800, "height": 900})
    page.route(_PLACE, lambda route: route.fulfill(body=static_page(card, answer, ""), content_type="text/html"))
    page.goto(_PLACE)
    spent: float = page.evaluate(_PAINTED)
    wanted = len(answer["diff"]) / 100 if "diff" in answer else len(answer["instances"])
    assert page.locator(drawn).count() >= wanted
    page.close()
    return spent
