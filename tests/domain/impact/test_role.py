from __future__ import annotations

import pytest

from gitops_mcp.domain.impact.assessment import assess_impact
from gitops_mcp.domain.impact.level import Level
from gitops_mcp.domain.objects import Object
from tests.domain.impact.objects import N, O, assert_impact, kept, role


@pytest.mark.parametrize(
    ("before", "after", "level", "says"),
    [
        pytest.param(None, role(), N, "role app: the role is made", id="a new DatabaseRole"),
        pytest.param(role(), role(login=False), O, "may no longer log in", id="no login"),
        pytest.param(
            role(clientCertificate={}),
            role(clientCertificate={"enabled": False}),
            O,
            "whoever logs in with it is turned",
            id="no client certificate",
        ),
        pytest.param(role(), role(createdb=True), N, "changed in place", id="a right"),
        pytest.param(role(databaseRoleReclaimPolicy="delete"), None, O, "drops role app", id="a role, policy delete"),
        pytest.param(role(), None, N, "stays in PostgreSQL", id="a role, policy retain"),
        pytest.param(
            kept(role(databaseRoleReclaimPolicy="delete")), None, N, "role app stays", id="a role, not to be pruned"
        ),
    ],
)
def test_the_impact_of_a_change_to_a_role(before: Object | None, after: Object | None, level: Level, says: str) -> None:
    assert_impact(before, after, level, says)


@pytest.mark.parametrize(
    ("before", "live", "level"),
    [
        pytest.param(role(databaseRoleReclaimPolicy=["delete"]), role(), N, id="a role, a policy of another shape"),
        pytest.param(role(), role(databaseRoleReclaimPolicy="delete"), O, id="a role, live policy delete"),
        pytest.param(role(databaseRoleReclaimPolicy="delete"), kept(role()), N, id="a role that is kept"),
    ],
)
def test_a_role_that_goes_is_told_by_what_is_live_too(before: Object, live: Object, level: Level) -> None:
    assert assess_impact(before, None, live=live).level is level


def test_what_the_other_engine_reads_keeps_no_role() -> None:
    going = kept(role(databaseRoleReclaimPolicy="delete"))
    levels = [assess_impact(going, None, engine=one).level for one in (None, "flux", "argocd")]
    assert sorted(map(str, levels)) == sorted(map(str, [N, N, O]))
