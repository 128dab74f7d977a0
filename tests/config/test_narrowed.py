from __future__ import annotations

import pytest

from gitops_mcp.config import Flags, resolve_settings
from gitops_mcp.config.narrowed import narrowed_settings
from gitops_mcp.domain.access.rights import Grant, Rights, with_those_before
from gitops_mcp.errors import Refused

SETTINGS = resolve_settings(
    "environments:\n  prod: {path: prod, namespaces: [shop, bank]}\n  dev: {path: dev, delivery: direct}\n", Flags()
)
PROPOSE = with_those_before(["propose"])


def rights(*grants: Grant) -> Rights:
    return Rights(grants, PROPOSE, "jane")


def test_rights_cut_what_the_file_allows() -> None:
    found = narrowed_settings(SETTINGS, rights(Grant(PROPOSE, None, ("bank", "jobs"))), writes=False)
    assert {name: (one.namespaces, one.cut) for name, one in found.environments.items()} == {
        "prod": (("bank",), True),
        "dev": (("bank", "jobs"), True),
    }


def test_an_environment_of_which_nothing_is_left_lies_outside() -> None:
    found = narrowed_settings(SETTINGS, rights(Grant(PROPOSE, None, ("jobs",))), writes=False)
    assert (list(found.environments), list(found.outside), found.environment) == (["dev"], ["prod"], "dev")
    assert [one.name for one in found.every_environment] == ["dev", "prod"]


def test_direct_delivery_takes_another_scope_than_git() -> None:
    found = narrowed_settings(SETTINGS, rights(Grant(PROPOSE)), writes=True)
    assert (list(found.environments), list(found.outside)) == (["prod"], ["dev"])
    assert found.environments["prod"] is SETTINGS.environments["prod"]


def test_nothing_at_all_is_refused() -> None:
    with pytest.raises(Refused, match="jane may not change anything in the environments of this repository"):
        narrowed_settings(SETTINGS, rights(Grant(with_those_before(["read"]))), writes=True)
