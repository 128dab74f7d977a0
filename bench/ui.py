"""The card of a change with a diff of 25,000 characters in a headless Chromium, from its page to the first paint."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Iterator
from typing import TYPE_CHECKING

from measure import PAIRS

from gitops_mcp.ui.cards import CARDS, static_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_MOST_MS = 300
_FILE = "--- a/{0}\n+++ b/{0}\n@@ -1,82 +1,82 @@\n kind: Cluster\n{1} spec:\n"
_LINES = "-  parameter_{0}: value {0} of before # why\n+  parameter_{0}: value {0} of now # why\n"
_PLACE = "http://card.test/"
_PAINTED = """() => new Promise(done => new PerformanceObserver(list =>
  list.getEntries().forEach(one => one.name === 'first-contentful-paint' && done(one.startTime))
).observe({ type: 'paint', buffered: true }))"""


def measured() -> Iterator[str]:
    name, chromium = "card of a 25,000-character diff", shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        yield f"{name}: not measured, there is no playwright"
        return
    if chromium is None:
        yield f"{name}: not measured, there is no Chromium"
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        _painted(browser, _diff(1_000))
        pairs = [(_painted(browser, _diff(25_000)), _painted(browser, _diff(1_000))) for _ in range(PAIRS)]
        browser.close()
    ours, short = (statistics.median(one) for one in zip(*pairs, strict=True))
    verdict = "holds" if ours <= _MOST_MS else "MISSED"
    yield f"{name}: {ours:.0f} ms, {ours / short:.1f} times one of 1,000, at most {_MOST_MS} ms: {verdict}"


def _diff(size: int) -> str:
    text, number = "", 0
    while len(text) < size:
        lines = "".join(_LINES.format(number + index) for index in range(40))
        text += _FILE.format(f"clusters/prod/{number}.yaml", lines)
        number += 40
    return text[:size]


def _painted(browser: Browser, diff: str) -> float:
    """Milliseconds, loading included: the card holds the answer, so that no host takes part."""
    answer = {"change": "bench", "state": "in_review", "impact": {"level": "none", "reasons": []}, "diff": diff}
    page = browser.new_page(viewport={"width": 800, "height": 900})
    page.route(_PLACE, lambda route: route.fulfill(body=static_page(CARDS[0], answer, ""), content_type="text/html"))
    page.goto(_PLACE)
    spent: float = page.evaluate(_PAINTED)
    assert page.locator(".diff .come").count() > len(diff) / 100
    page.close()
    return spent
