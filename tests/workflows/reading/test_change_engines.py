"""What a merged change says of the engine object that applies it, in the usual layouts of Flux and Argo CD."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.answers.changes import ChangeDetail
from gitops_mcp.domain.objects import Object
from gitops_mcp.workflows.reading.changes.questions import change_detail, page_of_changes
from gitops_mcp.workflows.reading.clusters.status import read_cluster_status
from gitops_mcp.workflows.writing import clusters
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.fakes.api import Answer, status
from tests.workflows.conftest import ABSENT, Api, Team, cluster, listed, live

FLUX = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations"
SOURCE = "/apis/source.toolkit.fluxcd.io/v1/namespaces/flux-system/gitrepositories/flux-system"
ARGO = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications"
STORAGE: dict[str, Any] = {"storage": {"size": "1Gi"}}
FIVE = "{instances: 5, storage: {size: 1Gi}}"
DENIED = status(403, "Forbidden", 'gitrepositories is forbidden: User "alice" cannot get resource "gitrepositories"')


def declared(name: str, path: str) -> str:
    return (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
        f"metadata: {{name: {name}, namespace: flux-system}}\n"
        f"spec: {{path: ./{path}, prune: true, interval: 1m, sourceRef: {{kind: GitRepository, name: flux-system}}}}\n"
    )


BOOTSTRAP = {
    "clusters/prod/flux-system/sync.yaml": (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n"
        "metadata: {name: flux-system, namespace: flux-system}\n"
        "spec: {ref: {branch: main}, url: https://forge.example.org/house.git}\n---\n"
        + declared("flux-system", "clusters/prod")
    ),
    "clusters/prod/apps.yaml": declared("apps", "apps"),
    "apps/db.yaml": cluster(spec="{instances: 3, storage: {size: 1Gi}}"),
}
WRITTEN = (
    "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: db, namespace: argocd}\nspec:\n"
    "  source: {repoURL: https://forge.example.org/house.git, targetRevision: main, path: db}\n"
    "  destination: {server: https://kubernetes.default.svc, namespace: shop}\n"
)


def merged(team: Team, before: dict[str, str], after: dict[str, str | None]) -> tuple[str, str]:
    """The base before the change, and with it."""
    first = team.commit(before)
    team.git("checkout", "--quiet", "-b", "gitops-mcp/more", "main")
    team.commit(after)
    team.git("checkout", "--quiet", "main")
    team.merge("gitops-mcp/more")
    return first, team.git("rev-parse", "HEAD")


def kustomization(name: str, applied: str, tried: str | None = None, reason: str = "", **spec: Any) -> Object:
    ready = {"type": "Ready", "status": "False" if reason else "True", "reason": reason, "message": f"{name} says no"}
    reference = {"kind": "GitRepository", "name": "flux-system"}
    return {
        "metadata": {"name": name, "namespace": "flux-system"},
        "spec": {"path": f"./{name}", "prune": True, "interval": "1m", "sourceRef": reference, **spec},
        "status": {
            "lastAppliedRevision": f"main@sha1:{applied}",
            "lastAttemptedRevision": f"main@sha1:{tried or applied}",
            "conditions": [ready],
        },
    }


def git_repository(commit: str, **more: Any) -> Object:
    spec = {"url": "https://forge.example.org/house.git", "ref": {"branch": "main"}, "interval": "1m"}
    return {
        "kind": "GitRepository",
        "metadata": {"name": "flux-system", "namespace": "flux-system"},
        "spec": {**spec, **more.pop("spec", {})},
        "status": {"artifact": {"revision": f"main@sha1:{commit}"}, **more},
    }


def put(api: Api, *found: Object, source: Object | Answer | None = None) -> None:
    for one in found:
        api.answers[f"{FLUX}/{one['metadata']['name']}"] = Answer(200, one)
    if source is not None:
        api.answers[SOURCE] = source if isinstance(source, Answer) else Answer(200, source)


def told(team: Team) -> ChangeDetail:
    return change_detail(team.app(), "more", detailed=False)


@pytest.fixture
def scaled(team: Team, api: Api) -> tuple[str, str]:
    api.cluster("shop", "db", Answer(200, live(**STORAGE)))
    return merged(team, BOOTSTRAP, {"apps/db.yaml": cluster(spec=FIVE)})


@pytest.mark.parametrize("path", ["", "clusters/prod"], ids=["the root", "where the root Kustomization is"])
def test_another_applications_failure_is_none_of_a_change(team: Team, api: Api, path: str) -> None:
    config = {".gitops-mcp.yaml": f"environments: {{prod: {{path: '{path}'}}}}\n"}
    api.cluster("shop", "db", Answer(200, live(**STORAGE)))
    before, after = merged(team, {**BOOTSTRAP, **config}, {"apps/db.yaml": cluster(spec=FIVE)})
    put(api, kustomization("apps", before), source=git_repository(before))
    put(
        api,
        kustomization("b", before, after, "BuildFailed"),
        kustomization("flux-system", before, after, "BuildFailed"),
    )
    found = told(team)
    assert (found.state, found.engine) == ("merged", "Flux Kustomization flux-system/apps: Ready=True")
    assert found.engine_revision == before
    assert found.next == ["Call get_change again once it has looked at the branch again (every 1m)"]
    assert "b says no" not in found.why


def test_the_failure_of_the_one_that_applies_it_is_told(team: Team, api: Api, scaled: tuple[str, str]) -> None:
    before, after = scaled
    put(api, kustomization("flux-system", after), source=git_repository(after))
    put(api, kustomization("apps", before, after, "ReconciliationFailed"))
    found = told(team)
    assert found.state == "failed"
    assert found.why.endswith(
        "the engine cannot apply it: Kustomization flux-system/apps says ReconciliationFailed; "
        "its words (untrusted text): apps says no"
    )
    assert found.next[0] == "Mend what Kustomization flux-system/apps reports with a new change"
    shown = read_cluster_status(team.app(), "db", namespace="shop", environment=None, detailed=False)
    assert shown.engines == ["Flux Kustomization flux-system/apps: Ready=False ReconciliationFailed"]
    assert {one.id for one in shown.problems if "backup" not in one.id and "archiver" not in one.id} == {
        "engine-failing",
        "differs-from-git",
    }
    (row,) = page_of_changes(team.app(), state="all", limit=5, cursor=None).items
    assert (row.state, row.next) == ("failed", "mend what Kustomization flux-system/apps reports with a new change")


def test_a_failure_from_before_the_change_passes(team: Team, api: Api, scaled: tuple[str, str]) -> None:
    before, after = scaled
    put(api, kustomization("apps", before, before, "BuildFailed"), source=git_repository(after))
    found = told(team)
    assert (found.state, found.next) == (
        "merged",
        ["Call get_change again once it has tried the commit with the change"],
    )


SUSPENDED = "A person resumes it: `flux resume {} -n flux-system`, or takes spec.suspend out of Git"
FAILING: dict[str, Any] = {
    "conditions": [
        {"type": "Ready", "status": "False", "reason": "GitOperationFailed", "message": "authentication required"},
        {"type": "FetchFailed", "status": "True", "message": "authentication required"},
    ]
}


def test_a_suspended_kustomization_waits_for_a_person(team: Team, api: Api, scaled: tuple[str, str]) -> None:
    put(api, kustomization("apps", scaled[0], suspend=True), source=git_repository(scaled[1]))
    found = told(team)
    assert (found.state, found.next) == ("merged", [SUSPENDED.format("kustomization apps")])
    assert "Kustomization flux-system/apps is suspended (the last commit that it has applied is " in found.why
    shown = read_cluster_status(team.app(), "db", namespace="shop", environment=None, detailed=False)
    (problem,) = [one for one in shown.problems if one.id == "differs-from-git"]
    step = SUSPENDED.format("kustomization apps").replace("A person", "a person")
    assert problem.action == f"{step}; get_drift says who set what, and what will happen to it"


@pytest.mark.parametrize(
    ("source", "why", "step"),
    [
        pytest.param(
            {"spec": {"suspend": True}},
            "GitRepository flux-system/flux-system is suspended",
            SUSPENDED.format("source git flux-system"),
            id="suspended",
        ),
        pytest.param(
            FAILING,
            "cannot be fetched, so the engine gets no new commits (the last commit that it has got is {}); its words "
            "(untrusted text): authentication",
            "Somebody mends what GitRepository flux-system/flux-system reports; it is tried again by itself, and the "
            "change follows then",
            id="login failed",
        ),
        pytest.param(
            {"spec": {"ref": {"branch": "production"}}},
            "it applies production, not main",
            "Somebody points GitRepository flux-system/flux-system at this repository and branch",
            id="another branch",
        ),
        pytest.param(
            ABSENT,
            "its source GitRepository flux-system/flux-system is not there",
            "Somebody makes GitRepository flux-system/flux-system again, or names another in Kustomization "
            "flux-system/apps",
            id="gone",
        ),
    ],
)
@pytest.mark.few(1)
def test_a_source_that_brings_no_commits_is_told(
    team: Team, api: Api, scaled: tuple[str, str], source: dict[str, Any] | Answer, why: str, step: str
) -> None:
    before, _ = scaled
    seen = source if isinstance(source, Answer) else git_repository(before, **source)
    put(api, kustomization("apps", before), kustomization("flux-system", before), source=seen)
    found = told(team)
    assert (found.state, found.next) == ("merged", [step])
    assert why.format(before[:12]) in found.why


def test_without_the_right_to_read_sources_revision_and_tip_are_compared(
    team: Team, api: Api, scaled: tuple[str, str]
) -> None:
    before, after = scaled
    put(api, kustomization("apps", before), source=DENIED)
    found = told(team)
    assert f"is at {before[:12]}, the base at {after[:12]}; why cannot be determined" in found.why
    assert "gitrepositories" in found.why
    assert found.warnings == []


SECRET = (
    "apiVersion: v1\nkind: Secret\nmetadata: {{name: reader, namespace: shop}}\nstringData: {{password: 'ENC[AES256_GCM,{}]'}}\n"
    "sops: {{mac: 'ENC[AES256_GCM,x]'}}\n"
)


@pytest.mark.parametrize("path", ["", "clusters/prod"])
def test_a_new_password_is_applied_once_the_one_that_applies_its_file_has_it(team: Team, api: Api, path: str) -> None:
    config = {".gitops-mcp.yaml": f"environments: {{prod: {{path: '{path}'}}}}\n"}
    files = {**BOOTSTRAP, **config, "apps/reader.yaml": SECRET.format("a")}
    before, after = merged(team, files, {"apps/reader.yaml": SECRET.format("b")})
    held = kustomization("apps", before, suspend=True)
    held["status"]["inventory"] = {"entries": [{"id": "shop_reader__Secret", "v": "v1"}]}
    put(api, kustomization("flux-system", after), held, source=git_repository(after))
    found = told(team)
    assert (found.state, found.next) == ("merged", [SUSPENDED.format("kustomization apps")])
    held["status"]["lastAppliedRevision"] = f"main@sha1:{after}"
    found = told(team)
    assert (found.state, found.engine_revision) == ("applied", after)
    assert not [one for one in api.asked if "secrets" in one]


def application(**more: Any) -> Object:
    source = {"repoURL": "https://forge.example.org/house.git", "targetRevision": "main", "path": "db"}
    destination = {"server": "https://kubernetes.default.svc", "namespace": "shop"}
    return {
        "metadata": {"name": "db", "namespace": "argocd"},
        "spec": {"project": "default", "source": source, "destination": destination, **more.pop("spec", {})},
        "status": more,
    }


def resources(kind: str, name: str, state: str) -> list[Object]:
    return [{"kind": kind, "name": name, "namespace": "shop", "status": state}]


@pytest.mark.parametrize(
    ("state", "operation", "expected"),
    [
        pytest.param("OutOfSync", {}, "merged", id="compared only"),
        pytest.param("Synced", {"sync": {"resources": [{"kind": "ConfigMap"}]}}, "merged", id="another object synced"),
        pytest.param("OutOfSync", {"sync": {}}, "merged", id="edited since a whole sync"),
        pytest.param("Synced", {"sync": {}}, "applied", id="a whole sync"),
    ],
)
@pytest.mark.few(2)
def test_argo_cd_has_applied_a_secret_after_a_whole_sync(
    team: Team, api: Api, state: str, operation: Object, expected: str
) -> None:
    files = {"apps/db.yaml": WRITTEN, "db/db.yaml": cluster(), "db/reader.yaml": SECRET.format("a")}
    before, after = merged(team, files, {"db/reader.yaml": SECRET.format("b")})
    done = {"phase": "Succeeded", "operation": operation, "syncResult": {"revision": after}} if operation else {}
    body = application(
        sync={"status": "OutOfSync", "revision": after},
        operationState=done,
        history=[{"revision": before}],
        resources=resources("Secret", "reader", state),
    )
    api.answers[f"{ARGO}/db"] = Answer(200, body)
    found = told(team)
    assert found.state == expected
    if expected == "merged":
        assert found.next == ["A person syncs it: `argocd app sync db`, or the button Sync"]


def test_the_application_that_lists_the_object_is_asked_not_the_nearest(team: Team, api: Api) -> None:
    api.cluster("shop", "db", Answer(200, live(**STORAGE)))
    before, after = merged(team, {"db/db.yaml": cluster()}, {"db/db.yaml": cluster(spec=FIVE)})
    other = application(conditions=[{"type": "ComparisonError", "message": "not ours"}])
    other["metadata"]["name"] = "other"
    other["spec"]["source"] |= {"repoURL": "https://forge.example.org/else.git", "path": "."}
    own = application(
        sync={"status": "OutOfSync", "revision": after},
        history=[{"revision": before}],
        resources=resources("Cluster", "db", "OutOfSync"),
    )
    api.applications(listed(other, own))
    found = told(team)
    assert (found.state, found.engine_revision) == ("merged", before)
    assert found.next == ["A person syncs it: `argocd app sync db`, or the button Sync"]
    assert "not ours" not in found.why


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        pytest.param(listed(), "no engine object that does was found", id="there is none"),
        pytest.param(status(503, "ServiceUnavailable", "down"), "engine objects could not be read", id="unreadable"),
    ],
)
@pytest.mark.parametrize(
    "files", [{"db/db.yaml": cluster(spec=FIVE)}, {"readme.md": "two"}], ids=["Cluster", "no object"]
)
@pytest.mark.few(1)
def test_where_no_engine_object_is_known_somebody_finds_that_out(
    team: Team, api: Api, answer: Answer, why: str, files: dict[str, str | None]
) -> None:
    api.cluster("shop", "db", Answer(200, live(**STORAGE)))
    merged(team, {"db/db.yaml": cluster(), "readme.md": "one"}, files)
    api.applications(answer)
    found = told(team)
    assert (found.state, found.next) == ("merged", [f"Somebody finds out what applies it: {why}"])


def test_a_change_of_no_object_says_what_keeps_the_engine_from_it(team: Team, api: Api) -> None:
    before, after = merged(team, BOOTSTRAP, {"apps/readme.md": "two"})
    held = kustomization("apps", before, suspend=True)
    api.answers["/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations?limit=500"] = listed(held)
    put(api, source=git_repository(after))
    found = told(team)
    assert (found.state, found.next) == ("merged", [SUSPENDED.format("kustomization apps")])
    assert "is suspended (the last commit that it has applied is " in found.why


def test_what_keeps_a_change_out_is_told_with_the_change_that_caused_it(team: Team, api: Api) -> None:
    api.cluster("shop", "db", Answer(200, live(**STORAGE)))
    team.commit({"apps/db.yaml": WRITTEN, "db/db.yaml": cluster(), "db/old.yaml": cluster("old")})
    team.git("checkout", "--quiet", "-b", "gitops-mcp/remove-old", "main")
    team.git("rm", "--quiet", "db/old.yaml")
    team.git("commit", "--quiet", "-m", "Remove", "-m", "Gitops-Mcp-Change: remove-old")
    team.git("checkout", "--quiet", "main")
    team.merge("gitops-mcp/remove-old")
    stuck = team.git("rev-parse", "HEAD")
    _, after = merged(team, {}, {"db/db.yaml": cluster(spec=FIVE)})
    body = application(
        spec={"syncPolicy": {"automated": {"prune": True}}},
        sync={"status": "OutOfSync", "revision": after},
        operationState={
            "phase": "Running",
            "message": "waiting for pruning confirmation of postgresql.cnpg.io/Cluster/old",
            "operation": {"sync": {"revision": stuck}},
            "syncResult": {"revision": stuck},
        },
        resources=resources("Cluster", "db", "OutOfSync"),
    )
    api.answers[f"{ARGO}/db"] = Answer(200, body)
    found = told(team)
    assert found.state == "merged"
    assert f"on {stuck[:12]}, which is without this change and keeps later commits out" in found.why
    assert found.why.endswith("(that commit is change remove-old)")
    assert found.next[0].startswith("A person confirms it: `kubectl annotate application db -n argocd ")


def test_a_change_that_is_live_costs_two_requests_and_one_that_is_held_up_three(
    team: Team, api: Api, scaled: tuple[str, str]
) -> None:
    before, after = scaled
    put(api, kustomization("apps", before), source=git_repository(before))
    told(team)
    assert api.asked == ["/apis/postgresql.cnpg.io/v1/namespaces/shop/clusters/db", f"{FLUX}/apps", SOURCE]
    api.requests.clear()
    well = live(instances=5, **STORAGE)
    well["status"] |= {"instances": 5, "readyInstances": 5}
    api.cluster("shop", "db", Answer(200, well))
    put(api, kustomization("apps", after))
    assert told(team).state == "healthy"
    assert len(api.asked) == 2


def test_the_parent_counts_where_the_change_goes_through_it(team: Team, api: Api) -> None:
    api.cluster("shop", "db", Answer(200, live(**STORAGE)))
    patch = """{target: {kind: Cluster}, patch: '[{"op": "replace", "path": "/spec/instances", "value": 5}]'}"""
    patched = declared("apps", "apps").replace("spec: {", f"spec: {{patches: [{patch}], ")
    before, after = merged(team, BOOTSTRAP, {"clusters/prod/apps.yaml": patched})
    child = kustomization("apps", after)
    child["metadata"]["labels"] = {f"kustomize.toolkit.fluxcd.io/{key}": "flux-system" for key in ("name", "namespace")}
    root = kustomization("flux-system", before, after, "ReconciliationFailed")
    put(api, child, root, source=git_repository(after))
    found = told(team)
    assert found.state == "failed", found.why
    assert "Kustomization flux-system/flux-system says ReconciliationFailed" in found.why


@pytest.mark.parametrize(
    ("kind", "plural"),
    [("OCIRepository", "ocirepositories"), ("Bucket", "buckets"), ("GitRepository", "gitrepositories")],
)
def test_the_source_is_asked_for_by_its_kind(
    team: Team, api: Api, scaled: tuple[str, str], kind: str, plural: str
) -> None:
    held = kustomization("apps", scaled[0])
    held["spec"]["sourceRef"] = {"kind": kind, "name": "house", "namespace": "sources"}
    put(api, held)
    told(team)
    assert api.asked[-1] == f"/apis/source.toolkit.fluxcd.io/v1/namespaces/sources/{plural}/house"


def test_a_closed_window_of_the_project_is_told(team: Team, api: Api) -> None:
    api.cluster("shop", "db", Answer(200, live(**STORAGE)))
    files = {"apps/db.yaml": WRITTEN, "db/db.yaml": cluster()}
    before, after = merged(team, files, {"db/db.yaml": cluster(spec=FIVE)})
    body = application(
        spec={"project": "narrow", "syncPolicy": {"automated": {}}},
        sync={"status": "OutOfSync", "revision": after},
        history=[{"revision": before}],
    )
    api.answers[f"{ARGO}/db"] = Answer(200, body)
    window = {"kind": "deny", "schedule": "* * * * *", "duration": "1h", "applications": ["*"], "manualSync": True}
    project = {"metadata": {"name": "narrow", "namespace": "argocd"}, "spec": {"syncWindows": [window]}}
    api.answers["/apis/argoproj.io/v1alpha1/namespaces/argocd/appprojects/narrow"] = Answer(200, project)
    found = told(team)
    assert "may not sync now, by a window of project narrow: deny * * * * * for 1h" in found.why
    assert found.next == ["A person syncs it: `argocd app sync db`, or the button Sync"]


def test_a_helm_release_that_the_live_object_names_is_asked(team: Team, api: Api) -> None:
    labels = {f"helm.toolkit.fluxcd.io/{key}": value for key, value in (("name", "db"), ("namespace", "shop"))}
    body = live(**STORAGE)
    body["metadata"]["labels"] = labels
    api.cluster("shop", "db", Answer(200, body))
    merged(team, {"db.yaml": cluster()}, {"db.yaml": cluster(spec=FIVE)})
    release = {"metadata": {"name": "db", "namespace": "shop"}, "spec": {"suspend": True}}
    api.answers["/apis/helm.toolkit.fluxcd.io/v2/namespaces/shop/helmreleases/db"] = Answer(200, release)
    assert told(team).next == [
        "A person resumes it: `flux resume helmrelease db -n shop`, or takes spec.suspend out of Git"
    ]


def test_one_that_may_be_listed_and_not_asked_for_by_name_is_found(
    team: Team, api: Api, scaled: tuple[str, str]
) -> None:
    before, _ = scaled
    api.answers[f"{FLUX}/apps"] = status(403, "Forbidden", "no")
    api.answers["/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations?limit=500"] = listed(
        kustomization("b", before), kustomization("apps", before, suspend=True)
    )
    found = told(team)
    assert (found.next, found.warnings) == ([SUSPENDED.format("kustomization apps")], [])


LEFT = "kustomize.toolkit.fluxcd.io/ssa: IfNotPresent"


def test_what_flux_leaves_alone_is_told_with_its_place(team: Team, api: Api) -> None:
    api.cluster("shop", "db", Answer(200, live(**STORAGE)))
    mark = f", annotations: {{{LEFT}}}"
    files = {**BOOTSTRAP, "apps/db.yaml": cluster(more=mark)}
    _, after = merged(team, files, {"apps/db.yaml": cluster(more=mark, spec=FIVE)})
    put(api, kustomization("apps", after))
    found = told(team)
    assert found.state == "merged"
    assert f"holds the change, and leaves this alone: Cluster shop/db carries {LEFT} (in Git)" in found.why
    assert found.next == ["Take kustomize.toolkit.fluxcd.io/ssa out of the manifest"]


def test_a_change_that_flux_does_not_prune_waits_for_a_person(team: Team, api: Api) -> None:
    api.cluster("shop", "db", Answer(200, live(**STORAGE)))
    files = {**BOOTSTRAP, "clusters/prod/apps.yaml": declared("apps", "apps").replace("prune: true", "prune: false")}
    _, after = merged(team, files, {"apps/db.yaml": None, "apps/other.yaml": cluster("other", spec=FIVE)})
    put(api, kustomization("apps", after, prune=False))
    api.cluster("shop", "other", Answer(200, live("other", instances=5, **STORAGE)))
    found = told(team)
    assert found.state == "merged"
    assert found.next == [
        (
            "A person deletes it with `kubectl delete cluster db -n shop`, or sets spec.prune of Kustomization "
            "flux-system/apps"
        )
    ]


def warned(team: Team) -> list[str]:
    request = WriteRequest("scale_postgres_cluster", None, dry_run=True)
    answer = clusters.scale_cluster(team.app(), request, "db", namespace="shop", instances=4)
    return [one.message for one in answer.warnings if one.id == "engine-holds-up"]


@pytest.mark.parametrize(
    ("engine", "told_of"),
    [
        pytest.param({}, [], id="all is well"),
        pytest.param({"suspend": True}, ["Kustomization flux-system/apps is suspended"], id="suspended live"),
        pytest.param(
            {"ignore": [{"paths": ["/spec/instances"], "target": {"kind": "Cluster"}}]},
            ["spec.ignore of Kustomization flux-system/apps names spec.instances"],
            id="the field is ignored",
        ),
    ],
)
def test_a_write_warns_of_what_the_live_engine_object_will_not_let_through(
    team: Team, api: Api, scaled: tuple[str, str], engine: dict[str, Any], told_of: list[str]
) -> None:
    _, after = scaled
    put(api, kustomization("apps", after, **engine), source=git_repository(after))
    found = warned(team)
    assert len(found) == len(told_of)
    assert all(words in message for words, message in zip(told_of, found, strict=True))


def test_a_write_warns_of_what_the_object_itself_keeps_flux_from(team: Team, api: Api, scaled: tuple[str, str]) -> None:
    _, after = scaled
    held = live(**STORAGE)
    held["metadata"]["annotations"] = {"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}
    api.cluster("shop", "db", Answer(200, held))
    put(api, kustomization("apps", after), source=git_repository(after))
    (found,) = warned(team)
    assert "carries kustomize.toolkit.fluxcd.io/reconcile: disabled (on the live object)" in found
    assert "`kubectl annotate cluster db -n shop kustomize.toolkit.fluxcd.io/reconcile-`" in found


def test_one_that_is_not_there_yet_waits_for_what_makes_it(team: Team, api: Api) -> None:
    first = {path: text for path, text in BOOTSTRAP.items() if "apps" not in path}
    added = {path: text for path, text in BOOTSTRAP.items() if "apps" in path}
    before, after = merged(team, first, {**added})
    api.cluster("shop", "db", ABSENT)
    put(api, kustomization("flux-system", before), source=git_repository(before))
    found = told(team)
    assert found.next == ["Call get_change again once it has looked at the branch again (every 1m)"]
    put(api, kustomization("flux-system", after), source=git_repository(after))
    assert "its inventory has no Kustomization flux-system/apps: something leaves the file out" in told(team).why


def test_a_dependency_is_asked_what_holds_it_up(team: Team, api: Api, scaled: tuple[str, str]) -> None:
    before, after = scaled
    waiting = kustomization("apps", before, after, "DependencyNotReady", dependsOn=[{"name": "base"}])
    stuck = kustomization("base", before, before, "BuildFailed", suspend=True)
    put(api, waiting, stuck, source=git_repository(after))
    found = told(team)
    assert (found.state, found.next) == ("merged", [SUSPENDED.format("kustomization base")])
    assert "waits for what it depends on" in found.why


def test_a_dependency_of_a_dependency_is_asked_too(team: Team, api: Api, scaled: tuple[str, str]) -> None:
    before, after = scaled
    put(
        api,
        kustomization("apps", before, after, "DependencyNotReady", dependsOn=[{"name": "base"}]),
        kustomization("base", before, after, "DependencyNotReady", dependsOn=[{"name": "first"}]),
        kustomization("first", before, before, "BuildFailed", suspend=True),
        source=git_repository(after),
    )
    assert told(team).next == [SUSPENDED.format("kustomization first")]
    assert len(api.asked) <= 4 + 2, api.asked  # one for each further object that is named


def test_dependencies_in_a_circle_come_to_an_end(team: Team, api: Api, scaled: tuple[str, str]) -> None:
    before, after = scaled
    put(
        api,
        kustomization("apps", before, after, "DependencyNotReady", dependsOn=[{"name": "base"}]),
        kustomization("base", before, after, "DependencyNotReady", dependsOn=[{"name": "apps"}]),
        source=git_repository(after),
    )
    assert told(team).next == ["Call get_change again once the dependency is ready"]


def test_a_repository_is_known_by_the_address_that_git_replaces_too(team: Team, api: Api) -> None:
    """Where the remote is reached through a mirror, the engine names the repository as others do."""
    api.cluster("shop", "db", Answer(200, live(**STORAGE)))
    _, after = merged(team, {"db/db.yaml": cluster()}, {"db/db.yaml": cluster(spec=FIVE)})
    team.git("init", "--quiet", "--bare", f"{team.root}-mirror")
    team.git("remote", "add", "origin", "https://forge.example.org/house.git")
    team.git("config", f"url.{team.root}-mirror.insteadOf", "https://forge.example.org/house.git")
    team.git("push", "--quiet", "origin", "HEAD:main", "gitops-mcp/more")
    team.git("fetch", "--quiet", "origin")
    other = application(sync={"status": "OutOfSync", "revision": after})
    other["spec"]["source"]["repoURL"] = "https://forge.example.org/else.git"
    api.applications(listed(other))
    assert told(team).engine is None
    api.applications(listed(application(sync={"status": "OutOfSync", "revision": after})))
    assert "argocd/db" in str(told(team).engine)


HYDRATED = (
    "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: db, namespace: argocd}\nspec:\n"
    "  destination: {server: https://kubernetes.default.svc, namespace: shop}\n"
    "  sourceHydrator:\n"
    "    drySource: {repoURL: https://forge.example.org/house.git, path: db, targetRevision: main}\n"
    "    syncSource: {path: db, targetBranch: env/prod}\n"
    "    hydrateTo: {targetBranch: env/prod-next}\n"
)
WET = "1" * 40
NEXT = "2" * 40


@pytest.mark.parametrize(
    ("dry", "hydrated", "synced", "state", "why", "step"),
    [
        pytest.param(
            "before", WET, WET, "merged", "has not hydrated the commit yet", "Call get_change again once it has", id="dry"
        ),
        pytest.param(
            "after",
            NEXT,
            WET,
            "merged",
            f"has hydrated the change to env/prod-next at {NEXT[:12]}, and syncs env/prod at {WET[:12]}",
            "A person promotes it: merges env/prod-next into env/prod, if that lacks it",
            id="hydrated",
        ),
        pytest.param(
            "after", NEXT, NEXT, "merged", "has compared the change and not synced it yet", "Call get_change again once it has", id="promoted"
        ),
        pytest.param("after", NEXT, NEXT, "healthy", "every changed field", "", id="synced"),
    ],
)  # fmt: skip
@pytest.mark.few(2)
def test_a_change_of_the_dry_side_is_followed_to_where_it_is_synced(
    team: Team, api: Api, dry: str, hydrated: str, synced: str, state: str, why: str, step: str
) -> None:
    running = live(**STORAGE)
    if state == "healthy":
        running = live(instances=5, **STORAGE)
        running["status"] |= {"instances": 5, "readyInstances": 5}
    api.cluster("shop", "db", Answer(200, running))
    before, after = merged(
        team, {"apps/db.yaml": HYDRATED, "db/db.yaml": cluster()}, {"db/db.yaml": cluster(spec=FIVE)}
    )
    commit = {"before": before, "after": after}[dry]
    done = {"drySHA": commit, "hydratedSHA": hydrated}
    body = application(
        spec={
            "source": None,
            "syncPolicy": {"automated": {}},
            "sourceHydrator": {
                "drySource": {"repoURL": "https://forge.example.org/house.git", "path": "db", "targetRevision": "main"},
                "syncSource": {"path": "db", "targetBranch": "env/prod"},
                "hydrateTo": {"targetBranch": "env/prod-next"},
            },
        },
        sync={"status": "OutOfSync", "revision": synced},
        sourceHydrator={"currentOperation": {"phase": "Hydrated", **done}, "lastSuccessfulOperation": done},
        history=[{"revision": synced if state == "healthy" else WET}],
    )
    api.answers[f"{ARGO}/db"] = Answer(200, body)
    found = told(team)
    assert found.state == state
    assert why in found.why
    assert found.next == ([step] if step else [])
    assert found.engine_revision == (
        after if state == "healthy" else WET if synced != WET or dry == "after" else before
    )


def test_what_kargo_promotes_is_said_with_its_stage(team: Team, api: Api) -> None:
    running = live(**STORAGE)
    running["metadata"]["annotations"] = {"argocd.argoproj.io/tracking-id": "db:postgresql.cnpg.io/Cluster:shop/db"}
    api.cluster("shop", "db", Answer(200, running))
    merged(team, {"db/db.yaml": cluster()}, {"db/db.yaml": cluster(spec=FIVE)})
    source = {"repoURL": "https://forge.example.org/house.git", "path": ".", "targetRevision": "stage/prod"}
    body = application(spec={"source": source}, sync={"status": "Synced", "revision": WET})
    body["metadata"]["annotations"] = {"kargo.akuity.io/authorized-stage": "fleet:prod"}
    api.answers[f"{ARGO}/db"] = Answer(200, body)
    found = told(team)
    assert found.state == "merged"
    assert "Application argocd/db syncs stage/prod, which Kargo renders and promotes to" in found.why
    assert found.next == ["A person promotes it in Kargo: `kargo promote --project fleet --stage prod --freight …`"]
    assert [(one.branch, one.into, one.by) for one in found.promotions] == [(None, "stage/prod", "Kargo")]


def test_a_file_that_flux_never_sees_is_told_with_the_line_that_leaves_it_out(team: Team, api: Api) -> None:
    api.cluster("shop", "new", ABSENT)
    files = {**BOOTSTRAP, ".sourceignore": "# parked\n/apps/parked/\n"}
    _, after = merged(team, files, {"apps/parked/new.yaml": cluster("new", spec=FIVE)})
    put(api, kustomization("apps", after), source=git_repository(after))
    found = told(team)
    assert found.state == "merged"
    assert "apps/parked/new.yaml is left out by '/apps/parked/' at .sourceignore:2" in found.why
    assert found.next == ["Take '/apps/parked/' at .sourceignore:2 out, or move the object to a file that is taken"]


def test_a_file_that_overrides_the_application_is_told_once_it_is_synced(team: Team, api: Api) -> None:
    api.cluster("shop", "db", Answer(200, live(**STORAGE)))
    over = "kustomize:\n  patches:\n  - {target: {kind: Cluster}, patch: '[]'}\n"
    files = {
        "apps/db.yaml": WRITTEN,
        "db/db.yaml": cluster(),
        "db/kustomization.yaml": "resources: [db.yaml]\n",
        "db/.argocd-source-db.yaml": over,
    }
    _, after = merged(team, files, {"db/db.yaml": cluster(spec=FIVE)})
    body = application(sync={"status": "Synced", "revision": after}, resources=resources("Cluster", "db", "Synced"))
    api.answers[f"{ARGO}/db"] = Answer(200, body)
    found = told(team)
    assert found.why.endswith(
        "db/.argocd-source-db.yaml overrides kustomize.patches of its source, and has the last word there"
    )
    assert found.next == ["Take that out of db/.argocd-source-db.yaml, or change it there"]


def test_an_applicationset_says_why_it_makes_no_application(team: Team, api: Api) -> None:
    api.cluster("shop", "db", Answer(200, live(**STORAGE)))
    makes = (
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: all, namespace: argocd}\nspec:\n"
        "  generators: [{list: {elements: [{name: db}]}}]\n  template:\n    metadata: {name: 'set-{{name}}'}\n"
        "    spec:\n      source: {repoURL: https://forge.example.org/house.git, targetRevision: main, path: '{{name}}'}\n"
        "      destination: {server: https://kubernetes.default.svc, namespace: shop}\n"
    )
    merged(team, {"apps/set.yaml": makes, "db/db.yaml": cluster()}, {"db/db.yaml": cluster(spec=FIVE)})
    failing = {"type": "ErrorOccurred", "status": "True", "reason": "RenderTemplateParamsError", "message": "no key"}
    body = {"metadata": {"name": "all", "namespace": "argocd"}, "status": {"conditions": [failing]}}
    api.answers[f"{ARGO}/set-db"] = status(404, "NotFound", "no", name="set-db", kind="applications")
    api.applications(listed())
    api.answers["/apis/argoproj.io/v1alpha1/namespaces/argocd/applicationsets/all"] = Answer(200, body)
    found = told(team)
    assert found.state == "failed"
    assert found.why.endswith(
        "Application argocd/set-db, which applies it, is not there: ApplicationSet argocd/all says "
        "RenderTemplateParamsError; its words (untrusted text): no key"
    )


def test_an_application_that_lists_the_object_of_another_cluster_is_none_of_it(team: Team, api: Api) -> None:
    api.cluster("shop", "db", Answer(200, live(**STORAGE)))
    merged(team, {"db/db.yaml": cluster()}, {"db/db.yaml": cluster(spec=FIVE)})
    other = application(
        spec={"destination": {"name": "prod-eu", "namespace": "shop"}}, resources=resources("Cluster", "db", "Synced")
    )
    api.applications(listed(other))
    assert told(team).engine is None
