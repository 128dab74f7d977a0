from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _nobodys_machine() -> None:
    """The domain is pure, so there is nothing to be kept from it, and thousands of tests begin sooner."""
