"""What holds for every edit in every repository of bases, overlays, patches, components and Flux variables.

Repositories are written here as text, and everything that they would make live is rebuilt before and after: built by
kustomize, put into its namespace and its variables filled in by a few lines of this module, which know nothing of
where an edit belongs. An edit may change the asked field of the asked object, and nothing else anywhere.
"""

from __future__ import annotations

import copy
import posixpath
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import yaml
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from gitops_mcp.domain import kustomize
from gitops_mcp.domain.objects import CNPG_GROUP, Object, Path, at
from gitops_mcp.errors import GitOpsError
from tests.conftest import examples
from tests.drawn import drawn
from tests.layouts_adapter import Asked, Environment, Repository, Tree, planned, told
from tests.test_layouts import Root, edited, kubectl, name_of

REMOTE = "https://git.example.com/platform/fleet.git"
INSTANCES: Path = ("spec", "instances")
SIZE: Path = ("spec", "storage", "size")
VARIABLE = re.compile(r"\$\{(\w+)(?::=([^}]*))?\}")

Builds = Callable[[Tree, str], list[Object]]


@dataclass(frozen=True)
class Overlay:
    """An environment with the folder that is built for it."""

    environment: Environment
    folder: str


@dataclass(frozen=True)
class Written:
    tree: Tree
    overlays: tuple[Overlay, ...]

    def __repr__(self) -> str:
        return "\n".join(f"--- {path}\n{data.decode()}" for path, data in sorted(self.tree.items()))


@dataclass(frozen=True)
class Style:
    """How one file is written."""

    dash: str
    """What stands before the dash of a list."""
    comments: bool
    flow: bool


@dataclass(frozen=True)
class Named:
    """A Cluster as patches have to name it."""

    name: str
    namespace: str | None


@dataclass
class Writer:
    """Draws one repository."""

    draw: st.DrawFn
    flux: bool

    def one_of(self, *choices: Any) -> Any:
        return self.draw(st.sampled_from(choices))

    def maybe(self) -> bool:
        return self.draw(st.booleans())

    def style(self) -> Style:
        return Style(self.one_of("", "  "), self.maybe(), self.maybe())

    def instances(self) -> str:
        choices = ["1", "2", "3"] + (["${COUNT}", "${OTHER_COUNT}", "${COUNT:=2}"] if self.flux else [])
        return str(self.one_of(*choices))

    def size(self) -> str:
        choices = ["10Gi", '"20Gi"'] + (["${SIZE}", '"${SIZE}"', "${OWN_SIZE:=5Gi}"] if self.flux else [])
        return str(self.one_of(*choices))

    def words(self) -> dict[str, str]:
        """What a patch says, at least one thing."""
        said = {"instances": self.instances(), "size": self.size(), "enableSuperuserAccess": "true"}
        kept = self.draw(st.lists(st.sampled_from(sorted(said)), min_size=1, max_size=3, unique=True))
        return {key: said[key] for key in sorted(kept)}

    def repository(self) -> Written:
        tree: dict[str, str] = {}
        names = self.draw(st.lists(st.sampled_from(["orders", "carts", "ledger"]), min_size=1, max_size=2, unique=True))
        if self.flux and self.maybe():
            names[0] = "${APP}-db"
        known = self.base(tree, names)
        component = self.maybe()
        if component:
            self.component(tree)
        environments = self.draw(
            st.lists(st.sampled_from(["dev", "staging", "prod"]), min_size=1, max_size=3, unique=True)
        )
        overlays = tuple(self.overlay(tree, name, known, component=component) for name in environments)
        return Written({path: text.encode() for path, text in tree.items()}, overlays)

    def base(self, tree: dict[str, str], names: list[str]) -> list[Named]:
        own = self.one_of(None, "shop")
        texts = {f"{name.strip('${}')}.yaml".replace("}", ""): self.cluster(Named(name, own)) for name in names}
        if self.maybe():
            texts = {"databases.yaml": "---\n".join(texts.values())}
        for path, text in texts.items():
            tree[f"base/{path}"] = text
        prefix, suffix, namespace = self.one_of("", "eu-"), self.one_of("", "-v2"), self.one_of(None, "data")
        style = self.style()
        tree["base/kustomization.yaml"] = listing("resources", list(texts), style) + self.naming(
            prefix=prefix, suffix=suffix, namespace=namespace
        )
        return [Named(f"{prefix}{name}{suffix}", namespace or own) for name in names]

    def component(self, tree: dict[str, str]) -> None:
        tree["components/sized/kustomization.yaml"] = (
            "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n"
            + self.patch_for_all(self.style())
            + self.transformers(tree, "components/sized", [])
        )

    def transformers(self, tree: dict[str, str], folder: str, known: list[Named]) -> str:
        """The field of a kustomization, with a file of them, where there are some."""
        style = self.style()
        patch = f"target: {{kind: Cluster}}\npatch: |\n{indented(operations(self.words(), style), '  ')}"
        pairs = "annotations:\n  team: shop\nfieldSpecs: [{path: metadata/annotations, create: true, kind: KIND}]\n"
        choices = {
            "PatchTransformer": patch,
            "AnnotationsTransformer": pairs.replace("KIND", self.one_of("Namespace", "Cluster")),
            "LabelTransformer": pairs.replace("annotations", "labels").replace("KIND", "Cluster"),
        }
        if known:
            counted = f"replica:\n  name: {self.one_of(*known).name}\n  count: {self.one_of(2, 3)}\n"
            choices["ReplicaCountTransformer"] = f"{counted}fieldSpecs: [{{path: spec/instances, kind: Cluster}}]\n"
        kinds = self.draw(st.lists(st.sampled_from(sorted(choices)), max_size=2, unique=True))
        if not kinds or self.one_of(True, False):
            return ""
        documents = [f"apiVersion: builtin\nkind: {kind}\nmetadata: {{name: t}}\n{choices[kind]}" for kind in kinds]
        tree[f"{folder}/more.yaml"] = "---\n".join(documents)
        return listing("transformers", ["more.yaml"], style)

    def overlay(self, tree: dict[str, str], name: str, known: list[Named], *, component: bool) -> Overlay:
        folder = f"overlays/{name}"
        if self.one_of(True, False, False):
            for region in ("eu", "us"):
                self.layer(tree, f"{folder}/{region}", known, suffix=f"-{region}", component=component)
            text = listing("resources", ["us", "eu"], self.style()) + self.naming(namespace=self.one_of(None, "shop"))
            text += "patches:\n" + self.patch_for_all(self.style()) if self.one_of(True, False, False) else ""
            tree[f"{folder}/kustomization.yaml"] = text
        else:
            self.layer(tree, folder, known, suffix=self.one_of("", f"-{name}"), component=component)
        if not self.flux:
            return Overlay(Environment(name, folder), folder)
        kind = self.one_of("GitRepository", "GitRepository", "OCIRepository", "Bucket", "ExternalArtifact")
        if kind == "GitRepository" and self.maybe():
            tree[f"clusters/{name}/source.yaml"] = SOURCE
        applying = self.applying(tree, name, folder).replace("GitRepository", kind)
        tree[f"clusters/{name}/apps.yaml"] = applying
        if self.one_of(True, False, False):  # a second root of the same objects
            tree[f"clusters/{name}/{AGAIN}"] = applying.replace(f"name: {name}\n", f"name: {name}-again\n", 1)
        return Overlay(Environment(name, f"clusters/{name}", "flux"), folder)

    def layer(self, tree: dict[str, str], folder: str, known: list[Named], *, suffix: str, component: bool) -> None:
        """A folder on the base, with patches."""
        style, up = self.style(), "../" * (folder.count("/") + 1)
        resources, clusters = [f"{up}base"], list(known)
        if self.maybe():
            added = Named(f"extra-{folder.count('/')}", self.one_of(None, "shop"))
            tree[f"{folder}/extra.yaml"] = self.cluster(added)
            resources, clusters = [*resources, "extra.yaml"], [*clusters, added]
        text = "# Ours.\n" if style.comments else ""
        text += listing("resources", resources, style)
        text += f"components:\n- {up}components/sized\n" if component and self.maybe() else ""
        legacy = self.one_of(True, False, False, False)
        patches = [
            self.patch(tree, folder, index, self.one_of(*clusters), style, legacy=legacy)
            for index in range(self.one_of(0, 1, 2, 3))
        ]
        if self.one_of(True, False, False, False):
            patches.append(("patches", self.patch_for_all(style)))
        for key in ("patches", "patchesStrategicMerge", "patchesJson6902"):
            entries = "".join(entry for field, entry in patches if field == key)
            text += f"{key}:\n{entries}" if entries else ""
        text += self.transformers(tree, folder, clusters)
        text += self.naming(prefix=self.one_of("", "x-"), suffix=suffix, namespace=self.one_of(None, "shop", "own"))
        tree[f"{folder}/kustomization.yaml"] = text

    def applying(self, tree: dict[str, str], name: str, folder: str) -> str:
        target: str = self.one_of("", f"  targetNamespace: apps-{name}\n")
        defined = {"APP": "media", "COUNT": '"4"', "OTHER_COUNT": "'2'", "SIZE": "8Gi   # of the smallest disk"}
        defined |= {"OWN_SIZE": "7Gi"} if self.maybe() else {}
        build = self.one_of("", "", "literals", "envs", "merge", "patch")
        built = {key: defined.pop(key).split("   #")[0] for key in ("COUNT", "SIZE")} if build else {}
        if built:
            self.settings(tree, name, build, built)
        substitute = "".join(f"      {key}: {value}\n" for key, value in defined.items())
        sources = "    substituteFrom: [{kind: ConfigMap, name: settings}]\n" if built else ""
        more = f"  postBuild:\n{sources}    substitute:\n{substitute}"
        return FLUX.format(name=name, folder=folder) + target + more

    def settings(self, tree: dict[str, str], name: str, build: str, defined: Mapping[str, str]) -> None:
        """A ConfigMap of variables that a folder of its own builds."""
        folder = f"clusters/{name}/settings"
        tree[f"clusters/{name}/settings.yaml"] = FLUX.format(name=f"settings-{name}", folder=folder)
        first, second = ({key: value.strip("\"'")} for key, value in defined.items())
        both = first | second
        entries = ", ".join(f"{key}={value}" for key, value in (second if build == "merge" else both).items())
        head = "configMapGenerator:\n- name: settings\n  namespace: flux-system\n"
        text = {
            "literals": f"{head}  literals: [{entries}]\n",
            "envs": f"{head}  envs: [ours.env]\n",
            "merge": f"resources: [defaults.yaml]\n{head}  behavior: merge\n  literals: [{entries}]\n",
            "patch": "resources: [defaults.yaml]\npatches: [{path: ours.yaml}]\n",
        }[build]
        tree[f"{folder}/kustomization.yaml"] = f"{text}generatorOptions: {{disableNameSuffixHash: true}}\n"
        if build == "envs":
            tree[f"{folder}/ours.env"] = "# Ours.\n" + "".join(f"{key}={value}\n" for key, value in both.items())
        if build in {"merge", "patch"}:
            tree[f"{folder}/defaults.yaml"] = config_map(first | dict.fromkeys(second, "1Gi"))
        if build == "patch":
            tree[f"{folder}/ours.yaml"] = config_map(second)

    def naming(self, *, prefix: str = "", suffix: str = "", namespace: str | None) -> str:
        said = {"namePrefix": prefix, "nameSuffix": suffix, "namespace": namespace}
        return "".join(f"{key}: {value}\n" for key, value in said.items() if value)

    def cluster(self, named: Named) -> str:
        return manifest(named, {"instances": self.instances(), "size": self.size()}, self.style())

    def patch(
        self, tree: dict[str, str], folder: str, index: int, named: Named, style: Style, *, legacy: bool
    ) -> tuple[str, str]:
        """A field of the kustomization and an entry in it, and the file that this names."""
        words = self.words()
        merges = "$" in named.name or self.maybe()
        text = manifest(named, words, style) if merges else operations(words, style)
        target = "" if merges else f"  target:\n    {GROUP if legacy else ''}kind: Cluster\n    name: {named.name}\n"
        target += f"    namespace: {named.namespace}\n" if target and legacy and named.namespace else ""
        field = "patches" if not legacy else "patchesStrategicMerge" if merges else "patchesJson6902"
        path = f"patch-{index}.yaml" if self.maybe() else None
        if path:
            tree[f"{folder}/{path}"] = text
        if field == "patchesStrategicMerge":
            entry = f"- {path}\n" if path else f"- |-\n{indented(text, '  ')}"
        else:
            entry = f"- path: {path}\n{target}" if path else f"- patch: |-\n{indented(text, '    ')}{target}"
        return field, indented(entry, style.dash)

    def patch_for_all(self, style: Style) -> str:
        text = operations(self.words(), style)
        return indented(f"- target:\n    kind: Cluster\n  patch: |\n{indented(text, '    ')}", style.dash)


AGAIN = "again.yaml"
GROUP = "group: postgresql.cnpg.io\n    version: v1\n    "

SOURCE = f"""\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata:
  name: fleet
  namespace: flux-system
spec:
  url: {REMOTE}
  ref: {{branch: main}}
"""

FLUX = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: {name}
  namespace: flux-system
spec:
  interval: 10m
  prune: true
  path: ./{folder}
  sourceRef: {{kind: GitRepository, name: fleet}}
"""


def config_map(data: Mapping[str, str]) -> str:
    lines = "".join(f'  {key}: "{value}"\n' for key, value in data.items())
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: settings, namespace: flux-system}}\ndata:\n{lines}"


def listing(key: str, entries: list[str], style: Style) -> str:
    if style.flow:
        return f"{key}: [{', '.join(entries)}]\n"
    return f"{key}:\n" + "".join(f"{style.dash}- {entry}\n" for entry in entries)


def manifest(named: Named, words: Mapping[str, str], style: Style) -> str:
    """A Cluster, or a merge patch of one."""
    lines = ["# Ask before you touch it."] if style.comments else []
    lines += ["apiVersion: postgresql.cnpg.io/v1", "kind: Cluster", "metadata:", f"  name: {named.name}"]
    lines += [f"  namespace: {named.namespace}"] if named.namespace else []
    lines += ["spec:"]
    for key, value in words.items():
        if key != "size":
            lines.append(f"  {key}: {value}" + ("   # as agreed" if style.comments else ""))
        elif style.flow and "$" not in value:
            lines.append(f"  storage: {{size: {value}}}")
        else:
            lines += ["  storage:", f"    size: {value}"]
    return "\n".join(lines) + "\n"


def operations(words: Mapping[str, str], style: Style) -> str:
    """The same as JSON6902, as YAML."""
    paths = {"size": "/spec/storage/size"}
    lines = []
    for key, value in words.items():
        path, op = paths.get(key, f"/spec/{key}"), "add" if key == "enableSuperuserAccess" else "replace"
        if style.flow and "$" not in value:
            lines.append(f"- {{op: {op}, path: {path}, value: {value}}}")
        else:
            lines += [f"- op: {op}", f"  path: {path}", f"  value: {value}"]
    return "\n".join(lines) + "\n"


def indented(text: str, by: str) -> str:
    return "".join(f"{by}{line}" for line in text.splitlines(keepends=True))


@st.composite
def repositories(draw: st.DrawFn) -> Written:
    return Writer(draw, flux=draw(st.booleans())).repository()


def ours(tree: Tree, folder: str) -> list[Object]:
    files = kustomize.FileTree({path: data.decode() for path, data in tree.items()})
    built = kustomize.build_folder(files, folder, loads="any", groups={CNPG_GROUP, ""})
    assert built.faults == ()
    return [one.object for one in built.produced]


def theirs(tree: Tree, folder: str) -> list[Object]:
    return list(kubectl(Root(folder), tree).values())


def live(written: Written, tree: Tree, build: Builds) -> dict[str, dict[str, Object]]:
    """By environment, and once more for a second root there, every object as its engine would apply it."""
    found: dict[str, dict[str, Object]] = {}
    for overlay in written.overlays:
        name, path = overlay.environment.name, overlay.environment.path
        roots = {name: f"{path}/apps.yaml", f"{name} {AGAIN}": f"{path}/{AGAIN}"}
        for root, place in roots.items() if overlay.environment.engine == "flux" else [(name, "")]:
            if place and place not in tree:
                continue
            spec = spec_of(tree, place, build) if place else {}
            # One by one, since a build may use one value in several objects, which a copy of all would keep.
            objects = [copy.deepcopy(one) for one in build(patched(tree, overlay.folder, spec), overlay.folder)]
            if place:
                objects = [applied(one, spec) for one in objects]
            found[root] = {name_of(one): one for one in objects}
            assert len(found[root]) == len(objects)
    return found


def spec_of(tree: Tree, path: str, build: Builds) -> Object:
    """Of the Kustomization in a file, with the variables of the ConfigMap that is built beside it."""
    spec: Object = yaml.safe_load(tree[path])["spec"]
    if "substituteFrom" in spec["postBuild"]:
        (made,) = build(tree, f"{posixpath.dirname(path)}/settings")
        spec["postBuild"]["substitute"] = {**made["data"], **spec["postBuild"]["substitute"]}
    return spec


def patched(tree: Tree, folder: str, spec: Object) -> Tree:
    """With the patches of a Kustomization in the kustomization at its path, as Flux puts them there."""
    if "patches" not in spec:
        return tree
    path = f"{folder}/kustomization.yaml"
    value = yaml.safe_load(tree[path])
    value["patches"] = [*value.get("patches", []), *spec["patches"]]
    return {**tree, path: yaml.safe_dump(value).encode()}


def applied(value: Object, spec: Object) -> Object:
    """What Flux makes of an object: its namespace, then variables in the text, so that numbers become numbers."""
    if "targetNamespace" in spec:
        value["metadata"]["namespace"] = spec["targetNamespace"]
    defined = spec["postBuild"]["substitute"]
    text = yaml.safe_dump(value, width=10_000)
    filled: Object = yaml.safe_load(VARIABLE.sub(lambda found: defined.get(found[1], found[2] or ""), text))
    return filled


def comments(tree: Tree) -> Counter[str]:
    return Counter(found for data in tree.values() for found in re.findall(r"# .*", data.decode()))


@dataclass(frozen=True)
class Request:
    asked: Asked
    object: str
    field: Path
    value: Any


@st.composite
def requests(draw: st.DrawFn, written: Written) -> Request:
    overlay = draw(st.sampled_from(written.overlays))
    clusters = live(written, written.tree, ours)[overlay.environment.name]
    label = draw(st.sampled_from(sorted(clusters)))
    metadata = clusters[label]["metadata"]
    named = {key: metadata[key] for key in ("name", "namespace") if key in metadata}
    repository = Repository((REMOTE,))
    if draw(st.booleans()):
        wanted = draw(st.integers(1, 9))
        asked = Asked("scale", {**named, "instances": wanted}, overlay.environment, repository)
        return Request(asked, label, INSTANCES, wanted)
    size = draw(st.sampled_from(["10Gi", "20Gi", "60Gi"]))
    asked = Asked("set", {**named, "path": list(SIZE), "value": size}, overlay.environment, repository)
    return Request(asked, label, SIZE, size)


def holds(written: Written, request: Request, build: Builds) -> None:
    """The law itself."""
    expected, untouched = live(written, written.tree, build), dict(written.tree)
    environment = request.asked.environment.name
    edits = answered(written.tree, request.asked)
    assert written.tree == untouched
    if isinstance(edits, GitOpsError):
        drawn(f"refused: {type(edits).__name__}")
        assert variable_has_the_last_word(written, request) or transformer_has_the_last_word(written, request), edits
        return
    drawn("unchanged" if not edits else "edited")
    assert None not in edits.values()
    after_tree = edited(written.tree, edits)
    roots = [expected[name] for name in (environment, f"{environment} {AGAIN}") if name in expected]
    assert (edits == {}) == all(at(root[request.object], *request.field) == request.value for root in roots)
    for root in roots:
        at(root[request.object], *request.field[:-1])[request.field[-1]] = request.value
    assert live(written, after_tree, build) == expected
    assert comments(written.tree) <= comments(after_tree)
    assert planned(after_tree, request.asked, proposed=True) == {}


def answered(tree: Tree, asked: Asked) -> Mapping[str, bytes | None] | GitOpsError:
    try:
        return planned(tree, asked)
    except GitOpsError as error:
        return error


def variable_has_the_last_word(written: Written, request: Request) -> bool:
    """May be refused, although every object has a folder of its own to hold an edit."""
    (overlay,) = (one for one in written.overlays if one.environment == request.asked.environment)
    index = list(live(written, written.tree, ours)[overlay.environment.name]).index(request.object)
    return "$" in str(at(ours(written.tree, overlay.folder)[index], *request.field))


def transformer_has_the_last_word(written: Written, request: Request) -> bool:
    """May be refused too: what transforms several objects does so after all patches of its folder."""
    (overlay,) = (one for one in written.overlays if one.environment == request.asked.environment)
    index = list(live(written, written.tree, ours)[overlay.environment.name]).index(request.object)
    files = {path: data.decode() for path, data in written.tree.items()}
    produced = kustomize.build_folder(kustomize.FileTree(files), overlay.folder).produced[index]
    word = produced.word(request.field)
    return word is not None and produced.layers[word.layer].path.endswith("/more.yaml")


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_an_edit_changes_the_asked_field_alone_or_is_refused(data: st.DataObject) -> None:
    written = data.draw(repositories())
    holds(written, data.draw(requests(written)), ours)


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_deletion_takes_the_asked_object_alone_or_is_refused(data: st.DataObject) -> None:
    written = data.draw(repositories())
    expected = live(written, written.tree, ours)
    environment = data.draw(st.sampled_from(written.overlays)).environment
    label = data.draw(st.sampled_from(sorted(expected[environment.name])))
    metadata = expected[environment.name][label]["metadata"]
    named = {key: metadata[key] for key in ("name", "namespace") if key in metadata}
    edits = answered(written.tree, Asked("delete", named, environment, Repository((REMOTE,))))
    if isinstance(edits, GitOpsError):
        drawn(f"refused: {str(edits).partition(':')[0]}")
        return
    drawn("deleted")
    for root in (environment.name, f"{environment.name} {AGAIN}"):
        expected.get(root, {}).pop(label, None)
    assert live(written, edited(written.tree, edits), ours) == expected


@settings(max_examples=examples(5), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_kubectl_sees_the_same(data: st.DataObject) -> None:
    written = data.draw(repositories())
    holds(written, data.draw(requests(written)), theirs)


@settings(max_examples=examples(6), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(repositories())
def test_what_is_rebuilt_here_is_what_kubectl_builds(written: Written) -> None:
    assert live(written, written.tree, ours) == live(written, written.tree, theirs)


APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: {name}, namespace: argocd}}
spec:
  source: {{repoURL: {url}, targetRevision: {revision}, path: {path}{more}}}
  destination: {{server: "https://kubernetes.default.svc"}}
"""
State = Literal["applied", "behind", "elsewhere", "left out", "not understood"]
STATES: tuple[State, ...] = ("applied", "applied", "behind", "elsewhere", "left out", "not understood")


@st.composite
def governed(draw: st.DrawFn) -> tuple[Written, Mapping[str, State]]:
    """Each overlay has an Application below a root that lists it, or does not; by environment, what that does."""
    written = Writer(draw, flux=False).repository()
    tree, states, overlays = dict(written.tree), dict[str, State](), []
    for overlay in written.overlays:
        name, folder = overlay.environment.name, f"clusters/{overlay.environment.name}"
        state = states[name] = draw(st.sampled_from(STATES))
        said = {
            "name": name,
            "url": REMOTE.replace("fleet", "other") if state == "elsewhere" else REMOTE,
            "revision": draw(st.sampled_from(["v1", "release"])) if state == "behind" else "main",
            "path": overlay.folder,
            "more": ", plugin: {name: cdk8s}" if state == "not understood" else "",
        }
        root = {"name": f"root-{name}", "url": REMOTE, "revision": "main", "path": f"{folder}/apps", "more": ""}
        listed = f"resources: [{'' if state == 'left out' else 'app.yaml'}]\n# - app.yaml\n"
        tree[f"{folder}/root.yaml"] = APPLICATION.format(**root).encode()
        tree[f"{folder}/apps/app.yaml"] = APPLICATION.format(**said).encode()
        tree[f"{folder}/apps/kustomization.yaml"] = listed.encode()
        overlays.append(Overlay(Environment(name, folder, "argocd"), overlay.folder))
    return Written(tree, tuple(overlays)), states


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_only_what_is_applied_now_or_later_is_edited(data: st.DataObject) -> None:
    written, states = data.draw(governed())
    request = data.draw(requests(written))
    state = states[request.asked.environment.name]
    event(state)
    if state in {"applied", "behind"}:
        own = [one for one in written.overlays if states[one.environment.name] in {"applied", "behind"}]
        holds(Written(written.tree, tuple(own)), request, ours)
        changes = answered(written.tree, request.asked)
        is_edited = not isinstance(changes, GitOpsError) and bool(changes)
        if state == "behind" and request.asked.tool == "scale" and is_edited:
            assert "nothing changes in the cluster until what Argo CD Application" in told(written.tree, request.asked)
        return
    refused = answered(written.tree, request.asked)
    assert isinstance(refused, GitOpsError)
    reasons = {"elsewhere": "another repository than", "left out": "it is commented out at", "not understood": "cdk8s"}
    assert reasons[state] in str(refused)


ROLES: Path = ("spec", "managed", "roles")
Author = Literal["base", "patch", "operations"]


@dataclass(frozen=True)
class Listed:
    """Overlays of one base with lists of roles, and who wrote each entry of each."""

    written: Written
    authors: Mapping[str, tuple[Author, ...]]
    """By environment, for each of its roles."""

    def __repr__(self) -> str:
        return repr(self.written)


def roles(names: list[str], style: Style, indent: str) -> str:
    if style.flow:
        return f"{indent}roles: [{', '.join(f'{{name: {name}, login: true}}' for name in names)}]\n"
    lines = [f"{indent}roles:"]
    for name in names:
        lines += [f"{indent}{style.dash}# Role {name}."] if style.comments else []
        lines += [f"{indent}{style.dash}- name: {name}", f"{indent}{style.dash}  login: true"]
    return "\n".join(lines) + "\n"


@st.composite
def lists(draw: st.DrawFn) -> Listed:
    styles = st.builds(Style, st.sampled_from(["", "  "]), st.booleans(), st.booleans())
    shared = draw(st.sampled_from([["a1"], ["a1", "a2"], ["a1", "a2", "a3"]]))
    text = (
        f"{IDENTITY}spec:\n  instances: 3\n  managed:\n{roles(shared, draw(styles), '    ')}  storage: {{size: 1Gi}}\n"
    )
    tree = {"base/orders.yaml": text, "base/kustomization.yaml": "resources: [orders.yaml]\n"}
    names = draw(st.lists(st.sampled_from(["dev", "staging", "prod"]), min_size=1, max_size=3, unique=True))
    authors: dict[str, tuple[Author, ...]] = {}
    for name in names:
        author: Author = draw(st.sampled_from(["base", "patch", "operations"]))
        own, style, patches = draw(st.sampled_from([["b1"], ["b1", "b2"]])), draw(styles), ""
        if author == "patch":
            patches = f"{IDENTITY}spec:\n  managed:\n{roles(own, style, '    ')}"
        if author == "operations":
            patches = "".join(f"- op: add\n  path: /spec/managed/roles/-\n  value: {{name: {one}}}\n" for one in own)
        text = f"namespace: shop-{name}\nresources: [../../base]\n"
        target = "  target: {kind: Cluster}\n" if author == "operations" else ""
        if patches and draw(st.booleans()):
            tree[f"overlays/{name}/roles.yaml"] = patches
            text += f"patches:\n- path: roles.yaml\n{target}"
        elif patches:
            text += f"patches:\n- patch: |-\n{indented(patches, '    ')}{target}"
        tree[f"overlays/{name}/kustomization.yaml"] = text
        begun: list[Author] = [] if author == "patch" else ["base"] * len(shared)
        more: list[Author] = [] if author == "base" else [author] * len(own)
        authors[name] = (*begun, *more)
    overlays = tuple(Overlay(Environment(name, f"overlays/{name}"), f"overlays/{name}") for name in names)
    return Listed(Written({path: text.encode() for path, text in tree.items()}, overlays), authors)


IDENTITY = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: orders}\n"


def holds_of_a_list(data: st.DataObject, build: Builds) -> None:
    listed = data.draw(lists())
    overlay = data.draw(st.sampled_from(listed.written.overlays))
    environment = overlay.environment.name
    expected = live(listed.written, listed.written.tree, build)
    (object_,) = expected[environment].values()
    entries, authors = at(object_, *ROLES), listed.authors[environment]
    arguments = {"name": "orders", "namespace": f"shop-{environment}"}
    if data.draw(st.booleans()):
        asked = Asked("create-role", {**arguments, "role": "new", "secret": "own"}, overlay.environment)
        author = authors[-1]
        made = {"ensure": "present", "inherit": True, "connectionLimit": -1, "passwordSecret": {"name": "own"}}
        wanted = [*entries, {"name": "new", **made}]
    else:
        index = data.draw(st.integers(0, len(entries) - 1))
        asked = Asked("delete-role", {**arguments, "role": entries[index]["name"], "drop": False}, overlay.environment)
        author, wanted = authors[index], [*entries[:index], *entries[index + 1 :]]
    edits = answered(listed.written.tree, asked)
    if isinstance(edits, GitOpsError):
        drawn("refused")
        assert (author, len(listed.authors) > 1) == ("base", True), edits
        return
    drawn(f"edited: {asked.tool} by {author}")
    assert len(edits) == 1
    found = live(listed.written, edited(listed.written.tree, edits), build)
    (after,) = found[environment].values()
    assert (at(after, *ROLES) or []) == wanted
    for one in (after, object_):
        one["spec"].pop("managed", None)
    assert found == expected
    if asked.tool == "create-role":
        assert comments(listed.written.tree) == comments(edited(listed.written.tree, edits))


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_one_entry_of_a_list_comes_or_goes_where_its_author_wrote_or_is_refused(data: st.DataObject) -> None:
    holds_of_a_list(data, ours)


@settings(max_examples=examples(5), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_kubectl_sees_the_same_entry(data: st.DataObject) -> None:
    holds_of_a_list(data, theirs)
