"""What a repository produces in an environment: who makes an object, what it is called live, and what is not applied."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gitops_mcp.domain import kustomize
from gitops_mcp.domain.objects import at
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.errors import GitOpsError, InvalidRequest, NotFound, Refused

REMOTE = "https://git.example.com/platform/fleet.git"


def cluster(name: str = "db", namespace: str | None = None, instances: str = "3") -> str:
    said = f"  namespace: {namespace}\n" if namespace else ""
    return (
        f"apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata:\n  name: {name}\n{said}"
        f"spec:\n  instances: {instances}\n"
    )


def listing(*entries: str, more: str = "") -> str:
    return more + "resources:\n" + "".join(f"  - {entry}\n" for entry in entries)


def application(
    name: str, path: str, *, namespace: str = "", revision: str = "main", repo: str = REMOTE, more: str = ""
) -> str:
    target = f"    namespace: {namespace}\n" if namespace else ""
    return (
        f"apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: {name}\n  namespace: argocd\n"
        f"spec:\n  source:\n    repoURL: {repo}\n    targetRevision: {revision}\n    path: {path}\n{more}"
        f"  destination:\n    server: https://kubernetes.default.svc\n{target}"
    )


SOURCE = (
    "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata:\n  name: fleet\n"
    f"  namespace: flux-system\nspec:\n  url: {REMOTE}\n  ref:\n    branch: main\n"
)


def flux(name: str, path: str, more: str = "") -> str:
    return (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n"
        f"  name: {name}\n  namespace: flux-system\nspec:\n  path: ./{path}\n  prune: true\n"
        f"  sourceRef:\n    kind: GitRepository\n    name: fleet\n{more}"
    )


def model(files: Mapping[str, str], folder: str, known: Desired | None = None) -> Desired:
    return build_desired(files, commit="c", folder=folder, remotes=(REMOTE,), revision="main", known=known)


def settings(name: str) -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: settings, namespace: flux-system}}\ndata: {{NAME: {name}}}\n"


FROM_SETTINGS = "  postBuild: {substituteFrom: [{kind: ConfigMap, name: settings}]}\n"
OF_TWO_CLUSTERS = {
    "clusters/a/settings.yaml": settings("shared"),
    "clusters/a/infra.yaml": SOURCE + "---\n" + flux("a", "infra", FROM_SETTINGS),
    "clusters/b/settings.yaml": settings("other"),
    "clusters/b/infra.yaml": flux("b", "infra", FROM_SETTINGS),
    "infra/pg.yaml": flux("pg", "pg", FROM_SETTINGS),
    "pg/db.yaml": cluster("${NAME}", "shop"),
}
BOTH = "ConfigMap flux-system/settings (clusters/a/settings.yaml:1, clusters/b/settings.yaml:1)"


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        pytest.param("", "${NAME}", id="nothing says which"),
        pytest.param("clusters/a", "shared", id="one cluster"),
        pytest.param("clusters/b", "other", id="the other"),
        pytest.param("infra", "${NAME}", id="a folder that has none of them"),
    ],
)
def test_of_variables_that_each_kubernetes_cluster_has_those_of_the_environment_count(folder: str, name: str) -> None:
    known = model(OF_TWO_CLUSTERS, "")
    found = model(OF_TWO_CLUSTERS, folder, known).clusters
    assert {one.identity.name for one in found} == {name}
    unknown = {scalar.unknown for one in found for scalar in one.substituted.values()}
    way = "An environment in .gitops-mcp.yaml whose path holds one of them says which"
    told = f"NAME comes from one of several: {BOTH}. {way}"
    assert unknown == {told if name == "${NAME}" else None}


def shown(declared: tuple[Declaration, ...]) -> list[str]:
    return [f"{one.identity} {one.place}" for one in declared]


class TestWithoutEngines:
    def test_kustomizations_below_the_path_are_built(self) -> None:
        files = {
            "base/kustomization.yaml": listing("db.yaml"),
            "base/db.yaml": cluster(),
            "prod/kustomization.yaml": listing("../base", more="namespace: shop\nnameSuffix: -eu\n"),
        }
        found = model(files, "prod")
        assert shown(found.declarations) == ["Cluster shop/db-eu base/db.yaml:1"]
        assert found.declarations[0].root == "prod"
        assert found.declarations[0].namespace_from == "kustomization"

    def test_a_folder_that_another_lists_is_no_root(self) -> None:
        files = {
            "prod/kustomization.yaml": listing("shop", more="namePrefix: a-\n"),
            "prod/shop/kustomization.yaml": listing("db.yaml"),
            "prod/shop/db.yaml": cluster(namespace="shop"),
        }
        assert shown(model(files, "prod").declarations) == ["Cluster shop/a-db prod/shop/db.yaml:1"]

    def test_what_is_listed_from_outside_of_the_path_is_this_environments_own(self) -> None:
        files = {
            "kustomization.yaml": listing("prod", more="namePrefix: a-\n"),
            "prod/kustomization.yaml": listing("db.yaml"),
            "prod/db.yaml": cluster(namespace="shop"),
        }
        found = model(files, "prod")
        assert shown(found.declarations) == ["Cluster shop/db prod/db.yaml:1"]
        assert found.declarations[0].shared == ()

    def test_a_file_that_nobody_lists_counts(self) -> None:
        files = {"prod/kustomization.yaml": listing("other.yaml"), "prod/other.yaml": "{}", "prod/db.yaml": cluster()}
        assert shown(model(files, "prod").declarations) == ["Cluster db prod/db.yaml:1"]

    def test_a_patch_is_no_object(self) -> None:
        files = {
            "base/kustomization.yaml": listing("db.yaml"),
            "base/db.yaml": cluster(),
            "prod/kustomization.yaml": listing("../base", more="patches:\n  - path: db.yaml\n"),
            "prod/db.yaml": cluster(instances="5"),
        }
        found = model(files, "prod")
        assert shown(found.declarations) == ["Cluster db base/db.yaml:1"]
        assert at(found.declarations[0].object, "spec", "instances") == 5
        assert found.unreached == ()

    def test_two_overlays_share_the_document_even_where_their_objects_have_one_name(self) -> None:
        files = {
            "base/kustomization.yaml": listing("db.yaml"),
            "base/db.yaml": cluster(namespace="shop"),
            "prod/kustomization.yaml": listing("../base"),
            "test/kustomization.yaml": listing("../base"),
        }
        assert model(files, "prod").declarations[0].shared == ("Cluster shop/db (test)",)

    def test_a_root_above_several_environments_hides_none_of_them(self) -> None:
        files = {
            "kustomization.yaml": listing("prod", "test"),
            "base/kustomization.yaml": listing("db.yaml"),
            "base/db.yaml": cluster(),
            "prod/kustomization.yaml": listing("../base", more="namespace: prod\n"),
            "test/kustomization.yaml": listing("../base", more="namespace: test\n"),
        }
        assert model(files, "prod").declarations[0].shared == ("Cluster test/db (test)",)
        alone = {**files, "test/kustomization.yaml": listing("x.yaml"), "test/x.yaml": cluster("x")}
        assert model(alone, "prod").declarations[0].shared == ()

    @pytest.mark.parametrize(("beside", "count"), [("- a\n- list\n", 1), ("kind: V\n", 1), (cluster("db", "shop"), 2)])
    def test_what_stands_beside_a_document_in_a_plain_file_hides_it_not(self, beside: str, count: int) -> None:
        found = model({"prod/db.yaml": cluster(namespace="shop") + "---\n" + beside}, "prod").declarations
        assert [str(one.identity) for one in found] == ["Cluster shop/db"] * count
        assert [one.place for one in found] == ["prod/db.yaml:1", "prod/db.yaml:9"][:count]
        assert not any(one.opaque for one in found)

    def test_what_kustomize_refuses_is_known_and_not_to_be_edited(self) -> None:
        files = {"prod/kustomization.yaml": listing("db.yaml", "gone.yaml"), "prod/db.yaml": cluster()}
        found = model(files, "prod").declarations
        assert shown(found) == ["Cluster db prod/db.yaml:1"]
        assert "gone.yaml" in str(found[0].opaque)

    def test_a_file_that_was_not_read_is_there_all_the_same(self) -> None:
        files = {"prod/kustomization.yaml": listing("db.yaml", "web.yaml"), "prod/db.yaml": cluster()}
        found = build_desired(files, commit="c", folder="prod", others={"prod/web.yaml"})
        assert found.declarations[0].opaque is None


class TestEnvironments:
    def test_what_engine_objects_below_the_path_apply_belongs_to_it_wherever_it_lies(self) -> None:
        files = {
            "clusters/prod/app.yaml": application("shop", "databases/prod", namespace="shop"),
            "clusters/test/app.yaml": application("shop", "databases/test", namespace="shop"),
            "databases/prod/db.yaml": cluster(),
            "databases/test/db.yaml": cluster(),
        }
        found = model(files, "clusters/prod")
        assert shown(found.declarations) == ["Cluster shop/db databases/prod/db.yaml:1"]
        assert found.declarations[0].namespace_from == "engine"
        assert str(found.declarations[0].applied) == "Argo CD Application argocd/shop (clusters/prod/app.yaml:1)"
        assert len(found.everything) == 2

    def test_engine_objects_that_engine_objects_apply_belong_to_it(self) -> None:
        files = {
            "clusters/prod/root.yaml": SOURCE + "---\n" + flux("root", "apps/prod"),
            "apps/prod/kustomization.yaml": listing("shop.yaml"),
            "apps/prod/shop.yaml": flux("shop", "databases", "  targetNamespace: shop\n"),
            "databases/kustomization.yaml": listing("db.yaml"),
            "databases/db.yaml": cluster(),
        }
        assert shown(model(files, "clusters/prod").declarations) == ["Cluster shop/db databases/db.yaml:1"]

    def test_what_is_applied_from_below_the_path_belongs_to_it(self) -> None:
        files = {"bootstrap/app.yaml": application("shop", "prod"), "prod/db.yaml": cluster(namespace="shop")}
        assert shown(model(files, "prod").declarations) == ["Cluster shop/db prod/db.yaml:1"]

    def test_a_kustomization_that_lists_engine_objects_is_applied_from_outside(self) -> None:
        files = {
            "prod/kustomization.yaml": listing("shop.yaml", "own.yaml"),
            "prod/shop.yaml": application("shop", "databases"),
            "prod/own.yaml": cluster("own", "shop"),
            "prod/attic/kustomization.yaml": listing("old.yaml"),
            "prod/attic/old.yaml": cluster("old", "shop"),
            "databases/db.yaml": cluster("db", "shop"),
        }
        found = model(files, "prod")
        assert [one.identity.name for one in found.declarations] == ["db", "own"]
        assert [one.identity.name for one in found.unreached] == ["old"]

    def test_a_chart_of_somebody_else_does_not_make_plain_files_unreached(self) -> None:
        chart = application("web", "x").replace("    path: x\n", "    chart: web\n")
        files = {"prod/web.yaml": chart, "prod/db.yaml": cluster(namespace="shop")}
        assert shown(model(files, "prod").declarations) == ["Cluster shop/db prod/db.yaml:1"]

    def test_what_is_applied_from_outside_of_the_repository_may_share_a_base(self) -> None:
        files = {
            "argocd/prod.yaml": application("prod", "prod"),
            "base/kustomization.yaml": listing("db.yaml"),
            "base/db.yaml": cluster(),
            "prod/kustomization.yaml": listing("../base", more="namespace: prod\n"),
            "test/kustomization.yaml": listing("../base", more="namespace: test\n"),
        }
        assert model(files, "prod").declarations[0].shared == ("Cluster test/db (test)",)

    def test_one_document_at_two_destinations_is_shared(self) -> None:
        files = {
            "east/app.yaml": application("east", "databases"),
            "west/app.yaml": application("west", "databases"),
            "databases/db.yaml": cluster(namespace="shop"),
        }
        found = model(files, "east").cluster("db", "shop", environment="east")
        assert found.shared == ("Cluster shop/db (Argo CD Application argocd/west (west/app.yaml:1))",)


class TestIdentity:
    def test_the_name_may_be_a_variable(self) -> None:
        more = "  targetNamespace: shop\n  postBuild:\n    substitute:\n      APP: orders\n      N: '2'\n"
        files = {
            "prod/app.yaml": SOURCE + "---\n" + flux("orders", "template", more),
            "template/kustomization.yaml": listing("db.yaml"),
            "template/db.yaml": cluster("${APP}-db", instances="${N}"),
        }
        found = model(files, "prod").declarations
        assert shown(found) == ["Cluster shop/orders-db template/db.yaml:1"]
        assert at(found[0].object, "spec", "instances") == 2
        assert set(found[0].substituted) == {("metadata", "name"), ("spec", "instances")}

    def test_two_of_one_name_are_told_apart_by_what_applies_them(self) -> None:
        files = {
            "prod/apps.yaml": application("a", "a", namespace="a") + "---\n" + application("b", "b", namespace="b"),
            "a/db.yaml": cluster(),
            "b/db.yaml": cluster(),
        }
        found = model(files, "prod")
        assert found.cluster("db", "b", environment="prod").place == "b/db.yaml:1"
        with pytest.raises(GitOpsError, match=r"a \(a/db.yaml:1\), b \(b/db.yaml:1\); name one"):
            found.cluster("db", None, environment="prod")

    def test_two_documents_for_one_object_are_refused_with_what_applies_them(self) -> None:
        files = {
            "prod/apps.yaml": application("a", "a", namespace="x") + "---\n" + application("b", "b", namespace="x"),
            "a/db.yaml": cluster(),
            "b/db.yaml": cluster(),
        }
        with pytest.raises(Refused, match=r"(?s)a/db.yaml:1, applied by Argo CD Application argocd/a.*b/db.yaml:1"):
            model(files, "prod").cluster("db", "x", environment="prod")

    def test_an_encrypted_document_says_so(self) -> None:
        found = model({"prod/db.yaml": cluster() + "sops:\n  mac: x\n"}, "prod").declarations
        assert "sops" in str(found[0].encrypted)
        assert "sops" not in found[0].object, "what decrypts it takes that away"


UNREACHED = [
    pytest.param({}, "no engine object of this repository applies it", id="nothing"),
    pytest.param(
        {"prod/kustomization.yaml": listing("app.yaml")}, "prod/kustomization.yaml does not list it", id="list"
    ),
    pytest.param(
        {"prod/b.yaml": application("old", "prod/old", repo="https://git.example.com/other.git")},
        "Argo CD Application argocd/old (prod/b.yaml:1) does not apply it: it applies https://git.example.com/other.git, "
        "another repository than https://git.example.com/platform/fleet.git",
        id="repository",
    ),
    pytest.param(
        {"prod/b.yaml": application("old", "prod/old", more="    directory:\n      exclude: '*.yaml'\n")},
        "Argo CD Application argocd/old (prod/b.yaml:1) leaves it out: directory.exclude is *.yaml",
        id="exclude",
    ),
    pytest.param(
        {"prod/old/Chart.yaml": "name: old\n"} | {"prod/old/templates/db.yaml": cluster("old")},
        "it is a template of the Helm chart prod/old",
        id="template",
    ),
]


class TestUnreached:
    @pytest.mark.parametrize(("more", "reason"), UNREACHED)
    def test_the_reason_is_told(self, more: Mapping[str, str], reason: str) -> None:
        files = {"prod/app.yaml": application("shop", "databases"), "databases/db.yaml": cluster(), **more}
        if "prod/old/templates/db.yaml" not in files:
            files["prod/old/db.yaml"] = cluster("old")
        found = model(files, "prod")
        assert [one.identity.name for one in found.unreached] == ["old"]
        assert reason in found.unreached[0].reason
        with pytest.raises(NotFound, match="no Cluster 'old' is applied in prod") as refused:
            found.cluster("old", None, environment="prod")
        assert reason in str(refused.value)

    def test_a_copy_does_not_stand_in_the_way(self) -> None:
        files = {
            "apps/app.yaml": application("shop", "prod/shop"),
            "prod/shop/kustomization.yaml": listing("db.yaml"),
            "prod/shop/db.yaml": cluster(namespace="shop"),
            "prod/shop/db-old.yaml": cluster(namespace="shop"),
        }
        found = model(files, "prod")
        assert found.cluster("db", "shop", environment="prod").path == "prod/shop/db.yaml"
        assert [one.place for one in found.unreached] == ["prod/shop/db-old.yaml:1"]

    @pytest.mark.parametrize(
        ("path", "text", "said"),
        [
            ("prod/c/templates/x.yaml", "{{ if }}\n" + cluster("gone"), "Helm chart prod/c"),
            ("prod/x.jsonnet", "{apiVersion: 'postgresql.cnpg.io/v1', metadata: {name: 'gone'}}", "jsonnet"),
        ],
    )
    def test_what_makes_objects_without_declaring_them_is_named(self, path: str, text: str, said: str) -> None:
        files = {"prod/c/Chart.yaml": "name: c\n", path: text}
        with pytest.raises(NotFound, match=said):
            model(files, "prod").cluster("gone", None, environment="prod")
        with pytest.raises(NotFound, match="Git declares no Cluster 'gon'"):
            model(files, "prod").cluster("gon", None, environment="prod")


THREE = {
    f"prod/{name}/{path}": text
    for name in ("a", "b", "c")
    for path, text in (("kustomization.yaml", listing("db.yaml")), ("db.yaml", cluster(name, "shop")))
}


class TestAskingAgain:
    def test_an_unchanged_tree_is_the_same_model(self) -> None:
        first = model(THREE, "prod")
        again = build_desired(dict(THREE), commit="d", folder="prod", remotes=(REMOTE,), known=first)
        assert again.declarations is first.declarations
        assert again.commit == "d"

    def test_only_what_a_change_touches_is_built_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        first = model(THREE, "prod")
        built: list[str] = []
        real = kustomize.build_folder

        def build(tree: kustomize.FileTree, folder: str) -> kustomize.Build:
            built.append(folder)
            return real(tree, folder)

        monkeypatch.setattr(kustomize, "build_folder", build)
        after = model({**THREE, "prod/b/db.yaml": cluster("b", "shop", "5")}, "prod", first)
        assert built == ["prod/b"]
        assert [at(one.object, "spec", "instances") for one in after.declarations] == [3, 5, 3]

    def test_another_environment_of_the_same_commit_is_another_model(self) -> None:
        files = {**THREE, "test/db.yaml": cluster("t", "shop")}
        assert [one.identity.name for one in model(files, "test", model(files, "prod")).declarations] == ["t"]


def test_an_engine_object_that_cannot_be_read_is_told_and_stands_in_the_way_of_its_own_alone() -> None:
    files = {
        "prod/shop.yaml": SOURCE + "---\n" + flux("shop", "shop", "  targetNamespace: shop\n"),
        "prod/bills.yaml": flux("bills", "bills", "") + "  patches: [\n",
        "shop/kustomization.yaml": listing("db.yaml"),
        "shop/db.yaml": cluster(),
        "bills/kustomization.yaml": listing("db.yaml"),
        "bills/db.yaml": cluster("bills"),
    }
    found = model(files, "prod")
    assert [one.path for one in found.skipped] == ["prod/bills.yaml"]
    assert [(one.place, one.opaque) for one in found.declarations] == [("shop/db.yaml:1", None)]
    with pytest.raises(InvalidRequest, match=r"prod/bills\.yaml mentions it and cannot be read: line \d+"):
        found.cluster("bills", None, environment="prod")
