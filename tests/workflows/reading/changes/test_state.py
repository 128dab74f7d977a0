from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from gitops_mcp.domain.access.rights import Grant, Rights
from gitops_mcp.domain.objects import Object
from gitops_mcp.workflows.api_once import ApisOnce
from gitops_mcp.workflows.reading.changes.impact import impact_of_change
from gitops_mcp.workflows.reading.changes.questions import change_detail
from gitops_mcp.workflows.reading.changes.state import follow_spans
from gitops_mcp.workflows.reading.drift import read_drift
from gitops_mcp.workflows.spans import find_span
from tests.fakes.api import Answer, status
from tests.fakes.recorded import recorded
from tests.workflows.conftest import ABSENT, Api, Team, application, cluster, listed, live

MORE = {"db.yaml": cluster(spec="{instances: 5}")}


def merged(team: Team, files: dict[str, str | None] | None = None, *, merge: bool = True) -> str:
    team.commit({"db.yaml": cluster(), "readme.md": "one"})
    team.git("checkout", "--quiet", "-b", "gitops-mcp/more", "main")
    tip = team.commit(files or MORE)
    team.git("checkout", "--quiet", "main")
    if merge:
        team.merge("gitops-mcp/more")
    return tip


def followed(team: Team) -> tuple[str, str, list[str], list[str]]:
    """State, reason, states of the objects, ids of the warnings."""
    app = team.app()
    ground = app.ground(fetch=False)
    warnings: list[object] = []
    [(span, objects, _)] = follow_spans(ApisOnce(app, ground.settings), ground, [find_span(ground, "more")], warnings)  # type: ignore[arg-type] # read only
    ids = [one.id for one in warnings]  # type: ignore[attr-defined] # they are notices
    return span.state, span.why.removeprefix("main holds its last commit; "), [one.state for one in objects], ids


def starting(**spec: Any) -> Object:
    return live(**spec) | {"status": {"phase": "Setting up primary", "instances": 1, "readyInstances": 0}}


@pytest.mark.parametrize(
    ("answer", "state", "why", "objects"),
    [
        pytest.param(Answer(200, live()), "merged", "not live yet: spec.instances", "not applied", id="old value"),
        pytest.param(
            Answer(200, starting(instances=5)), "applied", "every changed field", "applied", id="live, not well yet"
        ),
        pytest.param(ABSENT, "merged", "there is no such live object", "not applied", id="no object"),
        pytest.param(
            status(500, "InternalError", "x"), "merged", "its objects could not be read", "unknown", id="unreadable"
        ),
    ],
)
@pytest.mark.few(2)
def test_a_merged_change_is_where_its_objects_are(
    team: Team, api: Api, answer: Answer, state: str, why: str, objects: str
) -> None:
    merged(team)
    api.cluster("shop", "db", answer)
    found = followed(team)
    assert (found[0], found[2]) == (state, [objects])
    assert found[1].startswith(why)


def test_an_edit_by_hand_adds_who_and_when_and_leaves_state_and_objects_as_they_are(team: Team, api: Api) -> None:
    merged(team)
    edited = live()
    edited["metadata"]["managedFields"] = [
        {"manager": "kubectl-edit", "time": "2026-03-01T10:00:00Z", "fieldsV1": {"f:spec": {"f:instances": {}}}}
    ]
    api.cluster("shop", "db", Answer(200, live()))
    before = followed(team)
    api.cluster("shop", "db", Answer(200, edited))
    after = followed(team)
    assert (after[0], after[2]) == (before[0], before[2]) == ("merged", ["not applied"])
    assert after[1] == before[1].replace(
        "spec.instances", "spec.instances; kubectl-edit set spec.instances at 2026-03-01T10:00:00Z", 1
    )


def test_it_is_healthy_once_all_its_objects_are(team: Team, api: Api) -> None:
    merged(team)
    well = live(instances=5)
    well["status"] |= {"instances": 5, "readyInstances": 5}
    api.cluster("shop", "db", Answer(200, well))
    assert followed(team)[0] == "healthy"


def test_it_has_failed_where_the_engine_cannot_apply_what_git_says(team: Team, api: Api) -> None:
    merged(team)
    api.cluster("shop", "db", Answer(200, live()))
    api.applications(listed(application(failing="admission refused it")))
    state, why, _, _ = followed(team)
    assert (state, why) == (
        "failed",
        (
            "the engine cannot apply it: Application argocd/apps has the condition SyncError; its words (untrusted "
            "text): admission refused it"
        ),
    )


def test_what_the_engine_says_of_others_is_not_told_to_who_may_see_a_part(team: Team, api: Api) -> None:
    merged(team)
    api.cluster("shop", "db", Answer(200, live()))
    api.applications(listed(application(failing='namespaces "bank" not found')))
    grant = Grant(frozenset({"read"}), namespaces=("shop",))
    asks = replace(team.app(), rights=Rights((grant,), grant.scopes, "jane"))
    told = (
        change_detail(asks, "more", detailed=True).model_dump_json(),
        read_drift(asks, None, namespace=None, environment=None, limit=5, cursor=None).model_dump_json(),
    )
    for one in told:
        assert "Application argocd/apps has the condition SyncError" in one
        assert "bank" not in one


@pytest.mark.parametrize(
    ("name", "state", "why"),
    [
        ("database-bad-ext", "failed", "extension no_such_ext: ERROR: extension"),
        ("database-second", "failed", '"books" is already managed by object "ledger-orders"'),
        ("database-absent", "healthy", "they are healthy"),
        ("databaserole-no-secret", "applied", "it waits for Secret not-there"),
        ("backup-no-section", "failed", "cannot proceed with the backup as the cluster has no backup section"),
        ("scheduledbackup-stuck-behind-pending", "applied", "should have run"),
        ("cluster-replica-unreachable", "applied", "1 of 2 instances are ready, 2 exist"),
        ("cluster-statusdown", "failed", "a NetworkPolicy"),
        ("cluster-disk-full", "failed", "enlarge the volume"),
        ("cluster-fenced", "failed", "instances are fenced: ledger-2"),
        ("cluster-hibernated", "healthy", "they are healthy"),
        ("cluster-disabled", "applied", "reconciliationLoop is 'disabled'"),
    ],
)
@pytest.mark.few(4)
def test_a_change_of_what_a_real_operator_wrote_is_where_that_says(
    team: Team, api: Api, name: str, state: str, why: str
) -> None:
    found = recorded(name)
    document = {key: found[key] for key in ("kind", "spec")} | {"apiVersion": "postgresql.cnpg.io/v1"}
    document["metadata"] = {"name": found["metadata"]["name"], "namespace": "bank"}
    merged(team, {"made.yaml": json.dumps(document)})
    plural = f"{found['kind'].lower()}s"
    path = f"/apis/postgresql.cnpg.io/v1/namespaces/bank/{plural}/{found['metadata']['name']}"
    api.answers[path] = Answer(200, found)
    told = followed(team)
    assert told[0] == state
    assert why in told[1]


def test_it_has_failed_where_the_operator_says_so(team: Team, api: Api) -> None:
    merged(team)
    stuck = live(instances=5) | {"status": {"phase": "Cluster is unrecoverable and needs manual intervention"}}
    api.cluster("shop", "db", Answer(200, stuck))
    assert followed(team)[0] == "failed"


def test_a_field_that_a_later_change_has_set_again_is_not_waited_for(team: Team, api: Api) -> None:
    merged(team)
    team.commit({"db.yaml": cluster(spec="{instances: 3}")})
    api.cluster("shop", "db", Answer(200, live()))
    found = followed(team)
    assert (found[0], found[2]) == ("reverted", [])


def test_a_change_of_no_object_is_applied_once_the_engine_has_applied_a_commit_with_it(team: Team, api: Api) -> None:
    merged(team, {"readme.md": "two"})
    found = followed(team)
    assert (found[0], found[2]) == ("merged", [])
    assert "only the engine can say" in found[1]
    head = team.git("rev-parse", "HEAD")
    api.applications(listed(application(revision=head)))
    assert followed(team)[:2] == ("applied", f"argocd/apps has applied {head[:12]}, which holds it")


@pytest.mark.parametrize("revision", ["HEAD", "v1.0", None], ids=["a name", "a version", "nothing"])
def test_a_revision_that_is_no_commit_says_nothing(team: Team, api: Api, revision: str | None) -> None:
    merged(team, {"readme.md": "two"})
    api.applications(listed(application(revision=revision)))
    assert followed(team)[0] == "merged"


def test_an_engine_that_has_applied_an_older_commit_has_not_applied_it(team: Team, api: Api) -> None:
    merged(team, {"readme.md": "two"})
    api.applications(listed(application(revision=team.git("rev-parse", "main~1"))))
    assert followed(team)[0] == "merged"


def test_an_open_change_stays_as_it_is_and_shows_what_its_objects_wait_for(team: Team, api: Api) -> None:
    merged(team, merge=False)
    api.cluster("shop", "db", Answer(200, live()))
    state, _, objects, _ = followed(team)
    assert (state, objects) == ("draft", ["not applied"])


def test_a_removed_object_is_waited_for_until_it_is_gone(team: Team, api: Api) -> None:
    merged(team, {"db.yaml": None})
    api.cluster("shop", "db", Answer(200, live()))
    assert followed(team)[:2] == ("merged", "the live object is still there")
    api.cluster("shop", "db", ABSENT)
    assert followed(team)[0] == "healthy"


def test_of_a_deletion_alone_it_is_said_that_it_is_gone_and_nothing_of_fields(team: Team, api: Api) -> None:
    merged(team, {"db.yaml": None})
    api.cluster("shop", "db", ABSENT)
    assert followed(team)[:2] == ("healthy", "what it deletes is gone")


PATCH = "- op: replace\n  path: /spec/instances\n  value: 5\n"


def test_a_patch_for_all_clusters_is_told_of_each_that_it_changes(team: Team, api: Api) -> None:
    names = ("one", "two", "three", "four")
    listing = f"resources: [{', '.join(f'{name}.yaml' for name in names)}]\n"
    patched = f"{listing}patches:\n- path: patch.yaml\n  target: {{kind: Cluster}}\n"
    team.commit({"kustomization.yaml": listing, **{f"{name}.yaml": cluster(name) for name in names}})
    merged(team, {"db.yaml": None, "kustomization.yaml": patched, "patch.yaml": PATCH})
    for name in names:
        api.cluster("shop", name, Answer(200, live(name)))
    api.cluster("shop", "db", ABSENT)
    state, why, objects, _ = followed(team)
    assert (state, objects) == ("merged", ["healthy", *["not applied"] * 4])
    assert why.startswith("Cluster shop/four: not live yet: spec.instances")
    assert why.endswith(" (and 3 other objects)")
    app = team.app()
    ground = app.ground(fetch=False)
    assert impact_of_change(app, ground, find_span(ground, "more")).reasons[1:] == (
        (
            "Cluster shop/four, Cluster shop/one, Cluster shop/three and 1 more: spec.instances 3 -> 5: adds 2 "
            "replicas, each a full copy on a new PVC; running instances go on"
        ),
    )


def test_what_is_not_to_be_read_is_named_and_keeps_the_change_at_merged(team: Team, api: Api) -> None:
    team.commit({".gitops-mcp.yaml": "environments: {dev: {namespaces: [shop]}}\n"})
    merged(team, {"x.yaml": cluster("x", "billing"), "nowhere.yaml": cluster("nowhere", None)})
    state, _, objects, warnings = followed(team)
    assert (state, objects) == ("merged", ["unknown", "unknown"])
    assert warnings == ["live-unavailable", "live-unavailable"]


def test_an_engine_that_cannot_be_read_hides_nothing_of_the_objects(team: Team, api: Api) -> None:
    merged(team)
    well = live(instances=5)
    well["status"] |= {"instances": 5, "readyInstances": 5}
    api.cluster("shop", "db", Answer(200, well))
    api.applications(status(503, "ServiceUnavailable", "down"))
    state, _, _, warnings = followed(team)
    assert (state, warnings) == ("healthy", ["engine-unreadable"])


def test_each_environment_is_asked_for_its_own_object(team: Team, api: Api) -> None:
    team.commit({".gitops-mcp.yaml": "environments: {a: {path: a}, b: {path: b}, c: {path: readme.md}}\n"})
    merged(team, {"a/db.yaml": cluster("a"), "b/db.yaml": cluster("b")})
    api.cluster("shop", "a", Answer(200, live("a")))
    api.cluster("shop", "b", ABSENT)
    state, _, objects, warnings = followed(team)
    assert (state, objects) == ("merged", ["healthy", "not applied"])
    assert warnings == ["environment-unreadable"]


SEALED = (
    "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: reader, namespace: shop}\n"
    "spec: {encryptedData: {password: AgB}}\n"
)
PLACE = "/apis/bitnami.com/v1alpha1/namespaces/shop/sealedsecrets/reader"


def unsealed(value: str, synced: str, *, observed: int = 2) -> Answer:
    condition = {"type": "Synced", "status": synced, "message": "no key could decrypt secret (password)"}
    body = {
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": {"name": "reader", "namespace": "shop", "generation": 2},
        "spec": {"encryptedData": {"password": value}},
        "status": {"conditions": [condition], "observedGeneration": observed},
    }
    return Answer(200, body)


@pytest.mark.parametrize(
    ("answer", "state", "why"),
    [
        pytest.param(
            unsealed("AgA", "True"), "merged", "not live yet: spec.encryptedData.password", id="not yet there"
        ),
        pytest.param(
            unsealed("AgB", "True", observed=1), "applied", "the controller has not looked", id="not looked at"
        ),
        pytest.param(unsealed("AgB", "True"), "healthy", "every changed field", id="opened"),
        pytest.param(
            unsealed("AgB", "False"), "failed", "SealedSecret shop/reader does not make Secret", id="not opened"
        ),
    ],
)
@pytest.mark.few(2)
def test_a_new_password_is_there_once_the_controller_has_opened_it(
    team: Team, api: Api, answer: Answer, state: str, why: str
) -> None:
    team.commit({"reader.yaml": SEALED.replace("AgB", "AgA")})
    merged(team, {"reader.yaml": SEALED})
    api.answers[PLACE] = answer
    found = followed(team)
    assert (found[0], found[3]) == (state, [])
    assert why in found[1]


def test_a_name_that_a_kustomization_gives_is_looked_for(team: Team, api: Api) -> None:
    files = {"kustomization.yaml": "namePrefix: re\nresources: [db.yaml, reader.yaml]\n"}
    team.commit({**files, "reader.yaml": SEALED.replace("AgB", "AgA").replace("name: reader", "name: ader")})
    merged(team, {"reader.yaml": SEALED.replace("name: reader", "name: ader")})
    api.answers[PLACE] = unsealed("AgB", "True")
    assert followed(team)[0] == "healthy"


def test_a_password_that_a_later_change_has_replaced_is_not_waited_for(team: Team, api: Api) -> None:
    team.commit({"reader.yaml": SEALED.replace("AgB", "AgA")})
    merged(team, {"reader.yaml": SEALED})
    team.commit({"reader.yaml": SEALED.replace("AgB", "AgC")})
    api.answers[PLACE] = unsealed("AgC", "True")
    found = followed(team)
    assert (found[0], found[2]) == ("superseded", [])


def test_without_the_right_to_read_it_a_change_is_not_held_back(team: Team, api: Api) -> None:
    merged(team, {**MORE, "reader.yaml": SEALED, "writer.yaml": SEALED.replace("reader", "writer")})
    well = live(instances=5)
    well["status"] |= {"instances": 5, "readyInstances": 5}
    api.cluster("shop", "db", Answer(200, well))
    denied = status(403, "Forbidden", 'User "dev" cannot get resource "sealedsecrets"')
    api.answers.update({PLACE: denied, PLACE.replace("reader", "writer"): denied})
    found = followed(team)
    assert (found[0], found[3]) == ("healthy", ["secret-conditions-unread"])
