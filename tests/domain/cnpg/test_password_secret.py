from __future__ import annotations

import pytest

from gitops_mcp.domain.cnpg.password_secret import checked_secret_name
from gitops_mcp.errors import InvalidRequest


@pytest.mark.parametrize("name", ["orders-app", "a", "a.b-c.d", "0", "a" * 253])
def test_the_name_of_a_secret_is_taken(name: str) -> None:
    assert checked_secret_name(name) == name


@pytest.mark.parametrize("given", ["", "Orders", "hunter2!", "-a", "a-", "a..b", "a_b", "a" * 254, "a\n"])
def test_what_is_no_name_is_refused_and_never_repeated_since_it_may_be_the_password(given: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        checked_secret_name(given)
    text = str(refused.value)
    assert text.startswith("password_source: that is not the name of a Secret")
    assert len(given) < 4 or given not in text
