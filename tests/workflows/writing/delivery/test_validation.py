"""What is known of a change before it is committed, against an API server that says more or less of its schemas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitops_mcp.adapters.kube import Kube
from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.config import Flags, resolve_settings
from gitops_mcp.crds import packaged_schema
from gitops_mcp.domain.impact.level import Impact, Level
from gitops_mcp.domain.kinds import CNPG_KINDS
from gitops_mcp.domain.objects import Identity, Object
from gitops_mcp.domain.plans.clusters.cluster_settings import ClusterUpdate
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.domain.repository.changes import changed_objects
from gitops_mcp.domain.rules.table import describe_standing
from gitops_mcp.errors import InvalidRequest
from gitops_mcp.sandbox.api import SandboxApi as Server
from gitops_mcp.sandbox.api import Store, kubeconfig_text
from gitops_mcp.sandbox.store.resources import NAMESPACE
from gitops_mcp.workflows.api_once import ApiOnce
from gitops_mcp.workflows.kind_schemas import PACKAGED
from gitops_mcp.workflows.writing import cluster_update, clusters, databases
from gitops_mcp.workflows.writing.delivery.validation import Limits, validate_plan
from gitops_mcp.workflows.writing.request import WriteRequest
from gitops_mcp.workflows.writing.roles import WhichRole, delete_role
from tests.fakes.api import Answer
from tests.workflows.conftest import GROUP, Api, Team, cluster, listed

KINDS = {one.kind: one for one in CNPG_KINDS}
ROOT = Path(__file__).parents[4]
SPEC = "{instances: 3, storage: {size: 1Gi}}"
SWITCHOVER = (
    "{instances: 3, storage: {size: 1Gi}, primaryUpdateMethod: switchover, "
    "imageName: 'ghcr.io/cloudnative-pg/postgresql:17.10-standard-trixie'}"
)


def roles(*names: str) -> list[Object]:
    return [role for name in names for role in yaml.safe_load_all((ROOT / "rbac" / f"{name}.yaml").read_text())]


@dataclass(frozen=True)
class Servers:
    """One store, and a server over it for each set of rights."""

    urls: Mapping[str, str]
    folder: Path

    def used(self, name: str, patch: pytest.MonkeyPatch) -> None:
        """Kubeconfig leads there."""
        place = self.folder / name
        place.write_text(kubeconfig_text(self.urls[name], None, namespace="shop"))
        patch.setenv("KUBECONFIG", str(place))


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    store = Store()
    store.create(NAMESPACE, {"metadata": {"name": "shop"}})
    made = {
        "everything": Server(store, token=None),
        "read-only": Server(store, token=None, rules=roles("read-only")),
        "read-schemas": Server(store, token=None, rules=roles("read-only", "read-schemas")),
        "openapi-rules": Server(store, token=None, rules=roles("read-only"), openapi_rules=True),
    }
    urls = {name: server.start() for name, server in made.items()}
    yield Servers(urls, tmp_path_factory.mktemp("servers"))
    with ThreadPoolExecutor(max_workers=len(made)) as pool:
        list(pool.map(Server.stop, made.values()))


@pytest.fixture
def _up(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    servers.used("everything", monkeypatch)


def scaled(team: Team, instances: int = 4, *, change: str | None = None) -> WriteResult:
    request = WriteRequest("scale_postgres_cluster", None, change=change)
    return kept(team, clusters.scale_cluster(team.app(), request, "db", namespace=None, instances=instances))


def updated(team: Team, *, change: str | None = None, **asked: Any) -> WriteResult:
    request = WriteRequest("update_postgres_cluster", None, change=change)
    return kept(team, cluster_update.update_cluster(team.app(), request, "db", ClusterUpdate(**asked), namespace=None))


def created(team: Team, name: str = "new", instances: int = 3, storage_class: str | None = None) -> WriteResult:
    new = clusters.NewCluster(name, "shop", instances, "1Gi", "18", storage_class, {}, "app", None)
    return kept(team, clusters.create_cluster(team.app(), WriteRequest("create_postgres_cluster", None), new))


def kept(team: Team, done: WriteResult) -> WriteResult:
    """The same, once its CRD has accepted every manifest that the commit touched."""
    assert done.outcome == "committed"
    for touched in done.files:
        for one in yaml.safe_load_all(team.git("show", f"{done.commit}:{touched.path}")):
            if one and one["apiVersion"].startswith("postgresql.cnpg.io/") and "${" not in str(one):
                assert [str(fault) for fault in packaged_schema(KINDS[one["kind"]]).faults(one)] == []
    return done


def told(done: WriteResult, name: str) -> list[str]:
    """The warnings of an id."""
    return [one.message for one in done.warnings if one.id == name]


def fault(team: Team, call: Any) -> str:
    """What is told of a refusal, after which there is no branch that there was not before."""
    before = team.git("for-each-ref")
    with pytest.raises(InvalidRequest) as raised:
        call()
    assert team.git("for-each-ref") == before
    return str(raised.value)


@pytest.mark.parametrize(
    ("server", "schema", "cel", "warnings"),
    [
        pytest.param("everything", "the CRD", "the CRD", 0, id="everything may be read"),
        pytest.param("read-only", "the API server", PACKAGED, 1, id="no CRD may be read"),
        pytest.param("read-schemas", "the CRD", "the CRD", 0, id="three CRDs may be read"),
        pytest.param("openapi-rules", "the API server", "the API server", 0, id="the API server says all"),
    ],
)
@pytest.mark.few(2)
def test_what_ran_is_told_and_what_did_not_is_warned_of(
    team: Team, servers: Servers, monkeypatch: pytest.MonkeyPatch, server: str, schema: str, cel: str, warnings: int
) -> None:
    servers.used(server, monkeypatch)
    team.commit({"db.yaml": cluster(spec=SPEC)})
    done = scaled(team)
    assert done.validated_by == ["built-in rules", f"schema of {schema}", f"CEL rules of {cel}"]
    without = told(done, "no-cel")
    assert len(without) == warnings
    assert all("rbac/read-schemas.yaml" in one for one in without)
    with pytest.raises(InvalidRequest, match=r"Database shop/x spec\.name: the name template0 is reserved"):
        judged("Database", "x", TEMPLATE)


def judged(kind: str, name: str, spec: Object, *, operator: str = "auto") -> Plan:
    """A new object as somebody writes it by hand, for a tool would refuse some of it at once."""
    manifest = {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "shop"},
        "spec": spec,
    }
    before, after = (
        build_desired(files, commit="", folder="") for files in ({}, {"made.yaml": yaml.safe_dump(manifest)})
    )
    prod = resolve_settings(PROD % f"operator: {operator}", Flags()).environments["prod"]
    plan = Plan("Create", Identity(kind, "shop", name))
    limits = Limits(9, None, protected=False, environment=prod)
    once = ApiOnce(Kube(context=None, timeout=5), {})
    return validate_plan(plan, changed_objects(before, after), after, once, limits=limits, base=before)


TEMPLATE = {"cluster": {"name": "db"}, "name": "template0", "owner": "app"}


@pytest.mark.parametrize("server", ["everything", "read-only"])
def test_a_field_that_the_webhook_fills_in_is_not_missed_by_a_rule(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    servers.used(server, monkeypatch)
    named: Object = {"method": "any", "number": 1, "standbyNamesPre": ["away"]}
    spec: Object = {"instances": 3, "storage": {"size": "1Gi"}, "postgresql": {"synchronous": named}}
    assert len(judged("Cluster", "db", spec).validated_by) == 3
    named["dataDurability"] = "preferred"
    with pytest.raises(InvalidRequest, match="requires empty 'standbyNamesPre'"):
        judged("Cluster", "db", spec)


def test_without_the_api_the_rules_and_the_packaged_crd_judge(team: Team) -> None:
    team.commit({"db.yaml": cluster(spec=SPEC)})
    done = scaled(team)
    assert done.validated_by == ["built-in rules", f"schema of {PACKAGED}", f"CEL rules of {PACKAGED}"]
    (warning,) = told(done, "schema-unavailable")
    assert warning.startswith(f"{PACKAGED} judged, since the schema of Cluster could not be read: ")
    refused = fault(team, lambda: updated(team, resources={"requests": {"memory": "4Gi"}, "limits": {"memory": "2Gi"}}))
    assert "memory" in refused
    with pytest.raises(InvalidRequest, match="the name template0 is reserved"):
        judged("Database", "x", TEMPLATE)


def test_a_kind_that_the_api_does_not_serve_is_told_and_judged_by_the_packaged_crd(team: Team, api: Api) -> None:
    api.answers["/openapi/v3"] = Answer(
        200, {"paths": {"apis/apps/v1": {"serverRelativeURL": "/openapi/v3/apis/apps/v1"}}}
    )
    team.commit({"db.yaml": cluster(spec=SPEC)})
    done = scaled(team)
    assert done.validated_by == ["built-in rules", f"schema of {PACKAGED}", f"CEL rules of {PACKAGED}"]
    (warning,) = told(done, "not-installed")
    assert warning.startswith(f"Cluster shop/db was validated by {PACKAGED} alone: ")
    assert "postgresql.cnpg.io" in warning


LOUD = """
- op: add
  path: /spec/logLevel
  value: loud
"""


@pytest.mark.parametrize(
    ("operator", "is_refused"),
    [
        pytest.param("1.30.2", True, id="the version of the packaged CRD"),
        pytest.param(None, True, id="unknown"),
        pytest.param("1.29.1", False, id="older"),
        pytest.param("1.31.0", False, id="newer"),
    ],
)
@pytest.mark.few(2)
def test_the_packaged_crd_refuses_but_where_the_operator_is_known_to_be_another(
    team: Team, api: Api, operator: str | None, is_refused: bool
) -> None:
    pod = {"metadata": {"name": "new-1", "annotations": {"cnpg.io/operatorVersion": operator} if operator else {}}}
    api.answers["/api/v1/namespaces/shop/pods?limit=1&labelSelector=cnpg.io%2Fcluster%3Dnew"] = listed(pod)
    team.commit(
        {
            "base/db.yaml": cluster(spec=SPEC),
            "base/kustomization.yaml": "resources: [db.yaml]\n",
            "over/kustomization.yaml": yaml.safe_dump(
                {"resources": ["../base"], "patches": [{"target": {"kind": "Cluster", "name": "new"}, "patch": LOUD}]}
            ),
            ".gitops-mcp.yaml": "environments: {prod: {path: over}}\n",
        }
    )
    said = 'Cluster shop/new spec.logLevel: "loud" is not one of: error, warning, info, debug, trace'
    new = clusters.NewCluster("new", "shop", 3, "1Gi", "18", None, {}, "app", None)
    request = WriteRequest("create_postgres_cluster", None)
    if is_refused:
        assert said in fault(team, lambda: clusters.create_cluster(team.app(), request, new))
        return
    done = clusters.create_cluster(team.app(), request, new)
    assert done.validated_by[1:] == [f"schema of {PACKAGED}", f"CEL rules of {PACKAGED}"]
    assert told(done, "schema") == [f"{said} (CloudNativePG 1.30.0 refuses that; the operator is {operator})"]


@pytest.mark.usefixtures("team")
def test_a_field_that_no_release_has_is_only_warned_of_where_nobody_knows_which_runs() -> None:
    domains = {"synchronous": {"method": "any", "number": 1, "podFailureDomainKeys": ["zone"]}}
    found = judged("Cluster", "db", {"instances": 3, "storage": {"size": "1Gi"}, "postgresql": domains})
    (warning,) = (one.message for one in found.warnings if "podFailureDomainKeys" in one.message)
    assert "is in no release of the operator yet" in warning


POD: Object = {"metadata": {"name": "pod-1", "annotations": {"cnpg.io/operatorVersion": "1.29.2"}}}
OF_CLUSTER = "/api/v1/namespaces/shop/pods?limit=1&labelSelector=cnpg.io%2Fcluster%3Ddb"
INSTANCE = "cnpg.io%2FpodRole%3Dinstance"
PROD = "environments: {prod: {path: prod, %s}}\n"


@pytest.mark.parametrize(
    ("pods", "configured", "judged_for"),
    [
        pytest.param({OF_CLUSTER: POD}, "operator: 1.28.0", "1.29.2 (a pod of Cluster db)", id="a pod of the Cluster"),
        pytest.param(
            {OF_CLUSTER: {"metadata": {"name": "a-pooler"}}, f"{OF_CLUSTER}%2C{INSTANCE}": POD},
            "operator: auto",
            "1.29.2 (a pod of Cluster db)",
            id="the Cluster's first pod is PgBouncer's",
        ),
        pytest.param(
            {f"/api/v1/pods?limit=1&labelSelector={INSTANCE}": POD},
            "operator: 1.28.0",
            "1.29.2 (a pod of another Cluster)",
            id="a pod anywhere",
        ),
        pytest.param(
            {f"/api/v1/namespaces/shop/pods?limit=1&labelSelector={INSTANCE}": POD},
            "operator: auto",
            "1.29.2 (a pod of another Cluster)",
            id="a pod of the namespace, where no others may be read",
        ),
        pytest.param(
            {f"/api/v1/namespaces/ops/pods?limit=1&labelSelector={INSTANCE}": POD},
            "namespaces: [shop, ops]",
            "1.29.2 (a pod of another Cluster)",
            id="a pod of another namespace that is allowed",
        ),
        pytest.param({}, "operator: v1.28.0", "1.28.0 (.gitops-mcp.yaml)", id="the configuration"),
        pytest.param({OF_CLUSTER: {"metadata": {"name": "db-1"}}}, "operator: auto", "unknown", id="nobody"),
    ],
)
@pytest.mark.few(3)
def test_the_answer_says_which_operator_was_judged_for_and_who_says_so(
    team: Team, api: Api, pods: Mapping[str, Object], configured: str, judged_for: str
) -> None:
    api.answers.update({path: listed(pod) for path, pod in pods.items()})
    team.commit({"prod/db.yaml": cluster(spec=SPEC), ".gitops-mcp.yaml": PROD % configured})
    done = scaled(team)
    assert done.operator == judged_for
    assert f"CEL rules of {PACKAGED}; operator: {judged_for}" in "\n".join(done.blocks())
    asked = [one.path for one in api.requests if "/pods" in one.path]
    assert len(asked) == len(set(asked))


def test_where_no_pod_is_anywhere_no_namespace_is_asked_again(team: Team, api: Api) -> None:
    api.answers.update({OF_CLUSTER: listed(), f"/api/v1/pods?limit=1&labelSelector={INSTANCE}": listed()})
    team.commit({"db.yaml": cluster(spec=SPEC)})
    assert scaled(team).operator == "unknown"
    assert [one for one in api.asked if one.endswith("/pods")] == ["/api/v1/namespaces/shop/pods", "/api/v1/pods"]


def test_namespaces_that_are_not_allowed_are_not_asked_for_pods(team: Team, api: Api) -> None:
    team.commit({"prod/db.yaml": cluster(spec=SPEC), ".gitops-mcp.yaml": PROD % "namespaces: [shop]"})
    assert scaled(team).operator == "unknown"
    assert {one for one in api.asked if one.endswith("/pods")} == {"/api/v1/namespaces/shop/pods"}


def test_an_image_and_parameters_are_judged_by_the_configured_operator(team: Team) -> None:
    image = "imageName: 'ghcr.io/cloudnative-pg/postgresql:17.9-standard-trixie', primaryUpdateMethod: restart"
    manifest = cluster(spec=f"{{instances: 3, storage: {{size: 1Gi}}, {image}}}")
    asked: Any = {"postgres_version": "17.10-standard-trixie", "parameters": {"work_mem": "8MB"}}
    team.commit({"prod/db.yaml": manifest, ".gitops-mcp.yaml": PROD % "operator: 1.27.4"})
    said = "changes together with parameters (work_mem), which operators before 1.28.0 exclude"
    assert said in fault(team, lambda: updated(team, **asked))
    team.commit({".gitops-mcp.yaml": PROD % "operator: 1.28.0"})
    assert told(updated(team, change="known", **asked), "image-and-parameters") == []
    team.commit({".gitops-mcp.yaml": PROD % "operator: auto"})
    (warning,) = told(updated(team, change="unknown", **asked), "image-and-parameters")
    assert said in warning
    assert "(refused by operators before 1.28.0; which one runs here is not known)" in warning


WRAPPED: Object = {"cluster": {"name": "db"}, "name": "shop", "owner": "app", "fdws": [{"name": "x"}]}


def test_without_the_api_a_field_is_judged_by_the_configured_operator() -> None:
    with pytest.raises(InvalidRequest, match=r"spec\.fdws: came with operator 1\.28\.0, and .* 1\.27\.4, refuses"):
        judged("Database", "x", WRAPPED, operator="1.27.4")
    known, unknown = (judged("Database", "x", WRAPPED, operator=one).warnings for one in ("1.28.0", "auto"))
    assert [one for one in known if one.id == "operator-field"] == []
    (warning,) = [one.message for one in unknown if one.id == "operator-field"]
    assert "and the API of an older one refuses the whole object for it (field not declared in schema)" in warning


@pytest.mark.usefixtures("_up")
def test_a_field_that_the_apis_own_schema_has_is_not_doubted() -> None:
    found = judged("Database", "x", WRAPPED, operator="1.27.4")
    assert [one for one in found.warnings if one.id == "operator-field"] == []


OWNED: Object = {"cluster": {"name": "db"}, "name": "app", "login": True}


def test_a_kind_that_an_older_operator_does_not_serve_is_refused(api: Api) -> None:
    path = "/openapi/v3/apis/postgresql.cnpg.io/v1"
    api.answers["/openapi/v3"] = Answer(200, {"paths": {"apis/postgresql.cnpg.io/v1": {"serverRelativeURL": path}}})
    api.answers[path] = Answer(200, {"components": {"schemas": {}}})
    with pytest.raises(InvalidRequest, match=r"serves no DatabaseRole .*so nothing can apply it; it came .* 1\.30\.0"):
        judged("DatabaseRole", "x", OWNED)


def test_without_the_api_a_kind_is_judged_by_the_configured_operator() -> None:
    with pytest.raises(
        InvalidRequest, match=r"kind: DatabaseRole came with operator 1\.30\.0, and the API of this one"
    ):
        judged("DatabaseRole", "x", OWNED, operator="1.29.2")
    assert [one.id for one in judged("DatabaseRole", "x", OWNED).warnings if "operator" in one.id] == ["operator-kind"]


def test_an_immutable_field_is_compared_with_the_live_object(team: Team, api: Api) -> None:
    manifest = """apiVersion: postgresql.cnpg.io/v1
kind: Database
metadata: {name: db-shop, namespace: shop}
spec: {cluster: {name: db}, name: shop, owner: app, encoding: UTF8}
"""
    stands = yaml.safe_load(manifest.replace("UTF8", "LATIN1"))
    stands["spec"]["ensure"] = "present"
    api.answers[f"{GROUP}/namespaces/shop/databases/db-shop"] = Answer(200, stands)
    before, after = (build_desired(files, commit="", folder="") for files in ({}, {"shop.yaml": manifest}))
    plan = Plan("Create", Identity("Database", "shop", "db-shop"))
    once, limits = ApiOnce(Kube(context=None, timeout=5), {}), Limits(9, None, protected=False)
    with pytest.raises(InvalidRequest, match=r"Database shop/db-shop spec\.encoding: encoding is immutable"):
        validate_plan(plan, changed_objects(before, after), after, once, limits=limits, base=before)
    later = build_desired({"shop.yaml": manifest.replace("app,", "report,")}, commit="", folder="")
    found = validate_plan(plan, changed_objects(after, later), later, once, limits=limits, base=after)
    assert [one.message for one in found.warnings if one.id == "standing-fault"] == [
        f"Database shop/db-shop spec.encoding: encoding is immutable ({describe_standing(stands=True)})"
    ]


def test_a_fault_for_which_every_change_is_refused_is_said_first(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(spec="{instances: 3, storage: {size: 10Gi}, enablePDB: false}")})
    live = yaml.safe_load(cluster(spec="{instances: 3, storage: {size: 20Gi}, enablePDB: true}"))
    api.answers[f"{GROUP}/namespaces/shop/clusters/db"] = Answer(200, live)
    first, *rest = scaled(team).warnings
    assert first.id == "standing-fault"
    assert first.message == (
        "Cluster shop/db spec.storage.size: 10Gi is less than 20Gi, and volumes do not shrink: at least 20Gi, or a new "
        "Cluster that takes the data over (it was so before this change, and every change of this object is refused "
        "until it is mended, so that this one does not arrive)"
    )
    assert [one.id for one in rest if one.id == "storage-shrink"] == []


@pytest.mark.usefixtures("_up")
def test_what_a_rule_refuses_is_not_committed(team: Team) -> None:
    """The planner of this request looks at its own arguments; the rule sees what they make together with the rest."""
    memory = "{instances: 3, storage: {size: 1Gi}, resources: {requests: {memory: 1Gi}, limits: {memory: 1Gi}}}"
    team.commit({"db.yaml": cluster(spec=memory)})
    refused = fault(team, lambda: updated(team, parameters={"shared_buffers": "2GB"}))
    assert refused.startswith("Update Cluster shop/db: parameters would not be accepted, so nothing was changed: ")
    assert "Cluster shop/db spec.postgresql.parameters.shared_buffers" in refused
    assert "1Gi" in refused


@pytest.mark.usefixtures("_up")
def test_what_the_schema_refuses_is_not_committed(team: Team) -> None:
    """A patch of the overlay makes of every new Cluster one that no rule knows to be wrong."""
    patch = "- {op: add, path: /spec/description2, value: x}"
    team.commit(
        {
            "base/db.yaml": cluster(spec=SPEC),
            "base/kustomization.yaml": "resources: [db.yaml]\n",
            "over/kustomization.yaml": (
                f"resources: [../base]\npatches:\n- target: {{kind: Cluster, name: new}}\n  patch: |\n    {patch}\n"
            ),
            ".gitops-mcp.yaml": "environments: {prod: {path: over}}\n",
        }
    )
    refused = fault(team, lambda: created(team))
    assert "Cluster shop/new spec.description2" in refused
    scaled(team)


@pytest.mark.usefixtures("_up")
def test_a_fault_of_the_base_does_not_stand_in_the_way_of_another_change(team: Team) -> None:
    spec = (
        "{instances: 3, storage: {size: 1Gi}, logLevel: loud, colour: red, "
        "postgresql: {parameters: {listen_addresses: '*'}}}"
    )
    team.commit({"db.yaml": cluster(spec=spec)})
    request = WriteRequest("scale_postgres_cluster", None)
    done = clusters.scale_cluster(team.app(), request, "db", namespace=None, instances=4)
    assert done.outcome == "committed"
    old = [one.message for one in done.warnings if "it was so before this change" in one.message]
    assert any("spec.logLevel" in one for one in old)
    assert any("listen_addresses" in one for one in old)


@pytest.mark.usefixtures("_up")
def test_a_fault_that_moves_in_its_list_does_not_stand_in_the_way(team: Team) -> None:
    listed = "[{name: first}, {name: second, createdb: 'yes'}, {name: third, createdb: true}]"
    team.commit({"db.yaml": cluster(spec=f"{{instances: 3, storage: {{size: 1Gi}}, managed: {{roles: {listed}}}}}")})
    request, which = WriteRequest("delete_postgres_role", None), WhichRole("db", "first", None)
    assert delete_role(team.app(), request, which, drop=False).outcome == "committed"


@pytest.mark.usefixtures("_up")
def test_what_two_commits_of_one_change_do_together_is_seen_as_one(team: Team) -> None:
    team.commit({"db.yaml": cluster(spec=SWITCHOVER)})
    updated(team, change="both", parameters={"work_mem": "8MB"})
    refused = fault(team, lambda: updated(team, change="both", postgres_version="17.11-standard-trixie"))
    assert "changes together with parameters (work_mem)" in refused
    assert "the image in the next once that is applied" in refused
    alone = updated(team, change="alone", postgres_version="17.11-standard-trixie")
    assert alone.impact.level.label == "rolling_restart"


@pytest.mark.usefixtures("_up")
def test_an_impact_is_of_this_commit_and_not_of_the_whole_change(team: Team) -> None:
    team.commit({"db.yaml": cluster(spec=SPEC)})
    assert updated(team, change="both", parameters={"max_connections": "200"}).impact.level.label == "rolling_restart"
    assert updated(team, change="both", parameters={"work_mem": "8MB"}).impact.level.label == "reload"


@pytest.mark.usefixtures("_up")
def test_a_limit_holds_for_what_is_rendered(team: Team) -> None:
    team.commit(
        {
            "base/db.yaml": cluster(spec=SPEC),
            "base/kustomization.yaml": "resources: [db.yaml]\n",
            "over/kustomization.yaml": (
                "resources: [../base]\npatches:\n- target: {kind: Cluster}\n"
                "  patch: |\n    - {op: add, path: /spec/walStorage, value: {size: 1Gi, storageClass: slow}}\n"
            ),
            ".gitops-mcp.yaml": "environments: {prod: {path: over}}\nlimits: {storageClasses: [fast]}\n",
        }
    )
    refused = fault(team, lambda: created(team, storage_class="fast"))
    assert "Cluster shop/new spec.walStorage.storageClass: 'slow' is not one that limits.storageClasses" in refused
    assert "there are: fast" in refused
    assert updated(team, parameters={"work_mem": "8MB"}).impact.level.label == "reload", "it had that before"


ARCHIVED = (
    "{instances: 3, storage: {size: 1Gi}, plugins: [{name: barman-cloud.cloudnative-pg.io, isWALArchiver: true, "
    "parameters: {barmanObjectName: shop-backups}}]}"
)


@pytest.mark.usefixtures("_up")
@pytest.mark.parametrize("protected", [True, False])
def test_a_new_cluster_without_backups_is_told_where_the_environment_is_protected(team: Team, protected: bool) -> None:
    team.commit(
        {
            "prod/other.yaml": cluster("other", spec=ARCHIVED),
            ".gitops-mcp.yaml": f"environments: {{prod: {{path: prod, protected: {str(protected).lower()}}}}}\n",
        }
    )
    warnings = told(created(team), "no-backups")
    if not protected:
        assert warnings == []
        return
    (warning,) = warnings
    assert "Cluster new is new in a protected environment and has no WAL archiver and no ScheduledBackup" in warning
    assert "clusters beside it use ObjectStore shop-backups" in warning


@pytest.mark.parametrize("server", ["everything", "read-only"])
def test_what_the_engine_fills_in_is_left_out_and_told(
    team: Team, servers: Servers, monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    servers.used(server, monkeypatch)
    spec = "{instances: '${COUNT}', logLevel: '${LEVEL}', storage: {size: '${SIZE}'}}"
    team.commit({"db.yaml": cluster(spec=spec)})
    done = updated(team, parameters={"work_mem": "8MB"})
    (warning,) = told(done, "not-validated")
    assert warning == (
        "Cluster shop/db spec.instances, spec.logLevel, spec.storage.size: filled in by the engine, so not validated here"
    )


def test_what_the_engine_fills_in_is_told_without_the_api_too(team: Team) -> None:
    team.commit({"db.yaml": cluster(spec="{instances: 3, storage: {size: '${SIZE}'}}")})
    (warning,) = told(scaled(team), "not-validated")
    assert "spec.storage.size" in warning


@pytest.mark.usefixtures("_up")
def test_a_database_is_validated_as_its_own_kind(team: Team) -> None:
    team.commit({"db.yaml": cluster(spec=SPEC)})
    done = kept(
        team,
        databases.create_database(
            team.app(),
            WriteRequest("create_postgres_database", None),
            databases.WhichDatabase("db", "shop", None),
            owner="app",
            reclaim_policy="retain",
            extensions=(),
            schemas=(),
        ),
    )
    assert done.validated_by[:2] == ["built-in rules", "schema of the CRD"]


@pytest.mark.usefixtures("_up")
def test_what_a_change_makes_and_takes_back_loses_nothing(team: Team) -> None:
    team.commit({"db.yaml": cluster(spec=SPEC)})
    which, policy = databases.WhichDatabase("db", "shop", None), "delete"
    request = WriteRequest("create_postgres_database", None, change="brief")
    made: Any = {"owner": "app", "reclaim_policy": policy, "extensions": (), "schemas": ()}
    assert databases.create_database(team.app(), request, which, **made).outcome == "committed"
    back = databases.delete_database(team.app(), request, which, drop=True)
    assert (back.outcome, back.impact.level.label) == ("committed", "none")


@pytest.mark.usefixtures("_up")
@pytest.mark.parametrize(
    ("told_level", "spec", "shown"),
    [
        pytest.param(
            Level.NONE,
            "{instances: 3, storage: {size: 1Gi}, postgresql: {parameters: {max_connections: '300'}}}",
            "rolling_restart",
            id="the objects show more",
        ),
        pytest.param(Level.DATA_LOSS, "{instances: 3, storage: {size: 2Gi}}", "data_loss", id="the planner knows more"),
        pytest.param(Level.NONE, "{instances: 1, storage: {size: 1Gi}}", "data_loss", id="replicas go"),
    ],
)
def test_an_impact_is_never_lower_than_what_the_objects_show(told_level: Level, spec: str, shown: str) -> None:
    before = build_desired({"db.yaml": cluster(spec=SPEC)}, commit="", folder="")
    after = build_desired({"db.yaml": cluster(spec=spec)}, commit="", folder="")
    plan = Plan("X", Identity("Cluster", "shop", "db"), impact=Impact(told_level, ("as planned",)))
    once = ApiOnce(Kube(context=None, timeout=5), {})
    limits = Limits(9, None, protected=False)
    found = validate_plan(plan, changed_objects(before, after), after, once, limits=limits, base=before).impact
    assert found.level.label == shown
    assert found.reasons[0] == "as planned"


@pytest.mark.usefixtures("_up")
def test_a_schema_that_was_read_once_is_not_compiled_again(team: Team) -> None:
    team.commit({"db.yaml": cluster(spec=SPEC)})
    app = team.app()
    request = WriteRequest("scale_postgres_cluster", None, dry_run=True)
    clusters.scale_cluster(app, request, "db", namespace=None, instances=4)
    kept_ = dict(app.schemas)
    assert kept_
    clusters.scale_cluster(app, request, "db", namespace=None, instances=5)
    assert app.schemas == kept_
