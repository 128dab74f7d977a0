from __future__ import annotations

import re

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.rules import Seen, findings
from tests.domain.rules.examples import (
    Accepted,
    Refused,
    cluster,
    findings_against,
    findings_at_field,
    initdb,
    inline,
    role,
)


def seen_live(*names: str) -> Object:
    return {**cluster(), "status": {"managedRolesStatus": {"byStatus": {"not-managed": list(names)}}}}


CERTIFIED = role(login=True, clientCertificate={})
MEMBER = role(inRoles=["readers", "pg_monitor"])


def letting_in(line: str) -> Object:
    return cluster(postgresql={"pg_hba": [line]})


ACCEPTED = [
    *(
        pytest.param(Accepted("role-object", seen), id=what)
        for what, seen in (
            ("a role without an object", Seen(inline({"name": "b"}), inline(), neighbours=(role(),))),
            (
                "one that was listed before",
                Seen(inline({"name": "app"}), inline({"name": "app"}), neighbours=(role(),)),
            ),
        )
    ),
    *(
        pytest.param(Accepted("role-taken-over", seen), id=what)
        for what, seen in (
            ("a role of another name", Seen(role(name="clerk"), neighbours=(cluster(),))),
            ("one that is declared", Seen(role(name="app"), role(name="app"), neighbours=(cluster(),))),
            ("the default owner, where another is", Seen(role(), neighbours=(initdb(database="d", owner="shop"),))),
        )
    ),
    *(
        pytest.param(Accepted("unknown-role", seen), id=f"a member of {what}")
        for what, seen in (
            ("one that is listed", Seen(MEMBER, neighbours=(inline({"name": "readers"}),))),
            ("one with an object of its own", Seen(MEMBER, neighbours=(cluster(), role("r", name="readers")))),
            ("one that PostgreSQL has", Seen(MEMBER, neighbours=(cluster(), seen_live("readers")))),
            ("one as before", Seen(MEMBER, MEMBER, neighbours=(cluster(),))),
            ("one of a Cluster that is not seen", Seen(MEMBER)),
            ("one with a variable", Seen(role(inRoles=["${TEAM}"]), neighbours=(cluster(),))),
            ("the first owner", Seen(inline({"name": "a", "inRoles": ["app", "postgres"]}))),
        )
    ),
    *(
        pytest.param(
            Accepted("role-certificate", Seen(CERTIFIED, neighbours=(letting_in(line),))), id=f"let in by {line}"
        )
        for line in ("hostssl all all all cert", 'hostssl shop "app" 10.0.0.0/8 cert map=x')
    ),
    pytest.param(
        Accepted("role-certificate", Seen(CERTIFIED, CERTIFIED, neighbours=(cluster(),))), id="a certificate as before"
    ),
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
    pytest.param(
        Refused(
            "role-object",
            Seen(inline({"name": "app"}), inline(), neighbours=(role(),)),
            "spec.managed.roles[0].name",
            "DatabaseRole orders-app has it already, and does nothing while it is listed here",
            "warning",
        ),
        id="a role that has an object of its own",
    ),
    *(
        pytest.param(
            Refused("role-taken-over", seen, "spec.name", "is there from the beginning: this takes it over", "warning"),
            id=what,
        )
        for what, seen in (
            ("the default owner", Seen(role(), neighbours=(cluster(),))),
            ("the owner", Seen(role(name="shop"), neighbours=(initdb(database="d", owner="shop"),))),
        )
    ),
    pytest.param(
        Refused(
            "unknown-role",
            Seen(MEMBER, neighbours=(inline({"name": "reader"}),)),
            "spec.inRoles[0]",
            "role 'readers' is declared nowhere.*there are: reader",
            "warning",
        ),
        id="a member of nobody",
    ),
    pytest.param(
        Refused(
            "unknown-role",
            Seen(inline({"name": "a", "inRoles": ["gone"]}, {"name": "gone", "ensure": "absent"})),
            "spec.managed.roles[0].inRoles[0]",
            "'gone' is declared nowhere",
            "warning",
        ),
        id="a member of one that is dropped",
    ),
    *(
        pytest.param(
            Refused(
                "unknown-role",
                Seen(
                    cluster(imageName="example/postgresql:16.4", managed={"roles": [{"name": "a", "inRoles": [name]}]})
                ),
                "spec.managed.roles[0].inRoles[0]",
                says,
                "warning",
            ),
            id=f"a member of {name}",
        )
        for name, says in (
            ("pg_maintain", "came with PostgreSQL 17, and 16 runs"),
            ("pg_monitors", "is declared nowhere.*pg_monitor"),
        )
    ),
    *(
        pytest.param(
            Refused(
                "role-certificate",
                Seen(CERTIFIED, role(login=True), neighbours=(letting_in(line),)),
                "spec.clientCertificate",
                "lets nobody in without a line such as 'hostssl all app all cert'",
                "warning",
            ),
            id=f"not let in by {line}",
        )
        for line in ("hostssl all all all scram-sha-256", "host all app all cert", "hostssl cert other all md5")
    ),
    pytest.param(
        Refused(
            "role-certificate",
            Seen(
                CERTIFIED,
                neighbours=(
                    cluster(
                        postgresql={"pg_hba": ["hostssl all all all cert"]}, certificates={"clientCASecret": "own-ca"}
                    ),
                ),
            ),
            "spec.clientCertificate",
            "only where the Secret of spec.certificates.clientCASecret",
            "warning",
        ),
        id="a CA of one's own",
    ),
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
                "not a time: use one such as",
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


@pytest.mark.parametrize("odd", [{"inRoles": [{"x": 1}, ["y"]]}, {"name": {"x": 1}}, {"name": ["x"], "inRoles": "y"}])
def test_a_role_of_another_shape_is_no_obstacle(odd: Object) -> None:
    before, after = (inline({"name": "app", "connectionLimit": limit, **odd}) for limit in (1, 2))
    assert [one.rule for one in findings(Seen(after, before)) if one.rule == "unknown-role"] == []


@pytest.mark.parametrize("example", REFUSED)
def test_a_bad_role_is_found_at_its_field_with_what_would_work(example: Refused) -> None:
    (finding,) = findings_at_field(example)
    assert finding.severity == example.severity
    assert re.search(example.says, finding.message)
