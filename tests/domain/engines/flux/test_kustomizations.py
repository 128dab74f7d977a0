from __future__ import annotations

from textwrap import dedent

import pytest

from gitops_mcp.domain.engines.applies import EngineObject, FluxVariable
from gitops_mcp.domain.engines.declared import (
    all_value_sources,
    directory_files,
    directory_folders,
    find_engine_objects,
)
from gitops_mcp.domain.engines.left_out import FileRule

REMOTE = ("git@github.com:acme/fleet.git",)
SOURCE = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec:
  url: https://github.com/acme/fleet
  ref: {branch: main}
"""


def kustomization(spec: str, *, name: str = "shop", namespace: str = "flux-system") -> str:
    head = f"""\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  sourceRef: {{kind: GitRepository, name: flux-system}}
"""
    return head + "".join(f"  {line}\n" for line in dedent(spec).strip().splitlines())


def found(files: dict[str, str], name: str = "shop") -> EngineObject:
    all_of_them = find_engine_objects(files, remotes=REMOTE, revision="main")
    (one,) = [applied for applied in all_of_them if applied.name == name]
    return one


def test_a_kustomization_says_what_it_does_with_its_folder() -> None:
    spec = """\
        path: ./apps/shop
        targetNamespace: shop
        prune: true
        force: true
        suspend: true
        wait: true
        dependsOn: [{name: operator, namespace: cnpg-system}, {name: storage}]
        healthCheckExprs: [{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, current: "true"}]
        components: [../../components/ha]
        namePrefix: eu-
        commonMetadata: {labels: {team: shop}}
        patches:
          - target: {kind: Cluster}
            patch: |
              - {op: replace, path: /spec/instances, value: 5}
        """
    files = {"ks.yaml": kustomization(spec), "apps/shop/kustomization.yaml": "resources: [cluster.yaml]\n"}
    one = found(files)
    assert str(one) == "Flux Kustomization flux-system/shop (ks.yaml:1)"
    assert (one.engine, one.kind, one.namespace, one.name) == ("flux", "Kustomization", "flux-system", "shop")
    assert (one.build, one.folder, one.target_namespace) == ("kustomize", "apps/shop", "shop")
    assert (one.prunes, one.forces, one.suspended, one.automatic) == (True, True, True, False)
    assert one.depends_on == ("cnpg-system/operator", "flux-system/storage")
    assert (one.notes, one.left, one.decrypts) == ((), (), False)
    assert one.overlay is not None
    assert (one.overlay.path, one.overlay.document, one.overlay.base) == ("ks.yaml", 0, ("spec",))
    assert one.overlay.value == {
        "namespace": "shop",
        "namePrefix": "eu-",
        "labels": [{"pairs": {"team": "shop"}}],
        "patches": [{"target": {"kind": "Cluster"}, "patch": "- {op: replace, path: /spec/instances, value: 5}\n"}],
        "components": ["../../components/ha"],
    }


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        pytest.param("path: ./apps/shop/", "apps/shop", id="a folder"),
        pytest.param("path: /apps", "apps", id="with a slash in front"),
        pytest.param("path: ./", "", id="the root"),
        pytest.param("prune: false", "", id="none is the root"),
    ],
)
def test_the_folder_counts_from_the_root(path: str, folder: str) -> None:
    assert found({"ks.yaml": kustomization(path)}).folder == folder


def test_without_a_kustomization_everything_below_is_taken_up_to_the_next_one() -> None:
    files = {
        "ks.yaml": kustomization("path: apps"),
        "apps/a.yaml": "",
        "apps/b.yml": "",
        "apps/c.json": "",
        "apps/deep/er/d.yaml": "",
        "apps/own/kustomization.yml": "",
        "apps/own/e.yaml": "",
        "apps/own/below/Kustomization": "",
        "apps/own/below/f.yaml": "",
        "apps/x/own/Kustomization": "",
        "apps-two/g.yaml": "",
    }
    one = found(files)
    assert (one.build, one.selection.recurse) == ("directory", True)
    assert directory_files(one, files) == ("apps/a.yaml", "apps/b.yml", "apps/deep/er/d.yaml")
    assert directory_folders(one, files) == ("apps/own", "apps/x/own")


def test_a_sourceignore_is_read_with_its_lines() -> None:
    one = found({"ks.yaml": kustomization("path: apps"), "apps/.sourceignore": "# ours\n*.tmp.yaml\n"})
    assert one.file_rules == (FileRule("*.tmp.yaml", "apps", "apps/.sourceignore:2"),)


def test_a_source_says_what_it_brings_and_whether_it_is_suspended() -> None:
    source = SOURCE + "  suspend: true\n  ignore: |\n    /*\n    !/apps\n  sparseCheckout: [./apps/shop]\n"
    one = found({"source.yaml": source, "ks.yaml": kustomization("path: apps")})
    assert one.notes == (
        (
            "GitRepository flux-system (source.yaml:1), which brings its files, is suspended: nothing is fetched until "
            "somebody resumes it"
        ),
    )
    assert [(rule.pattern, rule.place) for rule in one.file_rules] == [
        ("/*", "spec.ignore of source.yaml:1"),
        ("!/apps", "spec.ignore of source.yaml:1"),
        ("/*/", "spec.sparseCheckout of source.yaml:1"),
        ("!/apps/shop/", "spec.sparseCheckout of source.yaml:1"),
    ]


def test_what_it_leaves_alone_and_whether_it_decrypts_is_read() -> None:
    spec = "path: apps\ndecryption: {provider: sops}\nignore: [{paths: [/spec/a~1b], target: {kind: Cluster}}]"
    one = found({"ks.yaml": kustomization(spec)})
    assert one.decrypts
    [left] = one.left
    assert (left.target, left.fields) == ({"kind": "Cluster"}, (("spec", "a/b"),))


@pytest.mark.parametrize(
    ("source", "excluded"),
    [
        pytest.param(SOURCE, None, id="this one, by another protocol"),
        pytest.param(SOURCE.replace("acme/fleet", "acme/fleet.git"), None, id="spelled with .git"),
        pytest.param(SOURCE.replace("https://github.com", "ssh://git@ssh.github.com:443"), None, id="over ssh on 443"),
        pytest.param(
            SOURCE.replace("acme/fleet", "acme/other"),
            "it applies https://github.com/acme/other, another repository than git@github.com:acme/fleet.git",
            id="another",
        ),
        pytest.param(
            SOURCE.replace("github.com", "gitlab.com"),
            "it applies https://gitlab.com/acme/fleet, another repository than git@github.com:acme/fleet.git",
            id="another host",
        ),
        pytest.param(SOURCE.replace("github.com", "gitea.forge.svc:3000"), None, id="a name within the cluster"),
        pytest.param(SOURCE.replace("branch: main", "branch: next"), "it applies next, not main", id="another branch"),
        pytest.param(SOURCE.replace("branch: main", "tag: v1"), "it applies the tag v1, not main", id="a tag"),
        pytest.param(SOURCE.replace("branch: main", "name: refs/heads/main"), None, id="by its name"),
        pytest.param(
            SOURCE.replace("branch: main", "name: refs/heads/main, tag: v1"), None, id="a name wins over a tag"
        ),
        pytest.param(
            SOURCE.replace("  ref: {branch: main}\n", ""), "it applies master, not main", id="no branch is master"
        ),
        pytest.param("", None, id="flux-system needs no declaration"),
    ],
)
def test_only_this_repository_at_the_base_counts(source: str, excluded: str | None) -> None:
    one = found({"ks.yaml": kustomization("path: apps"), "source.yaml": source})
    assert one.excluded == excluded


def test_each_cluster_has_its_own_source_and_settings() -> None:
    settings = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: vars, namespace: flux-system}\ndata: {SIZE: %s}\n"
    files = {}
    for cluster, branch in (("prod", "main"), ("dev", "next")):
        files[f"clusters/{cluster}/flux-system/gotk-sync.yaml"] = SOURCE.replace("main", branch)
        files[f"clusters/{cluster}/vars.yaml"] = settings % f"{cluster}-size"
        spec = "path: apps\npostBuild: {substituteFrom: [{kind: ConfigMap, name: vars}]}"
        files[f"clusters/{cluster}/apps.yaml"] = kustomization(spec, name=cluster)
    prod, dev = found(files, "prod"), found(files, "dev")
    assert (prod.excluded, dev.excluded) == (None, "it applies next, not main")
    assert prod.substitution.variables["SIZE"].value == "prod-size"
    assert dev.substitution.variables["SIZE"].value == "dev-size"


def test_variables_come_from_the_object_over_later_over_earlier_sources() -> None:
    spec = """\
        path: apps
        postBuild:
          substituteFrom:
            - {kind: ConfigMap, name: first}
            - {kind: Secret, name: kept}
            - {kind: ConfigMap, name: second}
          substitute:
            OWN: "1"
            BOTH: own
        """
    config = "apiVersion: v1\nkind: {kind}\nmetadata:\n  name: {name}\n  namespace: flux-system\n{data}"
    files = {
        "ks.yaml": kustomization(spec),
        "first.yaml": config.format(
            kind="ConfigMap", name="first", data='data:\n  FIRST: "a\\nb"\n  LATER: a\n  BOTH: a\n  HELD: a\n'
        ),
        "second.yaml": "---\n---\n" + config.format(kind="ConfigMap", name="second", data="data:\n  LATER: b\n"),
        "kept.yaml": config.format(kind="Secret", name="kept", data="stringData:\n  HELD: ENC[..]\n"),
    }
    one = found(files).substitution
    read = {name: (each.value, each.origin, each.place and str(each.place)) for name, each in one.variables.items()}
    assert read == {
        "FIRST": ("ab", "ConfigMap flux-system/first", "first.yaml:1"),
        "LATER": ("b", "ConfigMap flux-system/second", "second.yaml:3"),
        "BOTH": ("own", "Kustomization flux-system/shop", "ks.yaml:1"),
        "HELD": (None, "Secret flux-system/kept", "kept.yaml:1"),
        "OWN": ("1", "Kustomization flux-system/shop", "ks.yaml:1"),
    }
    own, later = one.variables["OWN"].place, one.variables["LATER"].place
    assert own is not None
    assert own.base == ("spec", "postBuild", "substitute", "OWN")
    assert later is not None
    assert (later.document, later.base) == (1, ("data", "LATER"))
    assert one.unread == ()
    assert all_value_sources(files) == {("ConfigMap", "first"), ("ConfigMap", "second"), ("Secret", "kept")}


def test_a_source_that_is_not_here_hides_what_came_before_it() -> None:
    spec = """\
        path: apps
        postBuild:
          substituteFrom:
            - {kind: ConfigMap, name: vars}
            - {kind: Secret, name: gone, optional: true}
          substitute: {OWN: "1"}
        """
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: vars, namespace: flux-system}\ndata: {SIZE: 1Gi}\n"
    one = found({"ks.yaml": kustomization(spec), "vars.yaml": config}).substitution
    assert one.unread == ("Secret flux-system/gone (optional)",)
    assert one.variables["SIZE"].hidden_by == "Secret flux-system/gone (optional)"
    assert one.variables["OWN"].hidden_by is None


@pytest.mark.parametrize(
    ("text", "origin", "base"),
    [
        pytest.param(
            "apiVersion: v1\nkind: Secret\nmetadata: {name: vars}\nstringData: {A: 'ENC[x]'}\nsops: {mac: x}\n",
            "Secret vars, encrypted with sops",
            ("stringData", "A"),
            id="sops",
        ),
        pytest.param(
            "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: vars, namespace: flux-system}\n"
            "spec: {encryptedData: {A: Ag}}\n",
            "SealedSecret flux-system/vars",
            ("spec", "encryptedData", "A"),
            id="sealed",
        ),
    ],
)
def test_an_encrypted_secret_names_its_variables(text: str, origin: str, base: tuple[str, ...]) -> None:
    spec = "path: apps\npostBuild: {substituteFrom: [{kind: Secret, name: vars}]}"
    one = found({"ks.yaml": kustomization(spec), "vars.yaml": text}).substitution
    variable = one.variables["A"]
    assert (variable.value, variable.origin, one.unread) == (None, origin, ())
    assert variable.place is not None
    assert variable.place.base == base


def test_a_config_map_that_sops_encrypted_has_names_only() -> None:
    spec = "path: apps\npostBuild: {substituteFrom: [{kind: ConfigMap, name: vars}]}"
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: vars}\ndata: {A: 'ENC[x]'}\nsops: {mac: x}\n"
    one = found({"ks.yaml": kustomization(spec), "vars.yaml": config})
    variable = one.substitution.variables["A"]
    assert isinstance(variable, FluxVariable)
    assert variable.value is None


def test_a_flux_instance_makes_a_kustomization() -> None:
    text = """\
apiVersion: fluxcd.controlplane.io/v1
kind: FluxInstance
metadata: {name: flux, namespace: flux-system}
spec:
  sync: {kind: GitRepository, url: "https://github.com/acme/fleet.git", ref: refs/heads/main, path: clusters/prod}
"""
    shop = kustomization("path: apps").replace("name: flux-system}", "name: flux-system, namespace: flux-system}")
    files = {"flux/instance.yaml": text, "clusters/prod/ks.yaml": shop}
    one = found(files, "flux")
    assert (one.kind, one.generated, one.folder, one.excluded) == ("FluxInstance", "flux-system", "clusters/prod", None)
    assert found(files).excluded is None
    elsewhere = {"flux/instance.yaml": text.replace("heads/main", "heads/next"), "clusters/prod/ks.yaml": shop}
    assert found(elsewhere).excluded == "it applies refs/heads/next, not main"


def test_another_cluster_is_named() -> None:
    one = found({"ks.yaml": kustomization("path: apps\nkubeConfig: {secretRef: {name: eu-west}}")})
    assert one.destination == "the cluster of kubeConfig eu-west"
