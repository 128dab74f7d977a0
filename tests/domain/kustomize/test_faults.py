from __future__ import annotations

import pytest

from gitops_mcp.domain.kinds import may_mean_cnpg
from gitops_mcp.domain.kustomize import Build, FileTree, Section, build_folder
from tests.domain.kustomize.trees import CLUSTER, COMPONENT, CONFIG, HEAD, add, inline, merge, one

TWO = f"{CLUSTER}---\n{CLUSTER.replace('name: db', 'name: other')}"


def told(found: Build) -> list[tuple[str, bool]]:
    return [(str(fault), fault.fatal) for fault in found.faults]


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        pytest.param("crds: [crd.yaml]\n", "crds changes how fields are merged and names followed", id="crds"),
        pytest.param("openapi: {path: schema.json}\n", "openapi changes how fields are merged and names followed", id="a schema"),
    ],
)  # fmt: skip
def test_what_may_touch_everything_marks_everything(field: str, reason: str) -> None:
    found = build_folder(FileTree(one(field, TWO)), "")
    assert told(found) == [(f"kustomization.yaml:2: {reason}", False)]
    assert found.opaque == dict.fromkeys((0, 1), f"kustomization.yaml:2: {reason}")


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        pytest.param("helmCharts: [{name: x}]\n", "helmCharts: what its Helm charts make is not known", id="charts"),
        pytest.param("validators: [v.yaml]\n", "validators are not run", id="validators"),
        pytest.param("buildMetadata: [originAnnotations]\n", "the labels and annotations of buildMetadata are left out", id="annotations on where it comes from"),
    ],
)  # fmt: skip
def test_what_touches_nothing_that_is_here_is_named_only(field: str, reason: str) -> None:
    found = build_folder(FileTree(one(field, TWO)), "")
    assert told(found) == [(f"kustomization.yaml:2: {reason}", False)]
    assert found.opaque == {}
    assert len(found.produced) == 2


def test_what_is_elsewhere_is_named_and_may_be_what_a_patch_means() -> None:
    files = one("components: []\npatches:\n" + merge("{a: 1}", "remote-db"))
    files["kustomization.yaml"] = files["kustomization.yaml"].replace(
        "[c.yaml]", "[c.yaml, 'https://github.com/a/b//c?ref=v1']"
    )
    found = build_folder(FileTree(files), "")
    assert told(found) == [
        ("kustomization.yaml:1: https://github.com/a/b//c?ref=v1 is elsewhere, what it holds is not known", False)
    ]
    assert found.opaque == {}


def test_a_component_that_is_elsewhere_marks_everything() -> None:
    found = build_folder(FileTree(one("components: ['github.com/a/b//c?ref=v1']\n")), "")
    reason = "kustomization.yaml:2: the component github.com/a/b//c?ref=v1 is elsewhere"
    assert told(found) == [(reason, False)]
    assert found.opaque == {0: reason}


def test_a_variable_marks_what_uses_it() -> None:
    document = TWO.replace("size: 1Gi", "size: $(SIZE)", 1)
    found = build_folder(FileTree(one("vars: [{name: SIZE, objref: {kind: Cluster, name: db}}]\n", document)), "")
    reason = "kustomization.yaml:2: the variable $(SIZE) is not filled in"
    assert told(found) == [(reason, False)]
    assert found.opaque == {0: reason}


@pytest.mark.parametrize(
    ("configuration", "marks"),
    [
        pytest.param("nameReference:\n- kind: Cluster\n  fieldSpecs: [{path: spec/cluster/name, kind: ScheduledBackup}]\n", True, id="a kind of CNPG"),
        pytest.param("commonLabels: [{path: spec/labels, create: true}]\n", True, id="all kinds"),
        pytest.param("images: [{path: spec/imageName, group: postgresql.cnpg.io}]\n", True, id="the group of CNPG"),
        pytest.param("images: [{path: spec/image, kind: Rollout}]\n", False, id="another kind"),
        pytest.param("images: [{path: spec/image, group: argoproj.io}]\n", False, id="another group"),
    ],
)  # fmt: skip
def test_configurations_mark_everything_where_they_name_a_kind_of_cnpg(configuration: str, *, marks: bool) -> None:
    base = {f"b/{path}": text for path, text in one("configurations: [k.yaml]\n", k=configuration).items()}
    files = {**base, "o/kustomization.yaml": "resources: [../b, d.yaml]\n", "o/d.yaml": CLUSTER.replace("db", "other")}
    found = build_folder(FileTree(files, may_mean=may_mean_cnpg), "o")
    assert set(found.opaque) == ({0, 1} if marks else set())
    assert [fatal for _, fatal in told(found)] == [False] * marks


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("{name: '(?=DB)'}", r"the pattern '(?=DB)' is not understood"),
        ("{name: 'a{1}{2}'}", "the pattern 'a{1}{2}' is not understood"),
        ("{name: '('}", "the pattern '(' is not understood"),
        ("{labelSelector: '!!'}", "the selector '!!' is not understood"),
    ],
)
def test_a_target_that_is_not_understood_marks_everything(target: str, reason: str) -> None:
    found = build_folder(FileTree(one(f"patches:\n{add('q', target=target)}", TWO)), "")
    assert told(found) == [(f"kustomization.yaml:3: {reason}", False)]
    assert set(found.opaque) == {0, 1}


def test_a_patch_that_was_not_read_marks_what_it_means() -> None:
    files = one("patches: [{path: p.yaml, target: {name: other}}]\n", TWO)
    found = build_folder(FileTree(files, others=frozenset({"p.yaml"})), "")
    assert told(found) == [("kustomization.yaml:2: p.yaml was not read", False)]
    assert found.opaque == {1: "kustomization.yaml:2: p.yaml was not read"}


def test_resources_that_declare_nothing_of_cnpg_need_not_be_read() -> None:
    foreign = inline("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: app}\nspec: {replicas: 2}")
    files = one(f"replicas: [{{name: app, count: 2}}]\npatches:\n{foreign}{add('q', 1)}")
    files["kustomization.yaml"] = files["kustomization.yaml"].replace("[c.yaml]", "[c.yaml, app.yaml]")
    found = build_folder(FileTree(files, others=frozenset({"app.yaml"})), "")
    assert found.faults == ()
    assert found.opaque == {}
    assert found.produced[0].object["spec"]["q"] == 1
    assert told(build_folder(FileTree(files), "")) == [
        ("kustomization.yaml:1: app.yaml: there is neither such a file nor such a folder with a kustomization", True),
        ("kustomization.yaml:4: there is no Deployment app for the patch; there are: none", True),
        ("kustomization.yaml:2: there is no Deployment, ReplicaSet, ReplicationController, StatefulSet 'app' for its replicas", True),
    ]  # fmt: skip


def test_a_source_that_was_not_read_marks_the_targets() -> None:
    files = one(
        "replacements:\n- source: {kind: ConfigMap, name: far, fieldPath: data.n}\n  targets: [{select: {name: other}, fieldPaths: [spec.instances]}]\n",
        TWO,
    )
    files["kustomization.yaml"] = files["kustomization.yaml"].replace("[c.yaml]", "[c.yaml, far.yaml]")
    found = build_folder(FileTree(files, others=frozenset({"far.yaml"})), "")
    assert told(found) == [("kustomization.yaml:3: a source that was not read is not understood", False)]
    assert set(found.opaque) == {1}


def test_what_kustomize_refuses_says_where_and_marks_everything() -> None:
    found = build_folder(FileTree(one("patches:\n" + merge("{a: 1}", "orders"), TWO)), "")
    reason = "kustomization.yaml:3: there is no Cluster orders for the patch; there are: Cluster db, Cluster other"
    assert told(found) == [(reason, True)]
    assert found.opaque == dict.fromkeys((0, 1), f"kustomize refuses to build it: {reason}")


def test_a_file_that_is_no_yaml_is_named_with_its_line() -> None:
    found = build_folder(FileTree(one("", HEAD + "spec: {a: 1, a: 2}\n")), "")
    assert told(found) == [("c.yaml:4: the key 'a' is there twice", True)]


def test_what_is_read_in_an_unknown_way_marks_its_object() -> None:
    found = build_folder(FileTree(one("", f"{HEAD}spec: {{a: !vault x}}\n---\n{HEAD.replace('db', 'other')}")), "")
    assert found.opaque == {0: "c.yaml:4: the tag !vault"}


def test_flux_reads_files_outside_of_the_folder() -> None:
    files = {"c.yaml": CLUSTER, "o/kustomization.yaml": "resources: [../c.yaml]\n"}
    assert told(build_folder(FileTree(files), "o")) == [
        ("o/kustomization.yaml:1: c.yaml is outside of o, where kustomize reads no files", True)
    ]
    assert len(build_folder(FileTree(files), "o", loads="any").produced) == 1


def test_a_repository_cannot_be_left() -> None:
    found = build_folder(FileTree({"o/kustomization.yaml": "resources: [../../secret.yaml]\n"}), "o")
    assert [fatal for _, fatal in told(found)] == [True]


def test_folders_without_end_end() -> None:
    files = {f"f{index}/kustomization.yaml": f"resources: [../f{index + 1}]\n" for index in range(200)}
    assert told(build_folder(FileTree(files), "f0")) == [("f0: bases more than 40 deep", False)]
    assert told(build_folder(FileTree(files), "f180"))[0][1]


def test_folders_that_double_at_each_step_end() -> None:
    files = {"f0/c.yaml": CLUSTER, "f0/kustomization.yaml": "resources: [c.yaml]\n"}
    for index in range(1, 30):
        files[f"f{index}/a/kustomization.yaml"] = f"resources: [../../f{index - 1}]\nnamePrefix: a{index}-\n"
        files[f"f{index}/kustomization.yaml"] = f"resources: [../f{index - 1}, a]\n"
    assert any("more than 5000 objects" in text for text, _ in told(build_folder(FileTree(files), "f29")))


def test_an_unchanged_folder_is_built_once() -> None:
    base = {f"b/{path}": text for path, text in one("", TWO).items()}
    files = {
        **base,
        "x/kustomization.yaml": "resources: [../b]\n",
        "y/kustomization.yaml": "resources: [../b]\nnamePrefix: y-\n",
    }
    tree = FileTree(files)
    first = build_folder(tree, "x").produced[0]
    assert build_folder(tree, "x").produced[0].object is first.object
    after = tree.with_files({**files, "y/kustomization.yaml": "resources: [../b]\nnamePrefix: z-\n"})
    assert build_folder(after, "x").produced[0].object is first.object
    assert build_folder(after, "y").produced[0].object["metadata"]["name"] == "z-db"
    changed = after.with_files({**after.files, "b/c.yaml": CLUSTER.replace("3", "5")})
    assert build_folder(changed, "x").produced[0].object["spec"]["instances"] == 5
    appeared = after.with_files({**after.files, "b/kustomization.yml": "resources: []\n"})
    assert [fatal for _, fatal in told(build_folder(appeared, "x"))] == [True]


def test_what_an_engine_adds_does_not_stay() -> None:
    tree = FileTree(one("", CLUSTER))
    extra = Section("ks.yaml", 0, ("spec",), {"namespace": "flux"})
    assert build_folder(tree, "", extra=(extra,)).produced[0].identity.namespace == "flux"
    assert build_folder(tree, "").produced[0].identity.namespace is None


def test_a_component_of_an_engine_is_added() -> None:
    files = {
        "o/c.yaml": CLUSTER,
        "o/kustomization.yaml": "resources: [c.yaml]\n",
        "k/kustomization.yaml": COMPONENT + "namePrefix: k-\n",
    }
    extra = Section("ks.yaml", 0, ("spec",), {"components": ["../k"]})
    assert build_folder(FileTree(files), "o", extra=(extra,)).produced[0].object["metadata"]["name"] == "k-db"


def test_a_generated_object_has_no_place_among_those_of_cnpg() -> None:
    found = build_folder(
        FileTree(one("configMapGenerator: [{name: x, files: [a.txt]}]\n", f"{CONFIG}---\n{CLUSTER}")), ""
    )
    assert found.faults == ()
    assert [str(each.identity) for each in found.produced] == ["Cluster db"]
