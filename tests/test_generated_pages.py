"""Pages that are made from the code are what the code says today."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.generated_pages import generated_pages

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.parametrize("name", generated_pages())
def test_a_generated_page_is_what_the_code_says(name: str) -> None:
    """To accept a change: GITOPS_MCP_TEST_GOLDEN=write, then read the diff."""
    page = DOCS / name
    if os.environ.get("GITOPS_MCP_TEST_GOLDEN") == "write":
        page.write_text(generated_pages()[name])
    assert page.read_text() == generated_pages()[name]
