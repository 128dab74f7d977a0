from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.ui.host import ARGUMENTS, CHROMIUM, NO_BROWSER


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """No longer than for one file: while it is there its event loop counts as running, and no other may begin."""
    if CHROMIUM is None:
        pytest.skip(NO_BROWSER)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield opened
        opened.close()
