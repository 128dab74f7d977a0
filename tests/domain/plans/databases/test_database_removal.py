"""Taking a database out of Git: the step that is due, and what becomes of the data."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gitops_mcp.domain.impact.level import Level
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.plans.databases.database import require_database
from gitops_mcp.domain.plans.databases.database_removal import DatabaseDeletion, plan_database_deletion
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.removal_step import why_not_pruned
from tests.domain.plans.database_files import CLUSTER, DATABASE, REF, REPLICA, WAITS, database, read

ABSENT = DATABASE + "  ensure: absent\n"
DELETE = DATABASE + "  databaseReclaimPolicy: delete\n"
DROPPED = {**database(ensure="absent"), "status": {"applied": True, "observedGeneration": 2}}
FAILING = {**database(ensure="absent"), "status": {"applied": False, "message": "is being accessed by other users"}}
WAITING = {**database(ensure="absent"), "status": {"applied": True, "observedGeneration": 1}}
PROTECTED = {"argocd.argoproj.io/sync-options": "Prune=false"}
KEPT = DATABASE.replace("metadata:\n", "metadata:\n  annotations: {argocd.argoproj.io/sync-options: Prune=false}\n")
MERGED_ABSENT: Object = {"spec": {"ensure": "absent"}}
MERGED_DELETE: Object = {"spec": {"databaseReclaimPolicy": "delete"}}


def deleted(
    text: str,
    *live: Object | None,
    drop: bool = True,
    merged: Object | None = None,
    prunes: bool = True,
    cluster_text: str = CLUSTER,
) -> tuple[Plan, DatabaseDeletion]:
    """Without any live one: the API says that there is none; with None: it could not be asked."""
    desired, cluster = read(d=text, orders=cluster_text)
    declared = require_database(desired, cluster, REF, "reports")
    seen = None if None in live else tuple(one for one in live if one is not None)
    deletion = DatabaseDeletion(declared, REF, drop, seen, merged)
    deletion = replace(deletion, kept=why_not_pruned(declared, deletion.seen)) if prunes else deletion
    return plan_database_deletion(desired, deletion), deletion


@pytest.mark.parametrize(
    ("text", "drop", "live", "merged", "due", "why"),
    [
        pytest.param(DATABASE, False, database(), None, "remove", "it goes from Git, and stays in PostgreSQL", id="kept"),
        pytest.param(DATABASE, False, None, None, "remove", "it goes from Git, and stays in PostgreSQL", id="kept, unread"),
        pytest.param(DATABASE, False, database(databaseReclaimPolicy="delete"), None, "remove", "dropped anyway", id="live policy delete"),
        pytest.param(DELETE, False, database(databaseReclaimPolicy="retain"), None, "remove", "its reclaim policy is delete, and once that is live it is dropped", id="policy delete in Git only"),
        pytest.param(DATABASE, False, database(), MERGED_DELETE, "remove", "its manifest at the base asks for it", id="policy delete merged only"),
        pytest.param(DATABASE, False, database(), MERGED_ABSENT, "remove", "its manifest at the base asks for it", id="absent merged only"),
        pytest.param(DATABASE, False, DROPPED, None, "remove", "the live Database says `ensure: absent`, so it is dropped", id="live absent only"),
        pytest.param(DELETE, False, None, None, "remove", "dropped anyway", id="policy delete, unread"),
        pytest.param(DATABASE, True, database(), None, "ask", "step 1 of 2: `ensure: absent`", id="live"),
        pytest.param(DATABASE, True, None, None, "ask", "step 1 of 2: `ensure: absent`", id="unread"),
        pytest.param(DELETE, True, database(databaseReclaimPolicy="delete"), None, "ask", "step 1 of 2", id="asked to drop, policy delete"),
        pytest.param(ABSENT, True, database(), None, "wait", "step 1 of 2 is in Git but not applied yet", id="not applied"),
        pytest.param(ABSENT, True, FAILING, None, "wait", "cannot be dropped. The operator says: is being accessed by other users", id="failing"),
        pytest.param(ABSENT, True, WAITING, None, "wait", "applied, and the database is not dropped yet", id="not reconciled"),
        pytest.param(ABSENT, True, database(ensure="absent"), None, "wait", "not dropped yet", id="no status"),
        pytest.param(ABSENT, True, DROPPED, None, "remove", "step 2 of 2: the database is dropped", id="dropped"),
        pytest.param(ABSENT, False, DROPPED, None, "remove", "step 2 of 2", id="dropped, asked to keep it"),
        pytest.param(ABSENT, True, None, None, "wait", "proposed but not merged, and the API could not be read", id="unread, not merged"),
        pytest.param(ABSENT, True, None, {"spec": {"ensure": "present"}}, "wait", "proposed but not merged", id="unread, another merged"),
        pytest.param(ABSENT, True, None, MERGED_ABSENT, "remove", "whether step 1 has been applied could not be read", id="unread, merged"),
    ],
)  # fmt: skip
def test_the_step_that_is_due(
    text: str, drop: bool, live: Object | None, merged: Object | None, due: str, why: str
) -> None:
    plan, deletion = deleted(text, live, drop=drop, merged=merged)
    assert (deletion.step.due, why in deletion.step.why) == (due, True), deletion.step.why
    assert (plan.unchanged is not None) == (due == "wait")
    assert bool(plan.files) == (due != "wait")


@pytest.mark.parametrize("drop", [True, False])
def test_what_is_not_live_goes_in_one_step(drop: bool) -> None:
    plan, deletion = deleted(DATABASE, drop=drop)
    assert deletion.step.why.startswith("the only step: no live Database says this database")
    assert [(one.path, one.action) for one in plan.files] == [
        ("prod/d.yaml", "deleted"),
        ("prod/kustomization.yaml", "modified"),
    ]
    assert (plan.impact.level, plan.destroys) == (Level.NONE, None)
    assert plan.next == (
        "Nothing is dropped: no live Database says 'reports'; what PostgreSQL has under that name stays",
    )


@pytest.mark.parametrize(
    ("text", "merged"), [(DELETE, MERGED_DELETE), (ABSENT, MERGED_ABSENT)], ids=["delete", "absent"]
)
def test_what_the_base_asks_to_drop_may_become_live_and_needs_a_word(text: str, merged: Object) -> None:
    plan, _ = deleted(text, merged=merged)
    assert str(plan.destroys).endswith("no live Database says it, but the base asks for its drop")
    assert "unless the base, which asks for it, is applied before this" in plan.next[0]


@pytest.mark.parametrize(
    ("text", "live", "merged"),
    [
        pytest.param(DELETE, database(databaseReclaimPolicy="retain"), None, id="in Git"),
        pytest.param(DATABASE, database(databaseReclaimPolicy="retain"), MERGED_DELETE, id="at the base"),
    ],
)
def test_a_policy_of_delete_needs_a_word_before_it_is_live(text: str, live: Object, merged: Object | None) -> None:
    plan, _ = deleted(text, live, drop=False, merged=merged)
    assert plan.subject == "Drop database reports of Cluster shop/orders"
    assert "drops it with all data; to keep it, first set databaseReclaimPolicy: retain" in str(plan.destroys)
    assert plan.impact.level is Level.DATA_LOSS
    assert plan.next[0].endswith("with all data, unless the live policy is still retain then")


def test_what_is_absent_live_is_said_to_be_dropped_by_that_and_not_by_its_policy() -> None:
    plan, _ = deleted(DATABASE, DROPPED, drop=False)
    assert str(plan.destroys).endswith("; its live Database says `ensure: absent`, which prod/d.yaml:1 does not")
    assert plan.impact.level is Level.DATA_LOSS
    assert plan.next == ("The operator has dropped database 'reports', or drops it before this is applied",)
    plan, _ = deleted(ABSENT, DROPPED, drop=False)
    assert "to keep it, first take `ensure: absent` out at prod/d.yaml:1" in str(plan.destroys)


def test_the_first_step_drops_the_database_once_it_is_applied() -> None:
    plan, _ = deleted(DATABASE, database())
    assert {one.path: one.after for one in plan.files} == {"prod/d.yaml": ABSENT}
    assert plan.impact.level is Level.DATA_LOSS
    assert plan.destroys == "deleting database 'reports' of Cluster shop/orders drops it with all data"
    assert plan.next[0] == "Once this is applied, the operator drops database 'reports' with all data"


def test_the_last_step_takes_the_manifest_and_drops_nothing_more() -> None:
    plan, _ = deleted(ABSENT, DROPPED)
    assert plan.impact.level is Level.NONE
    assert plan.next == ("The operator has dropped database 'reports', or drops it before this is applied",)


def test_what_goes_by_its_policy_is_data_loss_and_says_how_to_keep_it() -> None:
    plan, _ = deleted(DATABASE, database(databaseReclaimPolicy="delete"), drop=False)
    assert plan.impact.level is Level.DATA_LOSS
    assert "to keep it, first set databaseReclaimPolicy: retain at prod/d.yaml:1" in str(plan.destroys)
    assert plan.next == ("Once this is applied, the operator drops database 'reports' with all data",)


def test_what_is_kept_needs_no_word() -> None:
    plan, _ = deleted(DATABASE, database(), drop=False)
    assert plan.subject == "Release database reports of Cluster shop/orders"
    assert (plan.destroys, plan.impact.level) == (None, Level.NONE)
    assert plan.next == ("Database 'reports' stays in PostgreSQL with all data; nothing manages it any more",)


def test_waiting_destroys_nothing() -> None:
    plan, _ = deleted(ABSENT, WAITING)
    assert (plan.destroys, plan.impact.level) == (None, Level.NONE)
    assert plan.next == ("Wait until it is applied (list_postgres_databases shows it), then call this again",)


def test_a_protected_database_stays_and_no_drop_is_claimed() -> None:
    plan, _ = deleted(KEPT, database(databaseReclaimPolicy="delete"), drop=False)
    assert plan.impact.level is Level.NONE
    assert plan.next[0].startswith("The live Database stays, and so does database 'reports', since ")
    assert plan.subject == "Release database reports of Cluster shop/orders"
    assert "would drop it with all data, but for this: " in str(plan.destroys)


def test_a_protected_object_that_asked_for_the_drop_stays_and_the_database_does_not() -> None:
    plan, _ = deleted(KEPT + "  ensure: absent\n", DROPPED)
    assert plan.next[0].startswith("The operator has dropped database 'reports', or drops it before this is applied; ")
    assert "the live Database stays, since " in plan.next[0]


@pytest.mark.parametrize(
    ("text", "live", "drop"),
    [(DATABASE, database(), False), (ABSENT, DROPPED, True)],
    ids=["it goes from Git only", "it is dropped"],
)
def test_a_protection_that_only_the_live_database_carries_is_taken_away_by_a_person_first(
    text: str, live: Object, drop: bool
) -> None:
    held: Object = {**live, "metadata": {**live["metadata"], "annotations": PROTECTED}}
    plan, _ = deleted(text, held, drop=drop)
    assert (plan.files, plan.destroys) == ((), None)
    assert str(plan.unchanged).startswith(
        "nothing was changed: only the live Database carries `argocd.argoproj.io/sync-options: Prune=false`, which Git "
        "does not declare"
    )
    assert plan.next == (
        (
            "A person takes it away with `kubectl -n shop annotate databases.postgresql.cnpg.io orders-reports "
            "argocd.argoproj.io/sync-options-`"
        ),
        "Once it is gone, call this again",
    )
    assert deleted(text, live, drop=drop)[0].files


def test_what_keeps_an_engine_from_pruning_keeps_nothing_from_the_api() -> None:
    live = database(databaseReclaimPolicy="delete")
    live["metadata"]["annotations"] = PROTECTED
    plan, _ = deleted(DATABASE, live, drop=False, prunes=False)
    assert plan.impact.level is Level.DATA_LOSS
    assert plan.next == ("Once this is applied, the operator drops database 'reports' with all data",)


def test_of_a_replica_cluster_no_drop_is_promised() -> None:
    plan, _ = deleted(DATABASE, database(), cluster_text=REPLICA)
    assert plan.next[0] == (
        "Once this is applied and Cluster shop/orders is promoted, the operator drops database 'reports' with all data"
    )
    plan, _ = deleted(DELETE, database(databaseReclaimPolicy="delete"), drop=False, cluster_text=REPLICA)
    assert plan.next[0].startswith("Once this is applied and Cluster shop/orders is promoted, ")
    assert WAITS in plan.warnings[0].message
