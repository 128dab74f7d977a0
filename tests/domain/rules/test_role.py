from __future__ import annotations

import re

import pytest

from gitops_mcp.domain.rules import Seen
from tests.domain.rules.examples import Accepted, Refused, findings_against, findings_at_field, inline, role

ACCEPTED = [
    pytest.param(Accepted("role-name", Seen(inline({"name": "Re port"}))), id="a name with a space"),
    pytest.param(Accepted("role-once", Seen(inline({"name": "app"}, {"name": "report"}))), id="two roles"),
    pytest.param(
        Accepted(
            "role-password", Seen(inline({"name": "app", "passwordSecret": {"name": "app"}, "disablePassword": False}))
        ),
        id="a password",
    ),
    pytest.param(
        Accepted("role-limit", Seen(inline({"name": "app", "connectionLimit": -1}))), id="no limit, in a Cluster"
    ),
    pytest.param(
        Accepted("role-expiry", Seen(inline({"name": "app", "validUntil": "2027-01-31T00:00:00.5+01:00"}))), id="a time"
    ),
    pytest.param(Accepted("role-limit", Seen(role(connectionLimit=0))), id="no connections, of a DatabaseRole"),
    pytest.param(Accepted("role-danger", Seen(role(superuser=False, inRoles=["readers"]))), id="a member of readers"),
    pytest.param(
        Accepted("role-left", Seen(inline(), inline({"name": "app", "ensure": "absent"}))),
        id="a dropped role that is no longer listed",
    ),
    pytest.param(
        Accepted("role-conflict", Seen(role(), neighbours=(role("other", name="report"), role()))),
        id="another role, and itself",
    ),
    pytest.param(
        Accepted("role-conflict", Seen(role(), neighbours=(role("other", cluster={"name": "billing"}),))),
        id="the same role of another Cluster",
    ),
    pytest.param(
        Accepted("role-inline", Seen(role(), neighbours=(inline({"name": "report"}),))),
        id="another role listed in the Cluster",
    ),
]

REFUSED = [
    *(
        pytest.param(
            Refused("role-name", Seen(inline({"name": name})), "spec.managed.roles[0].name", "reserved"),
            id=f"the name {name}",
        )
        for name in ("postgres", "streaming_replica", "pg_x", "cnpg_x")
    ),
    pytest.param(
        Refused("role-name", Seen(inline({"name": ""})), "spec.managed.roles[0].name", "is needed"), id="no name"
    ),
    pytest.param(
        Refused(
            "role-once", Seen(inline({"name": "app"}, {"name": "app"})), "spec.managed.roles[1].name", "each role once"
        ),
        id="a role twice",
    ),
    pytest.param(
        Refused(
            "role-password",
            Seen(inline({"name": "app", "passwordSecret": {"name": "a"}, "disablePassword": True})),
            "spec.managed.roles[0].disablePassword",
            "keep one",
        ),
        id="a password that is disabled",
    ),
    pytest.param(
        Refused(
            "role-limit",
            Seen(inline({"name": "app", "connectionLimit": -2})),
            "spec.managed.roles[0].connectionLimit",
            "-1 for none$",
        ),
        id="a limit below -1",
    ),
    pytest.param(
        Refused("role-limit", Seen(role(connectionLimit=-3)), "spec.connectionLimit", "the API would take it"),
        id="a limit below -1 of a DatabaseRole",
    ),
    *(
        pytest.param(
            Refused(
                "role-expiry",
                Seen(inline({"name": "app", "validUntil": text})),
                "spec.managed.roles[0].validUntil",
                "no time: such as",
            ),
            id=f"the time {text}",
        )
        for text in ("2027-01-31t00:00:00Z", "2027-01-31T00:00:00z", "2027-02-30T00:00:00Z")
    ),
    pytest.param(
        Refused("role-danger", Seen(role(superuser=True)), "spec.superuser", "everything", "warning"), id="a superuser"
    ),
    pytest.param(
        Refused("role-danger", Seen(role(inRoles=["postgres"])), "spec.inRoles", "as good as superuser", "warning"),
        id="a member of postgres",
    ),
    pytest.param(
        Refused(
            "role-danger",
            Seen(inline({"name": "app", "ensure": "absent"})),
            "spec.managed.roles[0].ensure",
            "drops the role",
            "warning",
        ),
        id="a role that is dropped",
    ),
    pytest.param(
        Refused(
            "role-left",
            Seen(inline(), inline({"name": "app"})),
            "spec.managed.roles",
            "'app' is no longer listed",
            "warning",
        ),
        id="a role that is no longer listed",
    ),
    pytest.param(
        Refused(
            "role-conflict",
            Seen(role(), neighbours=(role("other"),)),
            "spec.name",
            "DatabaseRole other has 'app' already",
        ),
        id="the same role of another object",
    ),
    pytest.param(
        Refused(
            "role-inline",
            Seen(role(), neighbours=(inline({"name": "app"}),)),
            "spec.name",
            "of Cluster orders, which wins",
            "warning",
        ),
        id="the same role listed in the Cluster",
    ),
]


@pytest.mark.parametrize("example", ACCEPTED)
def test_a_good_role_is_not_found_fault_with(example: Accepted) -> None:
    assert findings_against(example) == []


@pytest.mark.parametrize("example", REFUSED)
def test_a_bad_role_is_found_at_its_field_with_what_would_work(example: Refused) -> None:
    (finding,) = findings_at_field(example)
    assert finding.severity == example.severity
    assert re.search(example.says, finding.message)
