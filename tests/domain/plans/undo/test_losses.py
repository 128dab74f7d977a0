from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.objects import Identity, Object
from gitops_mcp.domain.plans.undo.losses import LiveObject, may_be_gone, what_is_lost, what_stops, why_gone
from gitops_mcp.domain.repository.changes import ObjectChange

NOWHERE, UNREAD = LiveObject(None), LiveObject(None, is_read=False)


def made(kind: str, **spec: Any) -> Object:
    return {"kind": kind, "metadata": {"name": "db", "namespace": "shop", "generation": 2}, "spec": spec}


def with_schema(ensure: str) -> Object:
    return made("Database", name="one", schemas=[{"name": "s", "ensure": ensure}])


def annotated(annotations: dict[str, str]) -> Object:
    return {**CLUSTER, "metadata": {**CLUSTER["metadata"], "annotations": annotations}}


def changed(before: Object | None, after: Object | None) -> ObjectChange:
    kind = (before or after or {})["kind"]
    return ObjectChange(Identity(kind, "shop", "db"), before, after, ())


CLUSTER, DATABASE = made("Cluster", instances=3), made("Database", name="one")
RECLAIMED = made("Database", name="one", databaseReclaimPolicy="delete")
ROLE = made("DatabaseRole", name="one", databaseRoleReclaimPolicy="delete")
ABSENT = made("Database", name="one", ensure="absent")
DROPPED = {**ABSENT, "status": {"applied": True, "observedGeneration": 2}}
GOING = {**CLUSTER, "metadata": {**CLUSTER["metadata"], "deletionTimestamp": "2026-11-30T00:00:00Z"}}


@pytest.mark.parametrize(
    ("change", "live", "gone"),
    [
        (changed(CLUSTER, None), LiveObject(CLUSTER), False),
        (changed(CLUSTER, None), NOWHERE, True),
        (changed(CLUSTER, None), LiveObject(GOING), True),
        (changed(CLUSTER, None), UNREAD, False),
        (changed(CLUSTER, made("Cluster", instances=5)), NOWHERE, False),
        (changed(DATABASE, None), NOWHERE, False),
        (changed(RECLAIMED, None), NOWHERE, True),
        (changed(RECLAIMED, None), LiveObject(RECLAIMED), False),
        (changed(DATABASE, ABSENT), LiveObject(DATABASE), False),
        (changed(DATABASE, ABSENT), LiveObject(ABSENT), False),
        (changed(DATABASE, ABSENT), LiveObject(DROPPED), True),
        (changed(DATABASE, ABSENT), NOWHERE, True),
        (changed(None, DATABASE), NOWHERE, False),
    ],
)
def test_data_that_is_gone_does_not_come_back_with_a_manifest(
    change: ObjectChange, live: LiveObject, gone: bool
) -> None:
    assert (why_gone(change, live) is not None) == gone


def test_where_it_could_not_be_read_that_is_told() -> None:
    assert may_be_gone(changed(CLUSTER, None), UNREAD)
    assert not may_be_gone(changed(CLUSTER, None), LiveObject(CLUSTER))
    assert not may_be_gone(changed(DATABASE, None), UNREAD)


@pytest.mark.parametrize(
    ("now", "wanted", "live", "told"),
    [
        (CLUSTER, None, LiveObject(CLUSTER), "deletes its pods and PVCs with all data"),
        (CLUSTER, None, UNREAD, "deletes its pods and PVCs with all data"),
        (CLUSTER, None, NOWHERE, None),
        (DATABASE, None, LiveObject(DATABASE), None),
        (DATABASE, None, LiveObject(RECLAIMED), "drops what it declares"),
        (RECLAIMED, None, UNREAD, "drops what it declares"),
        (DATABASE, ABSENT, LiveObject(DATABASE), "`ensure: absent` again"),
        (CLUSTER, made("Cluster", instances=1), LiveObject(CLUSTER), "no replica is left"),
        (CLUSTER, made("Cluster", instances=2), LiveObject(CLUSTER), None),
        (made("Cluster", instances=2), CLUSTER, NOWHERE, None),
        (CLUSTER, annotated({"cnpg.io/hibernation": "on"}), LiveObject(CLUSTER), "hibernated again"),
        (CLUSTER, annotated({"cnpg.io/fencedInstances": '["*"]'}), LiveObject(CLUSTER), "PostgreSQL stops on"),
        (CLUSTER, made("Cluster", instances=3, replica={"enabled": True}), UNREAD, "takes no more writes"),
        (
            made("Cluster", instances=3, replica={"enabled": True}),
            CLUSTER,
            UNREAD,
            "Cluster shop/db: spec.replica: the",
        ),
        (made("Cluster"), made("Cluster", instances=1), LiveObject(CLUSTER), None),
        (
            made("Cluster", instances="${N}"),
            made("Cluster", instances=3),
            LiveObject(made("Cluster", instances=5)),
            None,
        ),
        (with_schema("present"), with_schema("absent"), UNREAD, "spec.schemas[s]: is dropped from database one"),
        (with_schema("absent"), with_schema("present"), UNREAD, None),
        (DATABASE, made("Database", name="one", allowConnections=False), UNREAD, "nobody but a superuser connects"),
        (None, with_schema("present"), NOWHERE, None),
        (ROLE, None, LiveObject(ROLE), "drops role one (databaseRoleReclaimPolicy delete)"),
        (ROLE, None, NOWHERE, None),
        (made("DatabaseRole", name="one"), None, LiveObject(ROLE), "drops role one"),
        (made("DatabaseRole", name="one"), None, UNREAD, None),
        (made("DatabaseRole", name="one", login=True), made("DatabaseRole", name="one"), UNREAD, "no longer log in"),
        (
            made("DatabaseRole", name="one"),
            made("DatabaseRole", name="one", ensure="absent"),
            UNREAD,
            "`ensure: absent`",
        ),
        (made("Publication", name="p", publicationReclaimPolicy="delete"), None, UNREAD, "drops publication p"),
        (made("Pooler", instances=2), None, UNREAD, "Pooler shop/db: the Pooler and its Service are removed"),
        (made("Pooler", instances=2), made("Pooler", instances=0), UNREAD, "nobody connects through the Pooler"),
        (made("Pooler", instances=2), made("Pooler", instances=3), UNREAD, None),
    ],
)
def test_what_a_person_has_to_agree_to(
    now: Object | None, wanted: Object | None, live: LiveObject, told: str | None
) -> None:
    seen = changed(wanted, now), now, wanted, live
    found = what_is_lost(*seen) or what_stops(*seen)
    assert (found is None) == (told is None)
    assert (told or "") in (found or "")
