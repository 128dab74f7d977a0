"""The diagrams of the README and of docs/concepts.md and docs/architecture.md, read by the Mermaid that the site has."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.site_pages import DOCS, fences, pages


@pytest.mark.thorough
def test_each_diagram_is_one_that_mermaid_draws(browser: Browser) -> None:
    page = browser.new_page()
    page.add_script_tag(path=DOCS / "theme/assets/mermaid.js")
    drawn = 0
    for path in pages():
        for _, language, text in fences(path.read_text()):
            if language == "mermaid":
                svg = page.evaluate("async text => (await mermaid.render('drawn', text)).svg", text)
                assert "aria-roledescription" in svg, path
                drawn += 1
    assert drawn >= 5
    with pytest.raises(Exception, match="Parse error"):
        page.evaluate("text => mermaid.parse(text)", "flowchart TD\n  a[ --> b")
