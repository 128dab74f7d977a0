from __future__ import annotations

import pytest

from gitops_mcp.domain.cnpg.password_secret import checked_secret_name
from gitops_mcp.errors import InvalidRequest


@pytest.mark.parametrize(
    "given", ["Hunter2", "", "hunter..2", "-hunter2", "hunter2-", "h" * 254, "hunter2!", "hunter2\n"]
)
def test_what_is_not_the_name_of_a_secret_is_refused_and_not_repeated(given: str) -> None:
    with pytest.raises(InvalidRequest, match=r"password_source: that is not the name of a Secret.*such as") as raised:
        checked_secret_name(given)
    assert not given or given not in str(raised.value)


@pytest.mark.parametrize("given", ["orders-app", "a.b-c.d", "0", "a" * 253])
def test_a_legal_name_is_that_of_a_secret(given: str) -> None:
    assert checked_secret_name(given) == given
