"""Direct delivery through a server that runs as a child: what is written to the API, and what is told when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from gitops_mcp.app import App
from gitops_mcp.config import Flags
from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, at, leaves
from gitops_mcp.sandbox.store.resources import NAMESPACE
from gitops_mcp.workflows.writing import clusters
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.calls import Subject, every_dry_run, every_read
from tests.e2e.dev import CONFIGURATION, NO, YES, Cut, Dev, dev, rbac
from tests.e2e.team import ROOT, ids, look, text, until
from tests.fakes.rbac import granted

STORAGE = {"size": "1Gi"}
OF_GIT = {"get_history", "review_change", "adopt_live"}
"""Tools that Git alone answers, or that write to Git alone; of changes there are none here either."""
UNKNOWN = "not known whether the write was done"
WITH_EXTERNAL = CONFIGURATION.replace("direct}", "direct, passwords: {provider: external-secrets}}")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    """Operator and engine at work beside it; the repository and the checkout stay as they are all the time."""
    with dev(tmp_path_factory.mktemp("direct"), files={".gitops-mcp.yaml": WITH_EXTERNAL}, whole=True) as made:
        branches, checkout = made.team.branches(), look(made.team.checkout)
        yield made
        assert made.team.branches() == branches
        assert look(made.team.checkout) == checkout


def managers(found: Object, *path: str) -> set[str]:
    """Who has set a field."""
    named = set()
    for entry in found["metadata"]["managedFields"]:
        owned: Any = entry["fieldsV1"]
        for step in path:
            owned = owned.get(f"f:{step}") if isinstance(owned, dict) else None
        if owned is not None:
            named.add(entry["manager"])
    return named


def test_a_cluster_is_created_and_waited_for_until_it_is_healthy(here: Dev) -> None:
    told: list[tuple[float, float | None, str | None]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    async def create() -> Any:
        with anyio.fail_after(60):
            return await here.ask.client.call_tool(
                "create_postgres_cluster",
                {"name": "db", "instances": 2, "parameters": {"work_mem": "4MB"}, "wait": True, "timeout": 60},
                progress_callback=hear,
            )

    result = here.ask.portal.call(create)
    done = result.structured_content
    assert done["outcome"] == "applied", done
    assert (done["environment"], done["delivery"], done["impact"]["level"]) == ("dev", "direct", "none")
    assert "server-side dry run" in done["validated_by"]
    assert not {"branch", "commit", "base", "change"} & done.keys()
    live = here.cluster()
    assert live["status"]["phase"] == "Cluster in healthy state"
    assert live["status"]["readyInstances"] == 2
    assert managers(live, "spec", "instances") == {"gitops-mcp"}
    assert done["applied"][0].startswith("create Cluster dev/db, now at resourceVersion ")
    assert told
    assert [total for _, total, _ in told] == [60.0] * len(told)
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)
    assert told[-1][2] == "Cluster dev/db: 2 of 2 instances are ready"
    (create_,) = [one for one in here.writes() if (one["verb"], one["resource"]) == ("create", "clusters")]
    assert create_["query"] == {"fieldManager": "gitops-mcp", "fieldValidation": "Strict"}


@pytest.mark.thorough
def test_one_request_after_the_other_leaves_everything_else_as_it_was(here: Dev) -> None:
    """Each step changes one place, so what the steps before it have set stays set."""
    here.put(kinds.CLUSTER, "steps", instances=1, storage=STORAGE)
    until(here.world, lambda: (here.cluster("steps").get("status") or {}).get("readyInstances") == 1)
    steps: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("scale_postgres_cluster", {"name": "steps", "instances": 3}, {"spec.instances": 3}),
        ("update_postgres_cluster", {"name": "steps", "storage_size": "2Gi"}, {"spec.storage.size": "2Gi"}),
        (
            "update_postgres_cluster",
            {"name": "steps", "parameters": {"work_mem": "8MB"}},
            {"spec.postgresql.parameters.work_mem": "8MB"},
        ),
        ("create_postgres_role", {"cluster_name": "steps", "role_name": "ada", "password_source": "none"}, {}),
    ]
    wanted: dict[str, Any] = {}
    for tool, arguments, sets in steps:
        before = {".".join(map(str, path)): value for path, value in leaves(here.cluster("steps")["spec"])}
        here.applied(tool, **arguments)
        wanted |= sets
        after = {".".join(map(str, path)): value for path, value in leaves(here.cluster("steps")["spec"])}
        changed = {f"spec.{key}" for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
        assert changed == set(sets), tool
        assert {f"spec.{key}": value for key, value in after.items()}.items() >= wanted.items()
        again = here.ask.answer(tool, **arguments)
        assert (again["outcome"], again.get("applied", [])) == ("unchanged", []), again
    role = here.live(kinds.DATABASE_ROLE, "steps-ada")
    assert role is not None
    assert role["spec"]["disablePassword"] is True


def test_a_role_gets_its_password_from_external_secrets_and_a_database_its_owner(here: Dev) -> None:
    here.put(kinds.CLUSTER, "app", instances=1, storage=STORAGE)
    done = here.applied("create_postgres_role", cluster_name="app", role_name="My Role", connection_limit=5)
    assert [one.partition(",")[0] for one in done["applied"]] == [
        "create Password dev/app-my-role-password",
        "create ExternalSecret dev/app-my-role-password",
        "create DatabaseRole dev/app-my-role",
    ]
    until(here.world, lambda: here.live(kinds.SECRET, "app-my-role-password"))
    here.applied("create_postgres_database", cluster_name="app", database_name="shop", owner="My Role")

    def reconciled() -> bool:
        roles = here.ask.answer("list_postgres_roles", cluster_name="app")["items"]
        databases = here.ask.answer("list_postgres_databases", cluster_name="app")["items"]
        states = {one["name"]: one["state"] for one in (*roles, *databases)}
        return (states.get("My Role"), states.get("shop")) == ("reconciled", "reconciled")

    until(here.world, reconciled)
    here.applied("update_postgres_role", cluster_name="app", role_name="My Role", createdb=True)
    role = here.live(kinds.DATABASE_ROLE, "app-my-role")
    assert role is not None
    assert (role["spec"]["createdb"], role["spec"]["connectionLimit"]) == (True, 5)
    assert role["spec"]["passwordSecret"] == {"name": "app-my-role-password"}


def test_deleting_takes_what_belongs_to_the_cluster_and_says_what_was_done(here: Dev) -> None:
    here.put(kinds.CLUSTER, "gone", instances=1, storage=STORAGE)
    here.put(kinds.CLUSTER, "stays", instances=1, storage=STORAGE)
    for owner in ("gone", "stays"):
        here.put(kinds.DATABASE, f"{owner}-shop", cluster={"name": owner}, name="shop", owner="app")
    done = here.applied("delete_postgres_cluster", name="gone", confirm_deletion=True)
    assert done["applied"] == ["delete Database dev/gone-shop", "delete Cluster dev/gone"]
    assert done["impact"]["level"] == "data_loss"
    until(here.world, lambda: here.live(kinds.CLUSTER, "gone") is None)
    assert here.live(kinds.DATABASE, "stays-shop") is not None
    assert here.live(kinds.CLUSTER, "stays") is not None
    told = here.refused("scale_postgres_cluster", name="gone", instances=2)
    assert told.startswith("NotFound: ")
    assert "'gone'" in told


def test_an_object_that_argo_cd_keeps_is_left_to_git(here: Dev) -> None:
    told = here.refused("scale_postgres_cluster", name="orders-db", instances=2)
    assert told.startswith("Refused: Cluster shop/orders-db is kept by Argo CD 'gitops'")
    assert "delivery: git" in told


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    """The API without an operator, which is quicker and keeps still."""
    with dev(tmp_path_factory.mktemp("alone")) as made:
        yield made


def test_a_dry_run_tries_everything_and_writes_nothing(alone: Dev) -> None:
    alone.person.asked.clear()
    alone.put(kinds.CLUSTER, "dry", instances=3, storage=STORAGE)
    for tool, arguments in (
        ("create_postgres_cluster", {"name": "dry2"}),
        ("scale_postgres_cluster", {"name": "dry", "instances": 1}),
        ("update_postgres_cluster", {"name": "dry", "parameters": {"work_mem": "8MB"}}),
        ("create_postgres_role", {"cluster_name": "dry", "role_name": "ada", "password_source": "none"}),
        ("create_postgres_database", {"cluster_name": "dry", "database_name": "shop", "owner": "app"}),
        ("delete_postgres_cluster", {"name": "dry"}),
    ):
        written, tried = len(alone.writes()), len(alone.tried())
        done = alone.ask.answer(tool, **arguments, dry_run=True)
        assert (done["outcome"], done.get("applied", [])) == ("dry_run", []), tool
        assert "server-side dry run" in done["validated_by"]
        assert done["diff"]
        assert len(alone.writes()) == written, tool
        assert len(alone.tried()) > tried, tool
    assert alone.person.asked == []


def test_what_is_in_deletion_is_said_to_be(alone: Dev) -> None:
    alone.put(kinds.CLUSTER, "held", instances=3, storage=STORAGE)
    alone.world.store.merge(kinds.CLUSTER, "dev", "held", {"metadata": {"finalizers": ["example.com/keep"]}})
    alone.applied("delete_postgres_cluster", name="held", confirm_deletion=True)
    since = alone.cluster("held")["metadata"]["deletionTimestamp"]
    told = f"Cluster dev/held is in deletion since {since}, held by example.com/keep, and this does not change that"
    for tool, asked in (("scale_postgres_cluster", {"instances": 4}), ("delete_postgres_cluster", {})):
        done = alone.ask.answer(tool, name="held", dry_run=True, **asked)
        assert [one["message"] for one in done["warnings"] if one["id"] == "deleting"] == [told], tool


def test_a_name_whose_object_is_in_deletion_is_not_free_and_not_to_be_changed(alone: Dev) -> None:
    of: dict[str, Any] = {"cluster": {"name": "leaving-db"}}
    alone.put(kinds.CLUSTER, "leaving-db", instances=1, storage=STORAGE)
    alone.put(kinds.CLUSTER, "leaving", instances=1, storage=STORAGE)
    alone.put(kinds.DATABASE_ROLE, "leaving-db-ada", **of, name="ada", ensure="present")
    alone.put(kinds.DATABASE, "leaving-db-shop", **of, name="shop", owner="app")
    gone = ((kinds.CLUSTER, "leaving"), (kinds.DATABASE_ROLE, "leaving-db-ada"), (kinds.DATABASE, "leaving-db-shop"))
    for kind, name in gone:
        alone.world.store.merge(kind, "dev", name, {"metadata": {"finalizers": ["example.com/keep"]}})
        alone.world.store.delete(kind, "dev", name)
    in_database = {"cluster_name": "leaving-db"}
    for tool, asked, what in (
        ("create_postgres_cluster", {"name": "leaving", "instances": 3, "storage_size": "2Gi"}, "Cluster dev/leaving"),
        ("create_postgres_role", {**in_database, "role_name": "ada"}, "DatabaseRole dev/leaving-db-ada"),
        ("create_postgres_database", {**in_database, "database_name": "shop", "owner": "app"}, "Database dev/leaving"),
    ):
        told = alone.ask.refusal(tool, **asked)
        assert told.startswith(f"Unavailable: the live {what}"), told
        assert "held by example.com/keep: wait until it is gone, then repeat this" in told


def test_a_drop_takes_its_steps_and_each_says_which_is_next(alone: Dev) -> None:
    inline = {"roles": [{"name": "ada", "ensure": "present"}, {"name": "bob", "ensure": "present"}]}
    alone.put(kinds.CLUSTER, "drops", instances=1, storage=STORAGE, managed=inline)
    changed = alone.applied("update_postgres_role", cluster_name="drops", role_name="ada", connection_limit=5)
    assert changed["applied"][0].startswith("change spec.managed.roles[0].connectionLimit of Cluster dev/drops")
    first = alone.applied("delete_postgres_role", cluster_name="drops", role_name="ada", confirm_deletion=True)
    assert [one["ensure"] for one in alone.cluster("drops")["spec"]["managed"]["roles"]] == ["absent", "present"]
    assert any("call delete_postgres_role again" in one for one in first["next"])
    assert not any("merged" in one for one in first["next"])
    assert alone.cluster("drops")["spec"]["managed"]["roles"][1]["name"] == "bob"


def test_roles_that_move_have_their_objects_before_their_entries_go(alone: Dev) -> None:
    """Whatever fails in between, nothing that was said of them is lost, and the same request does the rest."""
    ada = {"name": "ada", "ensure": "present", "createdb": True, "connectionLimit": 7, "passwordSecret": {"name": "x"}}
    roles = [ada, {"name": "bob", "ensure": "present", "login": True}]
    alone.put(kinds.CLUSTER, "moves", instances=1, storage=STORAGE, managed={"roles": roles})
    before = alone.cluster("moves")["spec"]["managed"]
    for number, done in ((2, "moves-ada"), (2, "moves-bob")):
        alone.wires.cut(number, "before")
        told = alone.ask.refusal("migrate_postgres_roles", cluster_name="moves")
        assert told.startswith(f"Unavailable: Done: create DatabaseRole dev/{done}, now at resourceVersion ")
        assert "change spec.managed of Cluster dev/moves" in told
        assert alone.cluster("moves")["spec"]["managed"] == before
    moved = alone.applied("migrate_postgres_roles", cluster_name="moves")
    assert [one.partition(",")[0] for one in moved["applied"]] == ["change spec.managed of Cluster dev/moves"]
    assert "managed" not in alone.cluster("moves")["spec"]
    made = alone.live(kinds.DATABASE_ROLE, "moves-ada")
    assert made is not None
    said = {key: value for key, value in ada.items() if key != "ensure"}
    assert made["spec"].items() >= said.items()


def test_a_role_whose_object_says_otherwise_is_not_moved(alone: Dev) -> None:
    entry = {"name": "ada", "ensure": "present", "createdb": True}
    alone.put(kinds.CLUSTER, "differs", instances=1, storage=STORAGE, managed={"roles": [entry]})
    alone.put(kinds.DATABASE_ROLE, "differs-ada", cluster={"name": "differs"}, name="ada")
    told = alone.refused("migrate_postgres_roles", cluster_name="differs")
    assert told.startswith("Refused: role 'ada' ")
    assert "DatabaseRole dev/differs-ada" in told
    assert "createdb" in told
    assert ".yaml" not in told


def test_the_name_of_a_change_is_told_to_be_of_no_use(alone: Dev) -> None:
    alone.put(kinds.CLUSTER, "named", instances=1, storage=STORAGE)
    done = alone.applied("scale_postgres_cluster", name="named", instances=2, change="together")
    assert "change-ignored" in ids(done)


def test_what_is_so_already_is_unchanged_and_asks_the_api_for_no_write(alone: Dev) -> None:
    alone.put(kinds.CLUSTER, "same", instances=2, storage=STORAGE)
    before = len(alone.writes()), len(alone.tried())
    done = alone.ask.answer("scale_postgres_cluster", name="same", instances=2)
    assert done["outcome"] == "unchanged"
    assert (len(alone.writes()), len(alone.tried())) == before


def test_what_is_live_is_named_as_such_and_not_as_a_file(alone: Dev) -> None:
    inline = {"roles": [{"name": "ada", "ensure": "present"}]}
    alone.put(kinds.CLUSTER, "orders", instances=3, storage=STORAGE, managed=inline)
    alone.put(kinds.DATABASE, "orders-shop", cluster={"name": "orders"}, name="shop", owner="app")
    same = alone.ask.answer("scale_postgres_cluster", name="orders", instances=3)
    assert same["summary"] == "the live Cluster dev/orders says 3 instances already"
    known = alone.refused("create_postgres_role", cluster_name="orders", role_name="ada", createdb=True)
    assert "role 'ada' (inline, the live Cluster dev/orders) of Cluster dev/orders is declared already" in known
    gone = alone.ask.answer("delete_postgres_cluster", name="orders", dry_run=True)
    assert {"- the live Cluster dev/orders", "- the live Database dev/orders-shop"} <= set(gone["about"])
    tools: list[tuple[str, dict[str, Any]]] = [
        ("create_postgres_cluster", {"name": "orders"}),
        ("create_postgres_cluster", {"name": "orders2"}),
        ("scale_postgres_cluster", {"name": "orders", "instances": 4}),
        ("update_postgres_cluster", {"name": "orders", "storage_size": "1Gi"}),
        ("update_postgres_cluster", {"name": "orders", "image": "ghcr.io/cloudnative-pg/postgresql:17.5"}),
        ("create_postgres_role", {"cluster_name": "orders", "role_name": "bob", "password_source": "none"}),
        ("update_postgres_role", {"cluster_name": "orders", "role_name": "ada", "createdb": True}),
        ("delete_postgres_role", {"cluster_name": "orders", "role_name": "ada"}),
        ("migrate_postgres_roles", {"cluster_name": "orders"}),
        ("create_postgres_database", {"cluster_name": "orders", "database_name": "shop", "owner": "app"}),
        ("create_postgres_database", {"cluster_name": "orders", "database_name": "shop", "owner": "ada"}),
        ("delete_postgres_database", {"cluster_name": "orders", "database_name": "shop", "drop": True}),
    ]
    for tool, arguments in tools:
        result = alone.ask.call(tool, **arguments, dry_run=True)
        said = result.structured_content or {}
        told = {key: said.get(key) for key in ("summary", "about", "warnings", "next", "impact")}
        assert ".yaml" not in (text(result) if result.is_error else str(told)), tool


@pytest.mark.thorough
def test_waiting_ends_in_time_and_says_what_is_still_awaited(alone: Dev) -> None:
    """Nothing ever makes this Cluster healthy; the shortest wait that can be asked for is half a minute."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", str(alone.team.folder.parent / "kubeconfig"))
        app = App.open(Flags(repo=alone.team.checkout))
        new = clusters.NewCluster("slow", "dev", 1, "1Gi", "18", None, {}, "app", None, wait=True, timeout=1)
        done = clusters.create_cluster(app, WriteRequest("create_postgres_cluster", "dev"), new)
    assert done.outcome == "applied"
    (warning,) = [one for one in done.warnings if one.id == "not-healthy"]
    assert warning.message == "Cluster dev/slow was not healthy after 1 s: phase 'no phase yet'"


ARGO_TRACKED = {"annotations": {"argocd.argoproj.io/tracking-id": "apps:postgresql.cnpg.io/Cluster:dev/x"}}
FLUX_TRACKED = {"labels": {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux"}}


@pytest.mark.parametrize(
    ("mark", "owner"),
    [
        pytest.param(ARGO_TRACKED, "Argo CD 'apps'", id="Argo CD"),
        pytest.param(FLUX_TRACKED, "a Flux Kustomization 'apps'", id="Flux"),
    ],
)
@pytest.mark.few(1)
def test_an_object_with_the_mark_of_an_engine_is_not_changed_nor_deleted(alone: Dev, mark: Object, owner: str) -> None:
    alone.person.asked.clear()
    name = f"kept-{owner.split()[1].lower()}"
    alone.put(kinds.CLUSTER, name, instances=2, storage=STORAGE)
    alone.set(kinds.CLUSTER, name, {"metadata": mark})
    for tool, arguments in (
        ("scale_postgres_cluster", {"instances": 3}),
        ("delete_postgres_cluster", {"confirm_deletion": True}),
        ("update_postgres_cluster", {"storage_size": "2Gi", "dry_run": True}),
    ):
        told = alone.refused(tool, name=name, **arguments)
        assert f"Cluster dev/{name} is kept by {owner}" in told
        assert "git delivery" in told
    assert alone.person.asked == []


@pytest.mark.parametrize("manager", ["argocd-controller", "kustomize-controller", "helm-controller"])
@pytest.mark.few(1)
def test_a_field_that_an_engine_set_is_refused_naming_it_and_another_field_is_not(alone: Dev, manager: str) -> None:
    name = f"by-{manager}"
    alone.put(kinds.CLUSTER, name, manager=manager, instances=2, storage=STORAGE)
    told = alone.refused("scale_postgres_cluster", name=name, instances=3)
    assert f"{manager} set spec.instances of Cluster dev/{name}" in told
    assert "git delivery" in told
    done = alone.applied("update_postgres_cluster", name=name, parameters={"work_mem": "8MB"})
    assert not [one for one in done["warnings"] if manager in one["message"]]


@pytest.mark.parametrize("manager", ["argocd-controller", "kustomize-controller", "helm-controller"])
@pytest.mark.few(1)
def test_what_an_engine_has_made_is_not_deleted_though_it_carries_no_mark(alone: Dev, manager: str) -> None:
    """Nor is a Cluster of which it keeps a part alone."""
    alone.person.asked.clear()
    whole, part = f"made-by-{manager}", f"part-by-{manager}"
    alone.put(kinds.CLUSTER, whole, manager=manager, instances=1, storage=STORAGE)
    alone.put(kinds.CLUSTER, part, instances=1, storage=STORAGE)
    alone.put(kinds.DATABASE, f"{part}-shop", manager=manager, cluster={"name": part}, name="shop", owner="app")
    for name, kept in ((whole, f"Cluster dev/{whole}"), (part, f"Database dev/{part}-shop")):
        told = alone.refused("delete_postgres_cluster", name=name, confirm_deletion=True)
        assert f"{kept} is kept by {manager}" in told
        assert "git delivery" in told
        assert alone.live(kinds.CLUSTER, name) is not None
    assert alone.person.asked == []


@pytest.mark.parametrize(
    ("manager", "owner"),
    [("argocd-controller", "Argo CD 'prod-app'"), ("helm-controller", "helm-controller 'prod-app'")],
)
@pytest.mark.few(1)
def test_the_label_of_an_instance_is_a_mark_where_an_engine_writes_the_object(
    alone: Dev, manager: str, owner: str
) -> None:
    name = f"labelled-{manager}"
    label = {"metadata": {"labels": {"app.kubernetes.io/instance": "prod-app"}}}
    alone.put(kinds.CLUSTER, name, instances=2, storage=STORAGE)
    alone.set(kinds.CLUSTER, name, label, manager="helm")
    alone.applied("update_postgres_cluster", name=name, parameters={"work_mem": "8MB"})
    alone.set(kinds.CLUSTER, name, {"metadata": {"labels": {"team": "shop"}}}, manager=manager)
    told = alone.refused("update_postgres_cluster", name=name, parameters={"work_mem": "16MB"})
    assert f"Cluster dev/{name} is kept by {owner}" in told
    assert "git delivery" in told


@pytest.mark.parametrize("manager", ["kubectl-client-side-apply", "helm"])
def test_a_field_that_a_person_set_is_changed_with_a_warning(alone: Dev, manager: str) -> None:
    name = f"by-{manager}"
    alone.put(kinds.CLUSTER, name, manager=manager, instances=2, storage=STORAGE)
    done = alone.applied("scale_postgres_cluster", name=name, instances=3)
    (warning,) = [one["message"] for one in done["warnings"] if one["id"] == "set-by-others"]
    assert warning.startswith(f"{manager} set spec.instances of Cluster dev/{name}")
    assert alone.cluster(name)["spec"]["instances"] == 3


def test_an_object_of_that_name_that_belongs_to_another_cluster_is_left_alone(alone: Dev) -> None:
    alone.put(kinds.CLUSTER, "taken", instances=1, storage=STORAGE)
    other = alone.put(kinds.DATABASE, "taken-shop", cluster={"name": "other"}, name="shop", owner="app")
    done = alone.applied("create_postgres_database", cluster_name="taken", database_name="shop", owner="app")
    assert done["applied"][0].startswith("create Database dev/taken-shop-")
    assert alone.live(kinds.DATABASE, "taken-shop") == other


INVALID = {
    "kind": "Status",
    "apiVersion": "v1",
    "status": "Failure",
    "message": 'Cluster.postgresql.cnpg.io "strict" is invalid',
    "reason": "Invalid",
    "details": {"causes": [{"reason": "FieldValueInvalid", "message": "must be odd here", "field": "spec.instances"}]},
    "code": 422,
}


def test_what_the_api_refuses_is_told_with_field_and_rule(alone: Dev) -> None:
    alone.put(kinds.CLUSTER, "strict", instances=2, storage=STORAGE)
    alone.wires.refuse(1, INVALID)
    told = alone.refused("scale_postgres_cluster", name="strict", instances=4)
    assert told.startswith("InvalidRequest: ")
    assert "422, refused as invalid: spec.instances: must be odd here" in told
    told = alone.refused("update_postgres_cluster", name="strict", resources={"requests": {"memory": "lots"}})
    assert "memory" in told
    told = alone.refused("update_postgres_cluster", name="strict", parameters={"listen_addresses": "*"})
    assert "listen_addresses" in told


def test_only_the_namespaces_of_the_environment_are_touched(tmp_path: Path) -> None:
    configuration = CONFIGURATION.replace("direct}", "direct, namespaces: [dev]}")
    with dev(tmp_path, files={".gitops-mcp.yaml": configuration}) as made:
        made.world.store.create(NAMESPACE, {"metadata": {"name": "other"}})
        told = made.refused("create_postgres_cluster", name="db", namespace="other")
        assert "there are: dev" in told
        made.world.store.create(
            kinds.CLUSTER,
            {
                "apiVersion": kinds.CLUSTER.api_version,
                "kind": "Cluster",
                "metadata": {"name": "far", "namespace": "other"},
                "spec": {"instances": 1, "storage": STORAGE},
            },
        )
        assert "there are: dev" in made.refused("scale_postgres_cluster", name="far", namespace="other", instances=2)
        assert "far" in made.refused("scale_postgres_cluster", name="far", instances=2)
        assert made.applied("create_postgres_cluster", name="db")["applied"][0].startswith("create Cluster dev/db")
        assert not [one for one in made.world.asked() if one["namespace"] == "other"]


DECLARED = """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: both
  namespace: dev
spec:
  instances: 2
  storage:
    size: 1Gi
"""


@pytest.mark.thorough
def test_what_git_declares_too_is_told_to_differ_by_now_and_git_stays_as_it_is(tmp_path: Path) -> None:
    with dev(tmp_path, files={"clusters/dev/both.yaml": DECLARED}) as made:
        checkout, branches = look(made.team.checkout), made.team.branches()
        made.put(kinds.CLUSTER, "both", instances=2, storage=STORAGE)
        done = made.applied("scale_postgres_cluster", name="both", instances=3)
        (warning,) = [one["message"] for one in done["warnings"] if one["id"] == "git-differs"]
        assert "Cluster dev/both is declared at clusters/dev/both.yaml:1" in warning
        assert (look(made.team.checkout), made.team.branches()) == (checkout, branches)
        made.team.remote.rename(made.team.folder / "away.git")
        stale = made.applied("scale_postgres_cluster", name="both", instances=2)
        assert "base-not-fetched" in ids(stale)
        (made.team.folder / "away.git").rename(made.team.remote)
        made.applied("scale_postgres_cluster", name="both", instances=3)
        protected = ".gitops-mcp.yaml"
        made.team.commit({protected: "environments: {dev: {path: clusters/dev, protected: true}}\n"})
        proposed = made.ask.answer("scale_postgres_cluster", name="both", instances=4)
        assert (proposed["delivery"], proposed["outcome"]) == ("git", "committed")
        assert made.cluster("both")["spec"]["instances"] == 3
        made.team.commit({protected: "environments: {dev: {protected: true, delivery: direct}}\n"})
        told = made.refused("scale_postgres_cluster", name="both", instances=5)
        assert ".gitops-mcp.yaml:1: environments.dev: a protected environment is changed through git only" in told


@pytest.mark.thorough
def test_sops_has_nothing_that_would_decrypt_it(tmp_path: Path) -> None:
    configuration = CONFIGURATION.replace("direct}", "direct, passwords: {provider: sops}}")
    with dev(tmp_path, files={".gitops-mcp.yaml": configuration, ".sops.yaml": "creation_rules: []\n"}) as made:
        made.put(kinds.CLUSTER, "db", instances=1, storage=STORAGE)
        told = made.refused("create_postgres_role", cluster_name="db", role_name="ada")
        assert told.startswith("Refused: ")
        assert "sops files are decrypted by an engine, and direct delivery has none" in told


@pytest.mark.thorough
def test_a_password_of_provider_cluster_is_a_secret_of_which_no_value_is_told(tmp_path: Path) -> None:
    configuration = CONFIGURATION.replace("direct}", "direct, passwords: {provider: cluster}}")
    with dev(tmp_path, files={".gitops-mcp.yaml": configuration}) as made:
        made.put(kinds.CLUSTER, "db", instances=1, storage=STORAGE)
        done = made.applied("create_postgres_role", cluster_name="db", role_name="ada")
        assert [one.partition(",")[0] for one in done["applied"]] == [
            "create Secret dev/db-ada-password",
            "create DatabaseRole dev/db-ada",
        ]
        secret = made.live(kinds.SECRET, "db-ada-password")
        assert secret is not None
        assert secret["type"] == "kubernetes.io/basic-auth"
        assert not [value for value in secret["data"].values() if value in str(done)]
        rotated = made.applied("update_postgres_role", cluster_name="db", role_name="ada", rotate_password=True)
        assert rotated["applied"] == ["change the password of Secret dev/db-ada-password"]
        assert "server-side dry run" not in rotated["validated_by"]
        anew = made.live(kinds.SECRET, "db-ada-password")
        assert anew is not None
        assert anew["data"]["password"] != secret["data"]["password"]
        made.world.api.deny("create", "postgresql.cnpg.io", "databaseroles")
        assert "403" in made.refused("create_postgres_role", cluster_name="db", role_name="bob")


@pytest.mark.thorough
def test_a_secret_that_was_made_for_a_role_goes_again_where_the_role_is_refused(tmp_path: Path) -> None:
    configuration = CONFIGURATION.replace("direct}", "direct, passwords: {provider: cluster}}")
    with dev(tmp_path, files={".gitops-mcp.yaml": configuration}) as made:
        made.put(kinds.CLUSTER, "db", instances=1, storage=STORAGE)
        written = len(made.writes())
        made.wires.meanwhile(2, lambda: made.world.api.deny("create", "postgresql.cnpg.io", "databaseroles"))
        told = made.ask.refusal("create_postgres_role", cluster_name="db", role_name="ada")
        assert "403" in told
        assert made.live(kinds.SECRET, "db-ada-password") is None
        assert [(one["verb"], one["resource"], one["status"]) for one in made.writes()[written:]] == [
            ("create", "secrets", 201),
            ("create", "databaseroles", 403),
            ("delete", "secrets", 200),
        ]
        assert not list((made.team.checkout / ".git").rglob("gitops-mcp-secrets/*"))


@pytest.mark.parametrize("how", ["before", "after"])
@pytest.mark.few(1)
def test_a_secret_stays_only_where_the_role_of_a_lost_answer_is_there(tmp_path: Path, how: Cut) -> None:
    configuration = CONFIGURATION.replace("direct}", "direct, passwords: {provider: cluster}}")
    with dev(tmp_path, files={".gitops-mcp.yaml": configuration}) as made:
        made.put(kinds.CLUSTER, "db", instances=1, storage=STORAGE)
        made.wires.cut(2, how)
        told = made.ask.refusal("create_postgres_role", cluster_name="db", role_name="ada")
        assert UNKNOWN in told
        is_there = how == "after"
        assert (made.live(kinds.DATABASE_ROLE, "db-ada") is not None) is is_there
        assert (made.live(kinds.SECRET, "db-ada-password") is not None) is is_there


@pytest.mark.thorough
def test_the_published_roles_are_enough_for_everything_and_grant_no_more(tmp_path: Path) -> None:
    files = ("read-only", "direct", "direct-objects", "direct-passwords")
    with dev(tmp_path, files={".gitops-mcp.yaml": WITH_EXTERNAL}, rules=rbac(*files)) as made:
        made.applied("create_postgres_cluster", name="db", instances=3)
        made.applied("scale_postgres_cluster", name="db", instances=2)
        made.applied("update_postgres_cluster", name="db", parameters={"work_mem": "8MB"})
        made.applied("create_postgres_role", cluster_name="db", role_name="ada", password_source="existing:db-app")
        made.applied("update_postgres_role", cluster_name="db", role_name="ada", createdb=True)
        made.applied("create_postgres_role", cluster_name="db", role_name="bob")
        made.applied("create_postgres_database", cluster_name="db", database_name="shop", owner="ada")
        done = made.applied(
            "schedule_postgres_backups", cluster_name="db", schedule="0 0 2 * * *", destination_path="s3://bucket/dev"
        )
        assert [one.partition(",")[0] for one in done["applied"]] == [
            "create ObjectStore dev/db-backups",
            "create ScheduledBackup dev/db-backup",
            "change spec.plugins of Cluster dev/db",
        ]
        subject = Subject(
            "db", namespace="dev", owner="ada", role="ada", database="shop", secret="db-app", change="none"
        )
        for tool, said in every_dry_run(subject):  # which takes the rights of the write itself
            if "change" not in said and tool.name not in OF_GIT:
                made.ask.answer(tool.name, **said)
        made.applied("delete_postgres_database", cluster_name="db", database_name="shop", confirm_deletion=True)
        made.applied("delete_postgres_role", cluster_name="db", role_name="ada", confirm_deletion=True)
        made.applied("delete_postgres_role", cluster_name="db", role_name="bob", confirm_deletion=True)
        gone = made.applied("delete_postgres_role", cluster_name="db", role_name="bob", confirm_deletion=True)
        assert gone["applied"] == [
            "delete DatabaseRole dev/db-bob",
            "delete ExternalSecret dev/db-bob-password",
            "delete Password dev/db-bob-password",
        ]
        made.put(kinds.POOLER, "db-pool", cluster={"name": "db"}, instances=1, pgbouncer={"poolMode": "session"})
        made.put(kinds.SCHEDULED_BACKUP, "db-nightly", cluster={"name": "db"}, schedule="0 0 0 * * *")
        gone = made.applied("delete_postgres_cluster", name="db", confirm_deletion=True)
        assert {"delete Pooler dev/db-pool", "delete ScheduledBackup dev/db-nightly"} <= set(gone["applied"])
        refused = {
            (one["verb"], one["resource"])
            for one in made.world.asked()
            if one["status"] == 403 and one["resource"] != "selfsubjectaccessreviews"
        }
        assert refused <= {("get", "secrets"), ("get", "customresourcedefinitions")}
        granted_here = {name: granted((ROOT / f"rbac/{name}.yaml").read_text()) for name in files}
        asked = {
            (one["group"], one["resource"], one["verb"])
            for one in made.world.asked()
            if one["resource"] and (one["status"] < 400 or one["status"] == 404) and "reviews" not in one["resource"]
        }
        assert asked <= frozenset().union(*granted_here.values())
        needed = granted_here["direct"] | granted_here["direct-passwords"]
        assert {one for one in needed if one[1] != "sealedsecrets"} <= asked  # nothing is sealed here


@pytest.mark.thorough
def test_the_published_roles_are_enough_for_a_dry_run_of_every_tool(tmp_path: Path) -> None:
    """Which asks the API for the same rights as the write itself."""
    with dev(tmp_path, rules=rbac("read-only", "direct", "direct-objects", "direct-passwords")) as made:
        roles = [{"name": "clerk", "ensure": "present", "login": True, "disablePassword": True}]
        parameters = {"barmanObjectName": "vault"}
        plugin = {"name": "barman-cloud.cloudnative-pg.io", "isWALArchiver": True, "parameters": parameters}
        made.put(kinds.CLUSTER, "db", instances=2, storage=STORAGE, managed={"roles": roles}, plugins=[plugin])
        made.put(kinds.DATABASE, "db-shop", cluster={"name": "db"}, name="shop", owner="app")
        subject = Subject(
            "db", namespace="dev", owner="app", role="clerk", database="shop", secret="db-app", change="none"
        )
        for tool, said in (*every_read(subject), *every_dry_run(subject)):
            if "change" not in said and tool.name not in OF_GIT:
                made.ask.answer(tool.name, **said)
        refused = {
            (one["verb"], one["resource"])
            for one in made.world.asked()
            if one["status"] == 403 and one["resource"] != "selfsubjectaccessreviews"
        }
        assert refused <= {("get", "secrets"), ("get", "customresourcedefinitions")}
        assert made.writes() == []


@pytest.mark.thorough
def test_the_rights_for_objects_are_enough_for_each_kind_and_grant_no_more(tmp_path: Path) -> None:
    on = {"cluster": {"name": "db"}}
    changed: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "ImageCatalog": ({"images": [{"major": 18, "image": "pg:18.4"}]}, {"spec.images[major=18].image": "pg:18.5"}),
        "Pooler": ({**on, "pgbouncer": {"poolMode": "session"}}, {"spec.instances": 2}),
        "Publication": ({**on, "dbname": "app", "name": "p", "target": {"allTables": True}}, {"spec.parameters[publish]": "insert"}),
        "ScheduledBackup": ({**on, "schedule": "0 0 2 * * *", "method": "volumeSnapshot"}, {"spec.suspend": True}),
        "Subscription": ({**on, "dbname": "app", "name": "s", "publicationName": "p", "externalClusterName": "o"}, {"spec.publicationName": "q"}),
        "Backup": ({**on, "method": "volumeSnapshot"}, {}),
    }  # fmt: skip
    with dev(tmp_path, rules=rbac("read-only", "direct-objects")) as made:
        made.put(
            kinds.CLUSTER,
            "db",
            instances=2,
            storage=STORAGE,
            externalClusters=[{"name": "o", "connectionParameters": {"host": "h"}}],
        )
        for kind, (spec, values) in changed.items():
            named = {"kind": kind, "name": "one", "namespace": "dev"}
            made.applied("create_postgres_object", **named, spec=spec)
            if values:
                made.applied("update_postgres_object", **named, set=values)
            made.applied("delete_postgres_object", **named, confirm_deletion=True)
        asked = {(one["resource"], one["verb"]) for one in made.world.asked() if one["status"] < 400}
        needed = {(plural, verb) for _, plural, verb in granted((ROOT / "rbac/direct-objects.yaml").read_text())}
        assert {one for one in needed if one[0] != "objectstores"} <= asked  # which the sandbox does not serve


def test_a_right_that_is_missing_is_named_and_nothing_is_half_done(tmp_path: Path) -> None:
    with dev(tmp_path, rules=rbac("read-only")) as made:
        told = made.refused("create_postgres_cluster", name="db", namespace="dev")
        assert '- {apiGroups: ["postgresql.cnpg.io"], resources: [clusters], verbs: [' in told
        made.put(kinds.CLUSTER, "db", instances=2, storage=STORAGE)
        written = len(made.writes())
        told = made.ask.refusal("scale_postgres_cluster", name="db", instances=3)
        assert "resources: [clusters], verbs: [patch]}" in told
        assert "403" in told
        assert made.cluster()["spec"]["instances"] == 2
        assert len(made.writes()) == written


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"spec": {"logLevel": "debug"}}, id="another field"),
        pytest.param({"metadata": {"annotations": {"theirs": "1"}}}, id="an annotation of others"),
        pytest.param({"metadata": {"labels": {"theirs": "1"}}}, id="a label of others"),
    ],
)
@pytest.mark.few(1)
def test_what_somebody_else_changes_beside_it_meanwhile_stays_and_stops_nothing(alone: Dev, change: Object) -> None:
    name = f"beside-{next(iter(change[next(iter(change))])).lower()}"
    alone.put(kinds.CLUSTER, name, instances=2, storage=STORAGE)
    written = len(alone.writes())
    alone.wires.meanwhile(1, lambda: alone.set(kinds.CLUSTER, name, change))
    alone.applied("scale_postgres_cluster", name=name, instances=3)
    found = alone.cluster(name)
    assert found["spec"]["instances"] == 3
    for part, values in change.items():
        for key, value in values.items():
            assert found[part][key] == value
    assert [one["status"] for one in alone.writes()[written:]] == [200, 200]


def test_what_somebody_else_changes_of_the_same_meanwhile_is_planned_anew(alone: Dev) -> None:
    alone.put(kinds.CLUSTER, "raced", instances=2, storage=STORAGE)
    written = len(alone.writes())
    alone.wires.meanwhile(1, lambda: alone.set(kinds.CLUSTER, "raced", {"spec": {"instances": 5}}))
    done = alone.applied("scale_postgres_cluster", name="raced", instances=3)
    assert done["impact"]["level"] == "data_loss"
    assert alone.cluster("raced")["spec"]["instances"] == 3
    assert [one["status"] for one in alone.writes()[written:]] == [200, 422, 200]


def test_what_somebody_else_did_already_meanwhile_is_not_done_again(alone: Dev) -> None:
    alone.put(kinds.CLUSTER, "forestalled", instances=2, storage=STORAGE)
    alone.wires.meanwhile(1, lambda: alone.set(kinds.CLUSTER, "forestalled", {"spec": {"instances": 3}}))
    done = alone.ask.answer("scale_postgres_cluster", name="forestalled", instances=3)
    assert (done["outcome"], done.get("applied", [])) == ("unchanged", [])


def test_what_somebody_else_made_meanwhile_is_not_taken_over(alone: Dev) -> None:
    def sneak() -> None:
        alone.put(kinds.CLUSTER, "sneaked", manager="helm", instances=5, storage=STORAGE)

    alone.wires.meanwhile(1, sneak)
    told = alone.ask.refusal("create_postgres_cluster", name="sneaked", instances=3, storage_size="2Gi")
    assert told.startswith("Refused: ")
    assert "it exists already" in told
    assert "Cluster dev/sneaked was written by helm at 20" in told
    assert alone.cluster("sneaked")["spec"]["instances"] == 5


def test_what_is_gone_meanwhile_is_not_found(alone: Dev) -> None:
    alone.put(kinds.CLUSTER, "vanishing", instances=2, storage=STORAGE)
    alone.wires.meanwhile(1, lambda: alone.world.store.delete(kinds.CLUSTER, "dev", "vanishing"))
    told = alone.ask.refusal("scale_postgres_cluster", name="vanishing", instances=3)
    assert told.startswith("NotFound: no Cluster dev/vanishing ")


def test_a_write_whose_answer_is_lost_is_told_as_unknown_whatever_became_of_it(alone: Dev) -> None:
    cuts: list[tuple[Cut, int]] = [("before", 2), ("after", 3)]
    for how, instances in cuts:
        name = f"lost-{how}"
        alone.put(kinds.CLUSTER, name, instances=2, storage=STORAGE)
        alone.wires.cut(1, how)
        told = alone.ask.refusal("scale_postgres_cluster", name=name, instances=3)
        assert told.startswith(f"Unavailable: Failed: change spec.instances of Cluster dev/{name}, because ")
        assert told.count("known") == 1, told
        assert UNKNOWN in told
        assert "Done" not in told
        assert "Not tried" not in told
        assert alone.cluster(name)["spec"]["instances"] == instances
        again = alone.ask.answer("scale_postgres_cluster", name=name, instances=3)
        assert again["outcome"] == ("applied" if how == "before" else "unchanged")


def test_a_deletion_that_an_outage_stops_half_way_is_told_and_finished_by_the_same_request(alone: Dev) -> None:
    """The Cluster, its Database and its DatabaseRole go one after the other."""
    name = "half"
    alone.put(kinds.CLUSTER, name, instances=1, storage=STORAGE)
    alone.put(kinds.DATABASE, f"{name}-shop", cluster={"name": name}, name="shop", owner="app")
    alone.put(kinds.DATABASE_ROLE, f"{name}-ada", cluster={"name": name}, name="ada")
    alone.wires.cut(2, "before")
    told = alone.ask.refusal("delete_postgres_cluster", name=name, confirm_deletion=True)
    assert told.startswith(f"Unavailable: Done: delete Cluster dev/{name}. Failed: delete Database dev/{name}-shop, ")
    assert UNKNOWN in told
    assert f"Not tried: delete DatabaseRole dev/{name}-ada." in told
    assert told.endswith("Repeat the request for what is left: what is done is not done twice")
    assert alone.live(kinds.CLUSTER, name) is None

    alone.person.asked.clear()
    told = alone.refused("delete_postgres_cluster", name=name)
    assert "confirm_deletion=true" in told
    done = alone.applied("delete_postgres_cluster", name=name, confirm_deletion=True)
    assert done["summary"] == f"Delete what is left of Cluster dev/{name}"
    assert done["applied"] == [f"delete Database dev/{name}-shop", f"delete DatabaseRole dev/{name}-ada"]
    (question,) = alone.person.asked
    assert f"still names it: DatabaseRole dev/{name}-ada, Database dev/{name}-shop" in question
    assert alone.live(kinds.DATABASE, f"{name}-shop") is None
    told = alone.refused("delete_postgres_cluster", name=name, confirm_deletion=True)
    assert told.startswith(f"NotFound: the API has no Cluster '{name}' in dev")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"spec": {"logLevel": "debug"}}, id="spec"),
        pytest.param({"metadata": {"annotations": {"kustomize.toolkit.fluxcd.io/prune": "disabled"}}}, id="protected"),
        pytest.param({"metadata": {"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}}}, id="taken over"),
    ],
)
@pytest.mark.few(1)
def test_a_cluster_that_is_changed_in_the_last_moment_loses_nothing_unasked(
    alone: Dev, change: Object, request: pytest.FixtureRequest
) -> None:
    name = f"late-{request.node.callspec.id.replace(' ', '-')}"
    alone.put(kinds.CLUSTER, name, instances=1, storage=STORAGE)
    alone.put(kinds.DATABASE, f"{name}-shop", cluster={"name": name}, name="shop", owner="app")
    alone.person.asked.clear()
    alone.person.reply = lambda _: YES if len(alone.person.asked) == 1 else NO
    alone.wires.meanwhile(1, lambda: alone.set(kinds.CLUSTER, name, change))
    alone.ask.refusal("delete_postgres_cluster", name=name, confirm_deletion=True)
    alone.person.reply = lambda _: YES
    assert alone.live(kinds.CLUSTER, name) is not None
    assert alone.live(kinds.DATABASE, f"{name}-shop") is not None


def test_a_deletion_that_the_api_refuses_loses_nothing(tmp_path: Path) -> None:
    with dev(tmp_path) as made:
        made.put(kinds.CLUSTER, "db", instances=1, storage=STORAGE)
        made.put(
            kinds.DATABASE, "db-shop", cluster={"name": "db"}, name="shop", owner="app", databaseReclaimPolicy="delete"
        )
        made.wires.meanwhile(1, lambda: made.world.api.deny("delete", "postgresql.cnpg.io", "clusters"))
        told = made.ask.refusal("delete_postgres_cluster", name="db", confirm_deletion=True)
        assert told.startswith("Refused: ")
        assert '- {apiGroups: ["postgresql.cnpg.io"], resources: [clusters], verbs: [delete]}' in told
        assert "Done" not in told
        assert made.live(kinds.DATABASE, "db-shop") is not None


@pytest.mark.thorough
def test_several_objects_that_were_half_made_are_made_whole_by_the_same_request(tmp_path: Path) -> None:
    with dev(tmp_path, files={".gitops-mcp.yaml": WITH_EXTERNAL}) as made:
        made.put(kinds.CLUSTER, "db", instances=1, storage=STORAGE)
        made.wires.cut(2, "after")
        told = made.ask.refusal("create_postgres_role", cluster_name="db", role_name="ada")
        assert told.startswith("Unavailable: Done: create Password dev/db-ada-password, now at resourceVersion ")
        assert "Failed: create ExternalSecret dev/db-ada-password, because " in told
        assert "Not tried: create DatabaseRole dev/db-ada." in told
        assert made.live(kinds.DATABASE_ROLE, "db-ada") is None
        made.applied("create_postgres_role", cluster_name="db", role_name="ada")
        assert made.live(kinds.DATABASE_ROLE, "db-ada") is not None


@pytest.mark.thorough
def test_a_secret_that_is_left_of_a_role_is_told_with_what_removes_it(tmp_path: Path) -> None:
    """The role is gone by then, so the same request would not find it."""
    with dev(tmp_path, files={".gitops-mcp.yaml": WITH_EXTERNAL}) as made:
        made.put(kinds.CLUSTER, "db", instances=1, storage=STORAGE)
        made.applied("create_postgres_role", cluster_name="db", role_name="ada")
        made.applied("delete_postgres_role", cluster_name="db", role_name="ada", confirm_deletion=True)
        made.wires.cut(2, "before")
        told = made.ask.refusal("delete_postgres_role", cluster_name="db", role_name="ada", confirm_deletion=True)
        assert told.startswith("Unavailable: Done: delete DatabaseRole dev/db-ada. Failed: delete ExternalSecret dev/")
        assert "Repeat" not in told
        assert told.endswith(
            "to remove it: kubectl -n dev delete externalsecrets.external-secrets.io db-ada-password; "
            "kubectl -n dev delete passwords.generators.external-secrets.io db-ada-password"
        )
        assert made.live(kinds.EXTERNAL_SECRET, "db-ada-password") is not None


def test_without_the_api_nothing_is_planned(tmp_path: Path) -> None:
    with dev(tmp_path) as made:
        made.world.api.stop()
        told = made.ask.refusal("create_postgres_cluster", name="db")
        assert told.startswith("Unavailable: ")
        assert "127.0.0.1" in told


@pytest.mark.thorough
def test_live_stores_poolers_and_clusters_are_taken_for_what_they_say_beside_their_defaults(tmp_path: Path) -> None:
    with dev(tmp_path, whole=True) as made:
        made.put(
            kinds.CLUSTER,
            "db",
            instances=1,
            storage=STORAGE,
            imageName="ghcr.io/cloudnative-pg/postgresql:18.4-standard-trixie",
        )
        schedule: dict[str, Any] = {"cluster_name": "db", "schedule": "0 0 2 * * *"}
        made.applied(
            "schedule_postgres_backups", **schedule, destination_path="s3://b/x", retention="7d", immediate=True
        )
        done = made.applied("schedule_postgres_backups", **schedule, retention="3d")
        assert [one.partition(",")[0] for one in done["applied"]] == [
            "change spec.retentionPolicy of ObjectStore dev/db-backups"
        ]
        assert at(made.live(kinds.OBJECT_STORE, "db-backups"), "spec", "retentionPolicy") == "3d"
        assert (
            made.ask.answer("schedule_postgres_backups", **schedule, destination_path="s3://b/x")["outcome"]
            == "unchanged"
        )
        made.applied("create_postgres_pooler", cluster_name="db")
        assert made.ask.answer("create_postgres_pooler", cluster_name="db")["outcome"] == "unchanged"
        until(made.world, lambda: made.ask.answer("list_postgres_backups", cluster_name="db")["total"])
        made.applied("restore_postgres_cluster", cluster_name="db", new_name="db-2")
        diff = made.ask.answer("restore_postgres_cluster", cluster_name="db", new_name="db-3", dry_run=True)["diff"]
        assert "+  instances: 1\n" in diff
        for of_others in ("logLevel", "log_directory", "enablePDB", "postgresUID", "archive_timeout"):
            assert of_others not in diff
        removal = made.ask.answer("create_postgres_backup", cluster_name="db", dry_run=True)["next"]
        assert any("removes the object; what is in object storage stays" in one for one in removal)
