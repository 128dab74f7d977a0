from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gitops_mcp.domain.impact.level import Level
from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.plans.passwords.secret_removal import PasswordRemoval
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.removal_step import why_not_pruned
from gitops_mcp.domain.plans.roles.declared_roles import DeclaredRole, LiveRoles, require_role
from gitops_mcp.domain.plans.roles.role_removal import (
    RoleDeletion,
    plan_role_deletion,
    role_at_base,
    time_since_last_write,
)
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.domain.repository.desired import Desired

REF = ClusterRef("shop", "orders")
HEAD = """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: orders
  namespace: shop
spec:
  instances: 3
"""
ENTRY = "      - name: dave\n        login: true\n"
OTHER = "      - name: app\n"
LIST = "  managed:\n    roles:\n"
INLINE = HEAD + LIST + OTHER + ENTRY
ABSENT = INLINE + "        ensure: absent\n"
OBJECT = """\
apiVersion: postgresql.cnpg.io/v1
kind: DatabaseRole
metadata:
  name: orders-dave
  namespace: shop
spec:
  cluster:
    name: orders
  name: dave
  login: true
"""
DELETING = OBJECT + "  databaseRoleReclaimPolicy: delete\n"
CLUSTER_FILES = {"prod/orders.yaml": HEAD, "prod/kustomization.yaml": "resources:\n- orders.yaml\n- role-dave.yaml\n"}
LISTING = {"prod/kustomization.yaml": "resources:\n- orders.yaml\n"}


def read(text: str, **more: str) -> tuple[Desired, DeclaredRole]:
    """The role inline or as an object, whichever the text declares."""
    is_object = "DatabaseRole" in text
    files = {**CLUSTER_FILES, "prod/role-dave.yaml": text} if is_object else {**LISTING, "prod/orders.yaml": text}
    extra = {f"prod/{name}.yaml": one for name, one in more.items()}
    files["prod/kustomization.yaml"] += "".join(f"- {name}.yaml\n" for name in more)
    desired = build_desired({**files, **extra}, commit="0" * 40, folder="prod")
    cluster = desired.cluster("orders", "shop", environment="prod")
    return desired, require_role(desired, cluster, REF, "dave")


def live(
    *, entry: Object | None = None, state: str | None = None, errors: list[str] | None = None, policy: str | None = None
) -> LiveRoles:
    """What the API shows of the role; `policy` is that of a live DatabaseRole."""
    roles = {"byStatus": {state: ["dave"]} if state else {}, "cannotReconcile": {"dave": errors} if errors else {}}
    spec = {"name": "dave", "cluster": {"name": "orders"}, "databaseRoleReclaimPolicy": policy}
    cluster = {"spec": {"managed": {"roles": [entry] if entry else []}}, "status": {"managedRolesStatus": roles}}
    return LiveRoles(cluster, ({"metadata": {"name": "orders-dave"}, "spec": spec},) if policy else ())


ASKED: Object = {"name": "dave", "ensure": "absent"}
MANAGED: Object = {"name": "dave", "login": True}


def deleted(
    text: str,
    seen: LiveRoles | None,
    *,
    drop: bool = True,
    merged: Object | None = None,
    age: timedelta | None = None,
    prunes: bool = True,
    **more: str,
) -> tuple[Plan, RoleDeletion]:
    desired, role = read(text, **more)
    deletion = RoleDeletion(role, REF, drop, seen, merged, unchanged_for=age)
    deletion = replace(deletion, kept=why_not_pruned(role.declared, deletion.seen)) if prunes else deletion
    return plan_role_deletion(desired, deletion, PasswordRemoval()), deletion


@pytest.mark.parametrize(
    ("text", "drop", "seen", "merged", "due", "why"),
    [
        # inline
        pytest.param(INLINE, False, live(entry=MANAGED, state="reconciled"), None, "remove", "it goes from Git, and stays", id="inline, kept"),
        pytest.param(INLINE, False, None, None, "remove", "it goes from Git, and stays", id="inline, kept, unread"),
        pytest.param(INLINE, True, live(entry=MANAGED, state="reconciled"), None, "ask", "step 1 of 2: `ensure: absent`", id="inline, live"),
        pytest.param(INLINE, True, None, None, "ask", "step 1 of 2: `ensure: absent`", id="inline, unread"),
        pytest.param(INLINE, True, live(entry=MANAGED, errors=["unknown role x"]), None, "ask", "step 1 of 2", id="inline, failing already"),
        pytest.param(ABSENT, True, live(entry=MANAGED, state="reconciled"), None, "wait", "in Git but not applied yet", id="absent in Git only"),
        pytest.param(ABSENT, True, live(entry=ASKED, state="pending-reconciliation"), None, "wait", "applied, and the role is not dropped yet", id="absent, pending"),
        pytest.param(ABSENT, True, live(state="not-managed"), None, "wait", "in Git but not applied yet", id="absent, out of the live list, and still there"),
        pytest.param(ABSENT, True, live(entry=ASKED, errors=["owner of table t", "more"]), None, "wait", "The operator says: owner of table t", id="absent, failing"),
        pytest.param(ABSENT, True, live(entry=ASKED, state="reconciled"), None, "remove", "step 2 of 2: the role is dropped", id="absent, dropped"),
        pytest.param(ABSENT, True, live(entry=ASKED), None, "wait", "not dropped yet", id="absent, not reported on"),
        pytest.param(ABSENT, True, live(entry=MANAGED, errors=["unknown role x"]), None, "wait", "in Git but not applied yet", id="absent in Git only, failing"),
        pytest.param(INLINE, True, live(), None, "remove", "the only step: no live Cluster or report of the operator says this role", id="inline, nowhere"),
        pytest.param(ABSENT, True, live(), None, "remove", "the only step: no live Cluster", id="absent, nowhere"),
        pytest.param(INLINE, True, LiveRoles(None, None), None, "remove", "the only step: no live Cluster", id="inline, no Cluster"),
        pytest.param(INLINE, True, live(state="not-managed"), None, "ask", "step 1 of 2", id="inline, there but not managed"),
        pytest.param(INLINE, False, live(entry=MANAGED, state="reconciled"), ASKED, "ask", "step 1 of 2", id="inline, merged absent"),
        pytest.param(ABSENT, True, None, None, "wait", "proposed but not merged, and the API could not be read", id="absent, unread, not merged"),
        pytest.param(ABSENT, True, None, MANAGED, "wait", "proposed but not merged", id="absent, unread, another merged"),
        pytest.param(ABSENT, True, None, ASKED, "remove", "whether step 1 has been applied could not be read", id="absent, unread, merged"),
        pytest.param(ABSENT, False, live(entry=ASKED, state="pending-reconciliation"), None, "wait", "not dropped yet", id="absent, asked to keep it"),
        pytest.param(INLINE, False, live(entry=ASKED, state="reconciled"), None, "ask", "step 1 of 2", id="live absent, Git present"),
        # objects
        pytest.param(OBJECT, False, live(policy="retain"), None, "remove", "it goes from Git, and stays", id="object, kept"),
        pytest.param(OBJECT, False, None, None, "remove", "it goes from Git, and stays", id="object, kept, unread"),
        pytest.param(OBJECT, False, live(policy="delete"), None, "remove", "dropped anyway", id="object, live policy delete"),
        pytest.param(DELETING, False, live(policy="retain"), None, "remove", "reclaim policy is delete in Git, and once that is live", id="policy delete in Git only"),
        pytest.param(OBJECT, False, live(policy="retain"), {"databaseRoleReclaimPolicy": "delete"}, "remove", "dropped anyway", id="policy delete merged only"),
        pytest.param(DELETING, False, None, None, "remove", "dropped anyway", id="policy delete, unread"),
        pytest.param(OBJECT, True, live(), None, "remove", "no live DatabaseRole says this role", id="object, not live"),
        pytest.param(OBJECT, True, live(policy="retain"), None, "ask", "step 1 of 2: `databaseRoleReclaimPolicy: delete`", id="object, live"),
        pytest.param(OBJECT, True, None, None, "ask", "step 1 of 2", id="object, unread"),
        pytest.param(DELETING, True, live(policy="retain"), None, "wait", "the live policy is retain", id="policy not applied yet"),
        pytest.param(DELETING, True, live(policy="delete"), None, "remove", "step 2 of 2: the live policy is delete", id="policy applied"),
        pytest.param(DELETING, True, None, None, "wait", "proposed but not merged", id="policy, unread, not merged"),
        pytest.param(DELETING, True, None, {"databaseRoleReclaimPolicy": "retain"}, "wait", "proposed but not merged", id="policy, unread, another merged"),
        pytest.param(DELETING, True, None, {"databaseRoleReclaimPolicy": "delete"}, "remove", "could not be read", id="policy, unread, merged"),
    ],
)  # fmt: skip
def test_the_step_that_is_due(
    text: str, drop: bool, seen: LiveRoles | None, merged: Object | None, due: str, why: str
) -> None:
    plan, deletion = deleted(text, seen, drop=drop, merged=merged)
    assert (deletion.step.due, why in deletion.step.why) == (due, True), deletion.step.why
    assert (plan.unchanged is not None) == (due == "wait")
    assert bool(plan.files) == (due != "wait")


def test_waiting_destroys_nothing_and_says_how_to_go_on() -> None:
    plan, _ = deleted(ABSENT, live(entry=MANAGED, state="reconciled"))
    assert (plan.destroys, plan.impact.level) == (None, Level.NONE)
    assert plan.next == ("Wait until it is applied (list_postgres_roles shows it), then call this again",)


def test_the_first_step_of_an_entry_says_absent_and_drops_the_role() -> None:
    plan, _ = deleted(INLINE, live(entry=MANAGED))
    assert {one.path: one.after for one in plan.files} == {"prod/orders.yaml": ABSENT}
    assert plan.impact.level is Level.DATA_LOSS
    assert plan.destroys == (
        "deleting role 'dave' of Cluster shop/orders drops it in PostgreSQL, with its grants and its password"
    )
    assert plan.next[0] == "Once this is applied, the operator drops role 'dave'"


def test_an_entry_that_says_present_is_changed_in_that_line() -> None:
    text = INLINE + "        ensure: present   # of course\n        connectionLimit: 3\n"
    (change,) = deleted(text, None)[0].files
    assert change.after == text.replace("ensure: present", "ensure: absent")


def test_the_first_step_of_an_object_drops_nothing_yet() -> None:
    plan, _ = deleted(OBJECT, live(policy="retain"))
    assert {one.path: one.after for one in plan.files} == {"prod/role-dave.yaml": DELETING}
    assert plan.impact.level is Level.NONE
    assert plan.destroys is not None
    assert plan.next[0] == "Nothing is dropped yet: role 'dave' goes with its manifest, in step 2"


def test_the_last_step_of_an_entry_takes_it_out_and_drops_nothing_more() -> None:
    plan, _ = deleted(ABSENT, live(entry=ASKED, state="reconciled"))
    assert {one.path: one.after for one in plan.files} == {"prod/orders.yaml": HEAD + LIST + OTHER}
    assert plan.impact.level is Level.NONE
    assert plan.next[0].startswith("The operator has dropped role 'dave', as it last reported; once the entry is gone")
    assert plan.subject == "Drop role dave of Cluster shop/orders"


def test_the_last_step_of_an_object_takes_its_file_and_drops_the_role() -> None:
    plan, _ = deleted(DELETING, live(policy="delete"))
    assert {one.path: one.after for one in plan.files} == {
        "prod/kustomization.yaml": "resources:\n- orders.yaml\n",
        "prod/role-dave.yaml": None,
    }
    assert plan.impact.level is Level.DATA_LOSS
    assert "one that owns objects cannot be dropped" in plan.next[0]


@pytest.mark.parametrize(
    ("age", "due"),
    [
        pytest.param(timedelta(seconds=0), "wait", id="just written"),
        pytest.param(timedelta(seconds=59), "wait", id="a second short"),
        pytest.param(timedelta(seconds=60), "remove", id="old enough"),
        pytest.param(timedelta(seconds=-5), "wait", id="by a clock that is ahead"),
    ],
)
def test_a_report_that_may_be_older_than_the_list_does_not_count(age: timedelta, due: str) -> None:
    plan, deletion = deleted(ABSENT, live(entry=ASKED, state="reconciled"), age=age)
    assert deletion.step.due == due
    assert (plan.unchanged is not None) == (due == "wait")


def written(manager: str, time: str, fields: Object, **more: str) -> Object:
    return {"manager": manager, "operation": "Update", "time": time, "fieldsV1": fields, **more}


LISTED: Object = {"f:spec": {"f:managed": {".": {}, "f:roles": {}}}}


def test_the_age_of_a_list_is_told_by_whoever_last_wrote_it() -> None:
    managers = [
        written("kubectl-create", "2026-10-20T09:00:00Z", LISTED),
        written("gitops-mcp", "2026-10-20T09:09:30Z", LISTED),
        written("argocd-controller", "2026-10-20T09:09:50Z", {"f:spec": {"f:instances": {}}}),
        written("manager", "2026-10-20T09:09:55Z", {"f:status": {"f:managedRolesStatus": {}}}, subresource="status"),
    ]
    now = datetime(2026, 10, 20, 9, 10, tzinfo=UTC)
    assert time_since_last_write({"metadata": {"managedFields": managers}}, now) == timedelta(seconds=30)
    assert time_since_last_write({"metadata": {"managedFields": managers[2:]}}, now) is None
    assert time_since_last_write({"metadata": {}}, now) is None


@pytest.mark.parametrize(
    ("text", "seen", "merged"),
    [
        pytest.param(DELETING, live(policy="retain"), None, id="in Git"),
        pytest.param(OBJECT, live(policy="retain"), {"databaseRoleReclaimPolicy": "delete"}, id="at the base"),
        pytest.param(OBJECT, live(policy="delete"), None, id="live"),
    ],
)
def test_a_policy_of_delete_needs_a_word_wherever_it_stands(text: str, seen: LiveRoles, merged: Object | None) -> None:
    plan, deletion = deleted(text, seen, drop=False, merged=merged)
    assert plan.subject == "Drop role dave of Cluster shop/orders"
    assert "drops it in PostgreSQL" in str(plan.destroys)
    assert plan.impact.level is Level.DATA_LOSS
    assert plan.next[0].startswith("Once this is applied, the operator drops role 'dave'")
    assert ("unless the live policy is still retain then" in plan.next[0]) == (not deletion.drop_is_live)
    assert not deletion.leaves_role


@pytest.mark.parametrize("text", [INLINE, ABSENT, OBJECT, DELETING], ids=["entry", "absent", "object", "deleting"])
def test_of_what_was_never_live_nothing_is_dropped(text: str) -> None:
    plan, deletion = deleted(text, live())
    assert (deletion.step.due, plan.destroys, plan.impact.level) == ("remove", None, Level.NONE)
    assert plan.next == (
        "Nothing is dropped: no live object says role 'dave'; what PostgreSQL has under that name stays",
    )
    assert plan.subject == "Release role dave of Cluster shop/orders"
    assert not deletion.leaves_role


@pytest.mark.parametrize(
    ("text", "merged"),
    [
        pytest.param(ABSENT, ASKED, id="entry"),
        pytest.param(DELETING, {"databaseRoleReclaimPolicy": "delete"}, id="object"),
    ],
)
def test_what_the_base_asks_to_drop_may_become_live_and_needs_a_word(text: str, merged: Object) -> None:
    plan, _ = deleted(text, live(), merged=merged)
    assert str(plan.destroys).endswith("nothing of it is live, but the base asks for its drop")
    assert "unless the base, which asks for it, is applied before this" in plan.next[0]


def test_what_the_base_still_makes_stays() -> None:
    plan, _ = deleted(INLINE, live(), merged=MANAGED)
    assert plan.next[0].endswith("has under that name, or gets from the base before this is applied, stays")


@pytest.mark.parametrize(
    ("text", "seen", "fate"),
    [
        pytest.param(INLINE, live(entry=MANAGED), "stays in PostgreSQL as it is and can still log in; nothing manages it", id="it may log in"),
        pytest.param(INLINE.replace("login: true", "login: false"), live(entry=MANAGED), "stays in PostgreSQL as it is; nothing", id="it may not"),
        pytest.param(OBJECT, live(policy="retain"), "stays in PostgreSQL as it is and can still log in", id="an object"),
        pytest.param(OBJECT, None, "stays in PostgreSQL as it is and can still log in", id="an object, unread"),
    ],
)  # fmt: skip
def test_a_role_that_is_released_stays_and_costs_nothing(text: str, seen: LiveRoles | None, fate: str) -> None:
    plan, _ = deleted(text, seen, drop=False)
    assert plan.subject == "Release role dave of Cluster shop/orders"
    assert (plan.destroys, plan.impact.level) == (None, Level.NONE)
    assert fate in plan.next[0]


@pytest.mark.parametrize(
    ("text", "seen", "keep"),
    [
        pytest.param(OBJECT, live(policy="delete"), "to keep it, first set its reclaim policy to retain at prod/role-dave.yaml:1", id="object"),
        pytest.param(ABSENT, live(entry=ASKED, state="reconciled"), "to keep it, first take `ensure: absent` out at prod/orders.yaml:11", id="entry"),
    ],
)  # fmt: skip
def test_what_is_dropped_although_it_was_not_asked_for_needs_a_word_and_says_how_to_keep_it(
    text: str, seen: LiveRoles, keep: str
) -> None:
    plan, _ = deleted(text, seen, drop=False)
    assert keep in str(plan.destroys)


def protected(key: str, value: str) -> Object:
    return {
        "metadata": {"name": "orders-dave", "annotations": {key: value}},
        "spec": {"name": "dave", "cluster": {"name": "orders"}, "databaseRoleReclaimPolicy": "delete"},
    }


PRUNE = ("kustomize.toolkit.fluxcd.io/prune", "disabled")
OPTION = ("argocd.argoproj.io/sync-options", "Prune=false")


@pytest.mark.parametrize("protection", [PRUNE, OPTION], ids=["Flux", "Argo CD"])
@pytest.mark.parametrize("where", ["live too", "Git"])
def test_a_protected_object_stays_and_no_drop_is_claimed(protection: tuple[str, str], where: str) -> None:
    seen = LiveRoles({}, (protected(*protection),)) if where == "live too" else live(policy="delete")
    noted = f"  annotations:\n    {protection[0]}: {protection[1]}\n"
    plan, deletion = deleted(DELETING.replace("spec:\n", f"{noted}spec:\n"), seen)
    assert plan.impact.level is Level.NONE
    assert plan.next[0].startswith("The live DatabaseRole stays, and so does role 'dave', since ")
    assert "protects it against pruning: a person has to delete it" in plan.next[0]
    assert plan.subject == "Release role dave of Cluster shop/orders"
    assert "would drop it in PostgreSQL, but for this" in str(plan.destroys)
    assert deletion.leaves_role


def test_a_protection_that_only_the_live_role_carries_is_taken_away_by_a_person_first() -> None:
    plan, _ = deleted(DELETING, LiveRoles({}, (protected(*PRUNE),)))
    assert (plan.files, plan.destroys) == ((), None)
    assert str(plan.unchanged).startswith(
        f"nothing was changed: only the live DatabaseRole carries `{': '.join(PRUNE)}`"
    )
    assert plan.next == (
        f"A person takes it away with `kubectl -n shop annotate databaseroles.postgresql.cnpg.io orders-dave {PRUNE[0]}-`",
        "Once it is gone, call this again",
    )


def test_what_keeps_an_engine_from_pruning_keeps_nothing_from_the_api() -> None:
    plan, deletion = deleted(DELETING, LiveRoles({}, (protected(*OPTION),)), prunes=False)
    assert (plan.impact.level, deletion.leaves_role) == (Level.DATA_LOSS, False)
    assert plan.next[0].startswith("Once this is applied, the operator drops role 'dave'")


def test_an_object_that_is_not_live_is_not_said_to_stay() -> None:
    noted = f"  annotations:\n    {PRUNE[0]}: {PRUNE[1]}\n"
    plan, _ = deleted(OBJECT.replace("spec:\n", f"{noted}spec:\n"), live())
    assert "stays, and so does" not in plan.next[0]


FLUX = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: dbs, namespace: flux-system}
spec: {path: ./prod, prune: false, sourceRef: {kind: GitRepository, name: fleet}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: fleet, namespace: flux-system}
spec: {url: "https://git.example.com/fleet.git", ref: {branch: main}}
"""


def test_an_engine_that_does_not_prune_leaves_it() -> None:
    files = {**CLUSTER_FILES, "prod/role-dave.yaml": DELETING, "flux/dbs.yaml": FLUX}
    remotes = ("https://git.example.com/fleet.git",)
    desired = build_desired(files, commit="0" * 40, folder="prod", remotes=remotes)
    role = require_role(desired, desired.cluster("orders", "shop", environment="prod"), REF, "dave")
    deletion = RoleDeletion(role, REF, True, live(policy="delete"))
    deletion = replace(deletion, kept=why_not_pruned(role.declared, deletion.seen))
    plan = plan_role_deletion(desired, deletion, PasswordRemoval())
    assert "does not prune by itself: a person has to delete it" in plan.next[0]
    assert plan.impact.level is Level.NONE


DATABASE = """\
apiVersion: postgresql.cnpg.io/v1
kind: Database
metadata: {name: orders-reports, namespace: shop}
spec: {cluster: {name: orders}, name: reports, owner: dave}
"""


@pytest.mark.parametrize(
    ("text", "database", "drop", "warned"),
    [
        pytest.param(INLINE, DATABASE, True, ["owns-databases"], id="its database"),
        pytest.param(OBJECT, DATABASE, True, ["owns-databases"], id="its database, as an object"),
        pytest.param(INLINE, DATABASE, False, [], id="kept"),
        pytest.param(INLINE, DATABASE.replace("dave", "app"), True, [], id="another owner's"),
        pytest.param(INLINE, DATABASE.replace("{name: orders}", "{name: carts}"), True, [], id="another cluster's"),
    ],
)
def test_a_role_that_owns_a_database_is_warned_of(text: str, database: str, drop: bool, warned: list[str]) -> None:
    plan, _ = deleted(text, None, drop=drop, database=database)
    assert [one.id for one in plan.warnings] == warned


def test_what_was_made_for_its_password_goes_with_the_last_step() -> None:
    a, b, c, d = (f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n" for name in "abcd")
    several = f"{a}---\n{b}---\n{c}"
    files = {**CLUSTER_FILES, "prod/role-dave.yaml": OBJECT, "prod/secrets.yaml": several, "prod/own.yaml": d}
    files["prod/kustomization.yaml"] += "- secrets.yaml\n- own.yaml\n"
    desired = build_desired(files, commit="0" * 40, folder="prod")
    role = require_role(desired, desired.cluster("orders", "shop", environment="prod"), REF, "dave")
    removing = PasswordRemoval((("prod/own.yaml", (0,)), ("prod/secrets.yaml", (0, 2))), ("The Secret goes too",))
    plan = plan_role_deletion(desired, RoleDeletion(role, REF, False, live(policy="retain")), removing)
    assert {one.path: one.after for one in plan.files} == {
        "prod/kustomization.yaml": "resources:\n- orders.yaml\n- secrets.yaml\n",
        "prod/own.yaml": None,
        "prod/role-dave.yaml": None,
        "prod/secrets.yaml": f"---\n{b}",
    }
    assert plan.next[-1] == "The Secret goes too"


@pytest.mark.parametrize(
    ("text", "base", "expected"),
    [
        pytest.param(ABSENT, INLINE, {"name": "dave", "login": True}, id="another entry"),
        pytest.param(ABSENT, ABSENT, {"name": "dave", "login": True, "ensure": "absent"}, id="the same"),
        pytest.param(ABSENT, HEAD, None, id="no list"),
        pytest.param(ABSENT, HEAD + LIST + OTHER, None, id="no entry"),
        pytest.param(ABSENT, HEAD + LIST + ENTRY + OTHER, {"name": "dave", "login": True}, id="at another index"),
    ],
)
def test_what_the_base_says_of_an_entry_is_found_by_its_name(text: str, base: str, expected: Any) -> None:
    desired = build_desired({**LISTING, "prod/orders.yaml": base}, commit="0" * 40, folder="prod")
    assert role_at_base(read(text)[1], desired) == expected


def test_what_the_base_says_of_an_object_is_its_spec() -> None:
    assert role_at_base(read(DELETING)[1], read(OBJECT)[0]) == {
        "cluster": {"name": "orders"},
        "name": "dave",
        "login": True,
    }
    assert role_at_base(read(DELETING)[1], read(INLINE)[0]) is None


def test_of_a_replica_cluster_no_drop_is_promised() -> None:
    replica = "  replica: {primary: north, source: north}\n"
    plan, _ = deleted(INLINE + replica, live(entry=MANAGED))
    assert plan.next[0] == "Once this is applied and Cluster shop/orders is promoted, the operator drops role 'dave'"
