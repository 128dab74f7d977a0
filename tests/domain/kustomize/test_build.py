from __future__ import annotations

from pathlib import Path

import pytest

from tests.domain.kustomize.oracle import checked
from tests.domain.kustomize.trees import COMPONENT, HEAD, add, merge, one

SMALL = HEAD + "spec: {a: 1}\n"
BASE = {"b/c.yaml": SMALL, "b/kustomization.yaml": "resources: [c.yaml]\nnamespace: base\nnamePrefix: b-\n"}
PLAIN = {"b/c.yaml": SMALL, "b/kustomization.yaml": "resources: [c.yaml]\n"}
OWN = {**BASE, "b/c.yaml": SMALL.replace("name: db", "name: db, namespace: own")}


def over(kustomization: str, base: dict[str, str] = BASE, **components: str) -> dict[str, str]:
    more = {f"{name}/kustomization.yaml": COMPONENT + text for name, text in components.items()}
    return {**base, "o/kustomization.yaml": kustomization, **more}


def two(kustomization: str) -> dict[str, str]:
    sides = {f"{side}/kustomization.yaml": f"resources: [../b]\nnamePrefix: {side}-\n" for side in "xy"}
    return {**BASE, **sides, "o/kustomization.yaml": kustomization}


MIDDLE = {**BASE, "m/kustomization.yaml": "resources: [../b]\nnamePrefix: m-\n"}


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(over("resources: [../b]\npatches:\n" + merge("{z: 1}")), id="a patch finds it by its first name"),
        pytest.param(over("resources: [../b]\npatches:\n" + merge("{z: 1}", "b-db", "base")), id="by its present name and namespace"),
        pytest.param(over("resources: [../b]\npatches:\n" + merge("{z: 1}", "b-db")), id="not by its present name without the namespace"),
        pytest.param(over("resources: [../b]\npatches:\n" + merge("{z: 1}", "db", "base")), id="by a name between the steps"),
        pytest.param(over("resources: [../b]\nnamespace: over\npatches:\n" + merge("{z: 1}", "db", "over")), id="not by the namespace it is given later"),
        pytest.param(over("resources: [../b]\npatches:\n" + merge("{z: 1}", "db", "own"), OWN), id="by the namespace of its document"),
        pytest.param(over("resources: [../b]\npatches:\n" + merge("{z: 1}"), OWN), id="not without the namespace of its document"),
        pytest.param({**MIDDLE, "o/kustomization.yaml": "resources: [../m]\npatches:\n" + merge("{z: 1}", "b-db", "base")}, id="by a name of a layer between"),
        pytest.param({**MIDDLE, "o/kustomization.yaml": "resources: [../m]\npatches:\n" + add("z", target="{name: b-db}")}, id="a target knows no names between"),
        *(
            pytest.param(over("resources: [../b]\npatches:\n" + add("z", target=target)), id=f"target {target}")
            for target in ["{name: db}", "{name: b-db}", "{namespace: base}", "{namespace: default}", "{name: b-db, namespace: default}"]
        ),
        pytest.param(two("resources: [../x, ../y]\npatches:\n" + add("z", target="{name: db}")), id="a base used by two, patched in both"),
        pytest.param(two("resources: [../x, ../y]\npatches:\n" + merge("{z: 1}")), id="a base used by two, a patch that means both"),
        pytest.param(two("resources: [../x, ../y]\npatches:\n" + merge("{z: 1}", "x-b-db", "base")), id="a base used by two, a patch that means one"),
        pytest.param(over("resources: [../b, ../b]\n"), id="a base twice"),
        pytest.param(over("resources: [../b]\nnamePrefix: o-\nnameSuffix: -s\nnamespace: over\n"), id="names nest"),
        pytest.param(over("namePrefix: pre-\nnameSuffix: -s\nnamespace: there\nresources: [../b]\npatches:\n" + merge("{o: patches, p: 1}") + "patchesStrategicMerge:\n- |\n  " + (HEAD + "spec: {o: old}").replace("\n", "\n  ") + "\npatchesJson6902:\n- target: {kind: Cluster, name: db}\n  patch: '[{\"op\":\"replace\",\"path\":\"/spec/o\",\"value\":\"json\"},{\"op\":\"add\",\"path\":\"/metadata/labels/x\",\"value\":\"json\"},{\"op\":\"test\",\"path\":\"/metadata/name\",\"value\":\"pre-db-s\"}]'\nlabels: [{pairs: {a: b}}]\ncommonLabels: {x: c}\ncommonAnnotations: {an: b}\n", PLAIN), id="the order of the fields"),
    ],
)  # fmt: skip
def test_objects_keep_all_their_names(files: dict[str, str], tmp_path: Path) -> None:
    checked(files, "o", tmp_path)


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(over("resources: [../b]\nnamePrefix: o-\ncomponents: [../k]\npatches:\n" + add("o", "over"), PLAIN, k="namePrefix: k-\nnamespace: kn\npatches:\n" + add("o", "component")), id="before what is the overlay's own"),
        pytest.param(over("resources: [../b]\ncomponents: [../k, ../l]\n", PLAIN, k="patches:\n" + add("o", 1), l="patches:\n" + add("o", 2)), id="in order"),
        pytest.param({**over("resources: [../b]\nnamePrefix: o-\ncomponents: [../k]\n", PLAIN, k="resources: [d.yaml]\nnamePrefix: k-\n"), "k/d.yaml": SMALL.replace("db", "db2")}, id="brings resources and renames all"),
        pytest.param(over("resources: [../b]\ncomponents: [../k]\n", PLAIN, k="components: [../l]\npatches:\n" + add("k"), l="patches:\n" + add("l")), id="in a component"),
        pytest.param(over("resources: [../b]\ncomponents: [../k, ../k]\n", PLAIN, k="namePrefix: k-\n"), id="twice"),
        pytest.param({**over("resources: [../b]\ncomponents: [../k]\n", PLAIN, k="namePrefix: k-\n"), "b/kustomization.yaml": "resources: [c.yaml]\ncomponents: [../k]\n"}, id="in the base and in the overlay"),
        pytest.param(over("resources: [../b]\ncomponents: [../k]\n", PLAIN, k="patches:\n" + merge("{q: 1}", "zz")), id="a patch that finds nothing"),
        pytest.param({**over("components: [../k]\n", {}, k="resources: [c.yaml]\n"), "k/c.yaml": SMALL}, id="alone"),
        pytest.param(over(COMPONENT + "resources: [../b]\nnamePrefix: z-\n", PLAIN), id="built by itself"),
        pytest.param(over("resources: [../b]\ncomponents: [../k]\n", PLAIN, k=""), id="empty"),
        pytest.param(over("resources: [../b, ../k]\n", PLAIN, k="namePrefix: k-\n"), id="listed as a resource"),
        pytest.param({**over("resources: [../b]\ncomponents: [../k]\n", PLAIN), "k/kustomization.yaml": "namePrefix: k-\n"}, id="a kustomization listed as one"),
        pytest.param({**over("resources: [../b]\ncomponents: [../k]\n", PLAIN), "k/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Component\nnamePrefix: z-\n"}, id="with the other apiVersion"),
        pytest.param({**over("resources: [../b]\ncomponents: [../k]\n", PLAIN), "k/kustomization.yaml": "kind: Component\nnamePrefix: z-\n"}, id="without an apiVersion"),
        pytest.param(over("resources: [../b]\ncomponents: [../k/kustomization.yaml]\n", PLAIN, k="namePrefix: z-\n"), id="listed by its file"),
        pytest.param(over("resources: [../b]\ncomponents: [../none]\n", PLAIN), id="missing"),
    ],
)  # fmt: skip
@pytest.mark.few(4)
def test_a_component_does_what_kustomize_does(files: dict[str, str], tmp_path: Path) -> None:
    checked(files, "o", tmp_path)


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(over("resources: [../b/c.yaml]\n"), id="a file outside of the folder"),
        pytest.param({**over("resources: [../b]\npatches: [{path: ../p.yaml}]\n"), "p.yaml": SMALL}, id="a patch outside of the folder"),
        pytest.param(over("bases: [../b]\n"), id="the old field"),
        pytest.param(over("resources: [./../b/]\n"), id="another spelling"),
        pytest.param(over("Resources: [../b]\nNAMEPREFIX: x-\n"), id="another case"),
        pytest.param(over("resources: [none.yaml]\n"), id="no such file"),
        pytest.param({**over("resources: [x]\n"), "o/x/c.yaml": SMALL}, id="a folder without a kustomization"),
        pytest.param(over(""), id="an empty kustomization"),
        pytest.param(over("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n"), id="a kustomization with nothing"),
        pytest.param(over("resources: []\nnamespace: aa\n"), id="no resources"),
        pytest.param(over("resources: [../b]\n---\nnamePrefix: q-\n"), id="only the first document counts"),
        pytest.param(over("resources: [../b]\nbogus: 1\n"), id="an unknown field"),
        pytest.param(over("kind: Foo\nresources: [../b]\n"), id="another kind"),
        pytest.param(over("apiVersion: foo/v1\nresources: [../b]\n"), id="another apiVersion"),
        pytest.param(over("apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: x}\nspec: {}\n"), id="Flux's kind of that name"),
        pytest.param({**over("resources: [../b]\n"), "o/kustomization.yml": "resources: [../b]\n"}, id="two of them"),
        pytest.param({**BASE, "o/Kustomization": "resources: [../b]\nnamePrefix: z-\n"}, id="the third name"),
        pytest.param({"b/kustomization.yaml": "resources: [../o]\n", "o/kustomization.yaml": "resources: [../b]\n"}, id="a circle"),
        pytest.param({"o/c.yaml": SMALL, "o/kustomization.yaml": "resources: [.]\n"}, id="itself"),
        pytest.param({"c.yaml": SMALL, "kustomization.yaml": "resources: [c.yaml]\n", "o/kustomization.yaml": "resources: [..]\nnamePrefix: o-\n"}, id="the folder above"),
        pytest.param({"o/c.yaml": SMALL, "o/kustomization.yaml": "resources: [c.yaml, ./c.yaml]\n"}, id="a file twice"),
        pytest.param({"o/c.yaml": SMALL, "o/kustomization.yaml": "resources: [/o/c.yaml]\n"}, id="an absolute path"),
        pytest.param({"o/c.yaml": SMALL, "o/kustomization.yaml": "resources: [c.yaml, kustomization.yaml]\n"}, id="itself as a file"),
        pytest.param(over("resources: [../b]\nnamespace: n\n"), id="a namespace that is a boolean"),
        pytest.param(over("resources: [../b]\nnamespace: 'n'\n"), id="a namespace in quotes"),
        pytest.param(over("resources: [../b]\ncommonLabels: {a: 1}\n"), id="a label that is a number"),
        pytest.param(over("resources: [../b]\ncommonLabels: {on: x}\n"), id="a label whose key is a boolean"),
        pytest.param(over("resources: [5]\n"), id="a resource that is a number"),
        pytest.param(over("resources: ../b\n"), id="no list"),
        pytest.param(over("- ../b\n"), id="no map"),
        pytest.param(over("resources: [../b]\npatches: {}\n"), id="no list of patches"),
    ],
)  # fmt: skip
@pytest.mark.few(10)
def test_a_kustomization_is_read_as_kustomize_reads_it(files: dict[str, str], tmp_path: Path) -> None:
    checked(files, "o", tmp_path)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(SMALL + "---\n" + SMALL, id="one object twice"),
        pytest.param(SMALL + "---\n" + SMALL.replace("name: db", "name: db, namespace: default"), id="once in default"),
        pytest.param(SMALL + "---\n" + SMALL.replace("name: db", "name: db, namespace: x"), id="in two namespaces"),
        pytest.param(SMALL.replace("name: db", "name: db, annotations: {config.kubernetes.io/local-config: 'true'}"), id="a local object"),
        pytest.param(SMALL.replace("name: db", "name: db, annotations: {config.kubernetes.io/local-config: 'false'}"), id="not a local object"),
        pytest.param("kind: Foo\napiVersion: v1\n", id="no name"),
        pytest.param("a: 1\n", id="no kind"),
        pytest.param("- a\n", id="no object"),
        pytest.param("# x\n", id="nothing"),
        pytest.param("apiVersion: postgresql.cnpg.io/v1\nkind: Backup\nmetadata: {generateName: x-}\n", id="a generated name"),
        pytest.param("apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: x}}\n- apiVersion: v1\n  kind: List\n  items: [{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, metadata: {name: db}}]\n", id="a list in a list"),
        pytest.param("apiVersion: postgresql.cnpg.io/v1\nkind: ClusterList\nitems:\n- {metadata: {name: x}, kind: Cluster, apiVersion: postgresql.cnpg.io/v1}\n", id="a list of a kind"),
        pytest.param("apiVersion: v1\nkind: List\nitems:\n", id="a list of nothing"),
        pytest.param(SMALL.replace("name: db", "name: 5"), id="a number for a name"),
        pytest.param(SMALL.replace("name: db", "name: db, namespace: ''"), id="an empty namespace"),
        pytest.param(SMALL.replace("name: db", "name: db, annotations: {}, labels: {}"), id="no annotations and no labels"),
        pytest.param(SMALL.replace("name: db", "name: db, annotations: null, labels: null"), id="null annotations and labels"),
        pytest.param(SMALL.replace("name: db", "name: db, annotations: {a: 1.50, b: True, c: 0644, d: null, e: 2026-01-01, f: on}, labels: {q: 2}"), id="annotations are strings as they are written"),
        pytest.param("\ufeff" + SMALL.replace("\n", "\r\n"), id="a byte order mark and CRLF"),
        pytest.param(HEAD + "spec: {1: a}\n", id="a key that is a number"),
        pytest.param(HEAD + "spec: {on: a, y: b}\n", id="keys that are words"),
        pytest.param(HEAD + "spec: {a: .inf}\n", id="no number of JSON"),
        pytest.param(HEAD + "spec: {a: 1, a: 2}\n", id="a key twice"),
        pytest.param(HEAD + "spec: {a: &x [*x]}\n", id="an alias in itself"),
        pytest.param(HEAD + "x: &c {p: 1, q: 2}\nspec:\n  a: &a {x: 1, y: [1, 2]}\n  b: *a\n  c: {<<: *a, x: 5}\n  d: {<<: [*a, *c], z: 9}\n  e:\n    x: 0\n    <<: *a\n", id="anchors and merge keys"),
        pytest.param(HEAD + """spec:
  a: on
  b: yes
  c: y
  d: 0644
  e: 1e3
  f: 0o17
  g: 10:20
  h: 2020-1-2
  i: 2026-01-01T00:00:00.500+02:00
  j: 1.0
  k: 2026-01-01 1:02:03
  l: 100000000000000000000
  m: null
  n: ~
  o:
  p: ''
  t: True
  u: OFF
  v: 1_000
  w: 0x1F
  x: .5
  y: !!str 5
  z: 12345678901234567
  aa: 0b11
  ab: |
    x
    y
  ac: +5
  ae: 1e-7
  ag: [null, 1, {}]
  ah: 010
  ai: 08
  ak: 18446744073709551615
  al: -0
  am: 2026-13-01
  an: 2026-01-01T00:00:00+00:00
  ao: 2026-01-01T25:00:00Z
""", id="scalars"),
    ],
)  # fmt: skip
@pytest.mark.few(9)
def test_a_file_is_read_as_kustomize_reads_it(document: str, tmp_path: Path) -> None:
    checked(one("", document), "", tmp_path)
