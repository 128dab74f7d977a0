"""Plans of roles, as far as tests/layouts does not show them: what is decided, refused and said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gitops_mcp.domain.cnpg.role import RoleAttributes
from gitops_mcp.domain.impact.level import Level
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.plans.passwords.role_password import RolePassword
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.roles.declared_roles import Form, LiveRoles, require_role
from gitops_mcp.domain.plans.roles.role import (
    NewRole,
    check_new_role,
    form_of_new_role,
    how_role_exists,
    is_declared_so,
    plan_new_role,
    plan_unchanged_role,
    role_places,
)
from gitops_mcp.errors import InvalidRequest, Refused
from tests.domain.plans.role_files import (
    CLUSTER,
    KUSTOMIZATION,
    LAYOUT,
    LISTED,
    NOTHING_LIVE,
    NOW,
    OBJECT,
    REF,
    ids,
    read,
)


def said(plan: Plan) -> str:
    return "\n".join([plan.subject, *plan.body, *(one.message for one in plan.warnings), *plan.next])


def created(
    name: str = "dave",
    attributes: RoleAttributes | None = None,
    *,
    text: str = CLUSTER,
    form: Form = "DatabaseRole",
    live: LiveRoles | None = NOTHING_LIVE,
    adopt: bool = False,
    password: RolePassword | None = None,
    certificate: bool = False,
) -> Plan:
    desired, cluster = read(text)
    return plan_new_role(
        desired,
        cluster,
        REF,
        NewRole(name, attributes or RoleAttributes(), adopt, certificate),
        password or RolePassword("orders-dave"),
        form=form,
        why="it is tested",
        object_name="orders-dave",
        places=role_places(desired, cluster, REF, "orders-dave", LAYOUT),
        live=live,
        now=NOW,
    )


def test_a_new_role_with_a_client_certificate_says_in_which_secret_it_will_be() -> None:
    plan = created(attributes=RoleAttributes(login=True), certificate=True)
    (text,) = [one.after for one in plan.files if one.path == "prod/role-dave.yaml"]
    assert text is not None
    assert text.endswith("  clientCertificate:\n    enabled: true\n  passwordSecret:\n    name: orders-dave\n")
    assert plan.body[-1].startswith("client certificate: Secret orders-dave-client-cert (tls.crt, tls.key) is made by")
    with pytest.raises(Refused, match="client_certificate: the operator makes one for DatabaseRole objects only"):
        created(attributes=RoleAttributes(login=True), certificate=True, form="inline")
    with pytest.raises(InvalidRequest, match="client_certificate: is for a role that may log in"):
        created(certificate=True)


def test_a_new_role_as_an_object_says_no_default() -> None:
    plan = created("Dave", RoleAttributes(login=True, valid_until="2028-01-01T00:00:00Z"))
    assert {one.path: one.after for one in plan.files} == {
        "prod/kustomization.yaml": KUSTOMIZATION + "- role-dave.yaml\n",
        "prod/role-dave.yaml": (
            "apiVersion: postgresql.cnpg.io/v1\nkind: DatabaseRole\nmetadata:\n  name: orders-dave\n"
            "  namespace: shop\nspec:\n  cluster:\n    name: orders\n  name: Dave\n  login: true\n"
            '  validUntil: "2028-01-01T00:00:00Z"\n  passwordSecret:\n    name: orders-dave\n'
        ),
    }
    assert plan.subject == "Create role Dave of Cluster shop/orders"
    assert plan.body == ("As it is tested", "- login: true", "- valid_until: 2028-01-01T00:00:00Z")
    assert (plan.impact.level, plan.destroys, plan.warnings) == (Level.NONE, None, ())


def test_a_new_role_as_an_entry_says_the_defaults_of_the_list() -> None:
    (change,) = created(form="inline", password=RolePassword(None)).files
    assert change.after == CLUSTER + (
        "  managed:\n    roles:\n      - name: dave\n        ensure: present\n        inherit: true\n"
        "        connectionLimit: -1\n        disablePassword: true\n"
    )


def test_what_a_password_means_is_passed_on() -> None:
    password = RolePassword("s", ("from s",), ("read s",), (Notice("secret-missing", "no s"),))
    plan = created(password=password)
    assert "from s" in plan.body
    assert "read s" in plan.next
    assert ids(plan) == ["secret-missing"]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("my_role", "my_role"),
        ("my-role", "my-role"),
        ("My role", "'My role'"),
        ('o"brien', "'o\"brien'"),
        ("angebote:", "'angebote:'"),
    ],
)
def test_a_subject_quotes_names_that_could_be_read_otherwise(name: str, line: str) -> None:
    assert created(name).subject == f"Create role {line} of Cluster shop/orders"


@pytest.mark.parametrize(
    ("attributes", "warned"),
    [
        pytest.param(RoleAttributes(superuser=True), "superuser: it may do everything", id="superuser"),
        pytest.param(RoleAttributes(createrole=True), "createrole: it may make and change other roles", id="createrole"),
        pytest.param(RoleAttributes(replication=True), "replication: it may stream all data", id="replication"),
        pytest.param(RoleAttributes(bypassrls=True), "bypassrls: it sees all rows", id="bypassrls"),
        pytest.param(RoleAttributes(in_roles=("postgres",)), "in_roles: a member of postgres may do everything", id="member of postgres"),
        pytest.param(RoleAttributes(valid_until="2026-12-31T00:00:00Z"), "valid_until 2026-12-31T00:00:00Z is in the past", id="expired"),
    ],
)  # fmt: skip
def test_a_reviewer_is_told_of_what_a_role_may_do(attributes: RoleAttributes, warned: str) -> None:
    (notice,) = created(attributes=attributes).warnings
    assert notice.message.startswith(warned)


@pytest.mark.parametrize(
    ("names", "live"),
    [
        pytest.param(("app",), NOTHING_LIVE, id="the owner that bootstrap makes"),
        pytest.param(("pg_read_all_data",), NOTHING_LIVE, id="PostgreSQL's own"),
        pytest.param(("byhand",), LiveRoles({"status": {"managedRolesStatus": {"byStatus": {"not-managed": ["byhand"]}}}}, None), id="a live one"),
        pytest.param(("reporting",), NOTHING_LIVE, id="a declared one"),
    ],
)  # fmt: skip
def test_a_membership_in_a_known_role_is_no_news(names: tuple[str, ...], live: LiveRoles) -> None:
    assert ids(created(attributes=RoleAttributes(in_roles=names), text=LISTED, live=live)) == []


def test_a_name_that_differs_in_case_alone_is_warned_of() -> None:
    assert ids(created("Reporting", text=LISTED)) == ["other-case"]


def test_without_the_api_it_may_take_over_a_role() -> None:
    assert ids(created(live=None)) == ["maybe-existing"]


HANDMADE = LiveRoles({"status": {"managedRolesStatus": {"byStatus": {"not-managed": ["dave"]}}}}, ())


def test_taking_over_lists_every_attribute() -> None:
    plan = created(live=HANDMADE, adopt=True, attributes=RoleAttributes(login=True))
    assert plan.subject == "Adopt role dave of Cluster shop/orders"
    assert plan.body[1] == (
        "Takes over a role that exists (the operator reports it as not-managed); every attribute is set or reset:"
    )
    assert plan.body[2:] == tuple(f"- {text}" for text in RoleAttributes(login=True).listed())
    assert ids(plan) == []


def test_asking_to_take_over_what_is_not_there_makes_it_and_says_so() -> None:
    plan = created(adopt=True)
    assert plan.subject.startswith("Create")
    assert ids(plan) == ["nothing-to-adopt"]


def checked(name: str, live: LiveRoles | None, *, adopt: bool = False) -> object:
    desired, cluster = read(LISTED, app=OBJECT)
    return check_new_role(desired, cluster, REF, NewRole(name, RoleAttributes(), adopt), live)


@pytest.mark.parametrize(
    ("live", "how"),
    [
        pytest.param(HANDMADE, "the operator reports it as not-managed", id="made by hand"),
        pytest.param(LiveRoles({"spec": {"managed": {"roles": [{"name": "dave"}]}}}, ()), "the live Cluster manages it", id="a live entry"),
        pytest.param(LiveRoles({}, ({"spec": {"name": "dave", "cluster": {"name": "orders"}}},)), "a live DatabaseRole manages it", id="a live object"),
    ],
)  # fmt: skip
def test_a_role_that_git_does_not_describe_is_taken_over_only_on_request(live: LiveRoles, how: str) -> None:
    with pytest.raises(Refused) as refused:
        checked("dave", live)
    assert f"role 'dave' exists in PostgreSQL already ({how})" in str(refused.value)
    assert "; ".join(RoleAttributes().listed()) in str(refused.value)
    assert "adopt=true" in str(refused.value)
    assert checked("dave", live, adopt=True) is None


def test_the_owner_that_bootstrap_makes_exists_even_where_the_api_is_silent() -> None:
    desired, cluster = read(CLUSTER)
    with pytest.raises(Refused, match="bootstrap made it as the owner"):
        check_new_role(desired, cluster, REF, NewRole("app", RoleAttributes(), adopt=False), None)


@pytest.mark.parametrize("live", [None, NOTHING_LIVE], ids=["unread", "not there"])
def test_a_role_that_is_nowhere_is_new(live: LiveRoles | None) -> None:
    assert checked("dave", live) is None


@pytest.mark.parametrize(("name", "form"), [("reporting", "inline"), ("app", "DatabaseRole")])
def test_a_role_that_git_describes_is_found_in_both_forms(name: str, form: str) -> None:
    assert getattr(checked(name, HANDMADE), "form", None) == form


def test_nothing_is_made_in_a_cluster_that_goes() -> None:
    live = LiveRoles({"metadata": {"deletionTimestamp": "2027-01-01T00:00:00Z"}}, ())
    with pytest.raises(Refused, match="the live Cluster shop/orders is being deleted"):
        checked("dave", live)


@pytest.mark.parametrize(
    ("live", "files", "form", "why"),
    [
        pytest.param(LiveRoles({}, ()), {}, "DatabaseRole", "that kind is installed", id="installed"),
        pytest.param(LiveRoles({}, None), {"app": OBJECT}, "inline", "is not installed there (operator 1.30)", id="not installed"),
        pytest.param(None, {"app": OBJECT}, "DatabaseRole", "could not be read", id="unread, the repository has others"),
        pytest.param(None, {}, "inline", "could not be read", id="unread, the repository has none"),
    ],
)  # fmt: skip
def test_the_form_of_a_new_role(live: LiveRoles | None, files: dict[str, str], form: str, why: str) -> None:
    found = form_of_new_role(read(CLUSTER, **files)[0], live)
    assert found[0] == form
    assert why in found[1]


def test_an_operator_that_is_known_to_have_no_objects_gets_an_entry() -> None:
    files = {"role.yaml": OBJECT}
    older, newer = (form_of_new_role(read(CLUSTER, **files)[0], None, one) for one in ((1, 29, 2), (1, 30, 0)))
    assert older == ("inline", "an entry of spec.managed.roles, since operator 1.29.2 has no DatabaseRole")
    assert newer[0] == "DatabaseRole"


REPORTING = RoleAttributes(
    login=True,
    connection_limit=5,
    comment="reads",
    valid_until="2027-06-01T00:00:00Z",
    in_roles=("readers", "pg_monitor"),
)


@pytest.mark.parametrize(
    ("attributes", "secret", "expected"),
    [
        pytest.param(REPORTING, None, True, id="the same, any Secret"),
        pytest.param(REPORTING, "orders-reporting", True, id="the same, its Secret"),
        pytest.param(replace(REPORTING, in_roles=("pg_monitor", "readers")), None, True, id="memberships in another order"),
        pytest.param(REPORTING, "other", False, id="another Secret"),
        pytest.param(REPORTING, "", False, id="no password"),
        pytest.param(replace(REPORTING, login=False), None, False, id="another attribute"),
    ],
)  # fmt: skip
def test_what_git_says_already_is_told_from_what_it_does_not(
    attributes: RoleAttributes, secret: str | None, expected: bool
) -> None:
    desired, cluster = read(LISTED)
    role = require_role(desired, cluster, REF, "reporting")
    assert is_declared_so(role, NewRole("reporting", attributes, adopt=False), secret) is expected


def test_a_role_that_is_being_dropped_is_not_what_was_asked_for() -> None:
    desired, cluster = read(CLUSTER + "  managed: {roles: [{name: dave, ensure: absent}]}\n")
    role = require_role(desired, cluster, REF, "dave")
    assert not is_declared_so(role, NewRole("dave", RoleAttributes(), adopt=False), None)


def test_what_is_so_already_names_its_place() -> None:
    desired, cluster = read(LISTED)
    plan = plan_unchanged_role(require_role(desired, cluster, REF, "reporting"), REF)
    assert plan.unchanged == "role 'reporting' (inline, prod/orders.yaml:11) says exactly this already"
    assert plan.files == ()


LIVE_ENTRY: Object = {"name": "dave"}


def test_how_a_role_is_known_to_exist_is_nothing_where_nobody_says_so() -> None:
    _, cluster = read(CLUSTER)
    assert how_role_exists(cluster, REF, "dave", NOTHING_LIVE) is None
    assert how_role_exists(cluster, REF, "dave", None) is None
    live = LiveRoles({"spec": {"managed": {"roles": [LIVE_ENTRY]}}}, None)
    assert how_role_exists(cluster, REF, "dave", live) == "the live Cluster manages it"


def test_nothing_is_promised_of_a_hibernated_cluster() -> None:
    text = CLUSTER.replace("  namespace: shop\n", '  namespace: shop\n  annotations: {cnpg.io/hibernation: "on"}\n')
    plan = created(text=text)
    assert plan.next[0].startswith("Once applied and Cluster shop/orders is awake, the operator makes role 'dave'")
