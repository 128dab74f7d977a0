"""Repositories of a few kilobytes, or of one folder with many files, that ask for more work than there is time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.errors import GitOpsError

_CLUSTER = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata:\n  name: {name}\n  namespace: shop\nspec:\n  instances: 1\n"
_ENGINE = (
    "apiVersion: argoproj.io/v1alpha1\nkind: {kind}\nmetadata:\n  name: {name}\n  namespace: argocd\nspec:\n{spec}"
)
_REMOTE = "https://git.example.com/org/fleet.git"
_SOURCE = f"source:\n  repoURL: {_REMOTE}\n  path: {{path}}\n  targetRevision: main\ndestination:\n  namespace: shop\n"
Files = dict[str, str]


def _kustomization(body: str, *, resource: str = _CLUSTER.format(name="a")) -> Files:
    return {"prod/kustomization.yaml": f"resources: [a.yaml]\n{body}", "prod/a.yaml": resource}


def _application(name: str, *, path: str = "prod", more: str = "") -> str:
    return _ENGINE.format(kind="Application", name=name, spec=_indented(_SOURCE.format(path=path) + more))


def _application_set(generators: str, *, path: str = "prod", directory: str = "") -> Files:
    template = _indented(f"metadata:\n  name: x\nspec:\n{_indented(_SOURCE.format(path=path) + directory)}", by=4)
    made = _ENGINE.format(
        kind="ApplicationSet", name="set", spec=f"  generators:\n{_indented(generators)}  template:\n{template}"
    )
    return {"prod/set.yaml": made, "prod/a.yaml": _CLUSTER.format(name="a")}


def _indented(text: str, *, by: int = 2) -> str:
    return "".join(f"{' ' * by}{line}\n" for line in text.splitlines())


def _replacements(source: str, target: str, options: str = "", times: int = 40) -> Files:
    each = (
        f"- source: {{kind: Cluster, fieldPath: {source}}}\n  targets:\n  - select: {{kind: Cluster}}\n"
        f"    fieldPaths: [{target}]\n    options: {{create: true{options}}}\n"
    )
    return _kustomization(
        "replacements:\n" + "".join(each.replace("NUMBER", str(number)) for number in range(times)),
        resource=_CLUSTER.format(name="a") + "  s: 'x,x'\n  m: {a: 1}\n",
    )


def _copies() -> Files:
    each = "".join(f"    - {{op: copy, from: /spec, path: /spec/k{number}}}\n" for number in range(40))
    return _kustomization(f"patches:\n- target: {{kind: Cluster}}\n  patch: |-\n{each}")


def _components() -> Files:
    files = _kustomization("components: [../c0, ../c0]\n")
    for level in range(30):
        listed = f"components: [../c{level + 1}, ../c{level + 1}]\n" if level < 29 else "namePrefix: x\n"
        files[f"c{level}/kustomization.yaml"] = f"kind: Component\n{listed}"
    return files


def _patches() -> Files:
    many = "---\n".join(_CLUSTER.format(name=f"a{number}") for number in range(2000))
    each = "".join(
        f'- target: {{kind: \'C.*r\', name: \'a.*{number}\'}}\n  patch: \'[{{"op": "add", "path": "/spec/x", "value": 1}}]\'\n'
        for number in range(2000)
    )
    return _kustomization(f"patches:\n{each}", resource=many)


def _patched_again_and_again() -> Files:
    each = '- target: {kind: Cluster}\n  patch: \'[{"op": "add", "path": "/spec/x", "value": 1}]\'\n'
    return _kustomization(
        f"patches:\n{each * 2000}", resource=_CLUSTER.format(name="a") + "  l:\n" + "  - a\n" * 50_000
    )


def _labels() -> Files:
    many = "---\n".join(_CLUSTER.format(name=f"a{number}") for number in range(2000))
    each = "".join(f"- pairs: {{l{number}: x}}\n  includeSelectors: false\n" for number in range(2000))
    return _kustomization(f"labels:\n{each}", resource=many)


def _prefixes() -> Files:
    """Each folder takes the one below it twice, under two names."""
    files = _kustomization("")
    for level in range(20):
        below = "../prod" if level == 0 else f"../l{level - 1}"
        for side in "ab":
            files[f"l{level}{side}/kustomization.yaml"] = f"namePrefix: {side}-\nresources: [{below}]\n"
        files[f"l{level}/kustomization.yaml"] = f"resources: [../l{level}a, ../l{level}b]\n"
    return files


def _elements(count: int, name: str) -> str:
    return "- list:\n    elements:\n" + "".join(f"    - {{{name}: v{number}}}\n" for number in range(count))


def _matrix() -> Files:
    sides = _indented(_elements(2000, "a") + _elements(2000, "b"), by=4)
    return _application_set(f"- matrix:\n    generators:\n{sides}")


def _counting_templates() -> Files:
    made = _application_set(_elements(2000, "a"), path="'{{ range until 9999 }}x{{ end }}'")
    return {path: text.replace("  generators:", "  goTemplate: true\n  generators:") for path, text in made.items()}


def _nested_list() -> Files:
    return _application_set("- list:\n    elements:\n    - {a: " + "[" * 60 + "x" + "]" * 60 + "}\n")


def _same_folder() -> Files:
    files = {f"prod/{number}.yaml": _CLUSTER.format(name=f"a{number}") for number in range(1000)}
    files["apps/apps.yaml"] = "---\n".join(_application(f"app-{number}") for number in range(3000))
    return files


def _same_folder_of_flux() -> Files:
    files = {f"prod/{number}.yaml": _CLUSTER.format(name=f"a{number}") for number in range(1000)}
    each = (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: k{number}\n  namespace: f\n"
        "spec:\n  path: ./prod\n  sourceRef: {{kind: GitRepository, name: flux-system}}\n"
    )
    files["apps/apps.yaml"] = "---\n".join(each.format(number=number) for number in range(3000))
    return files


def _folder_template() -> Files:
    files = _application_set(_elements(2000, "a"), path="'{{path}}'")
    return files | {f"teams/t{number}/a.yaml": _CLUSTER.format(name=f"t{number}") for number in range(3000)}


def _directories() -> Files:
    patterns = "".join(f"    - path: '{'*a' * 40}{number}*'\n" for number in range(500))
    files = _application_set(f"- git:\n    repoURL: {_REMOTE}\n    revision: main\n    directories:\n{patterns}")
    return files | {f"{'a' * 200}{number}/a.yaml": _CLUSTER.format(name=f"t{number}") for number in range(1000)}


def _include() -> Files:
    more = "  directory:\n    recurse: true\n    include: '" + "{" + ",".join("*a" * 40 for _ in range(50)) + "}'\n"
    files = {f"prod/{'a' * 100}{number}.yaml": _CLUSTER.format(name=f"a{number}") for number in range(3000)}
    source = (
        f"source:\n  repoURL: {_REMOTE}\n  path: prod\n  targetRevision: main\n{more}destination:\n  namespace: shop\n"
    )
    return files | {"apps/a.yaml": _ENGINE.format(kind="Application", name="a", spec=_indented(source))}


def _ignored() -> Files:
    files = {f"prod/{'a' * 100}{number}.yaml": _CLUSTER.format(name=f"a{number}") for number in range(1000)}
    lines = "".join("      " + "*a" * 30 + f"{number}\n" for number in range(3000))
    files["flux/source.yaml"] = (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: flux-system, namespace: f}\n"
        f"spec:\n  url: {_REMOTE}\n  ref: {{branch: main}}\n  ignore: |\n{lines}---\n"
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: k, namespace: f}\n"
        "spec:\n  path: ./prod\n  sourceRef: {kind: GitRepository, name: flux-system}\n"
    )
    return files


def _substitutions() -> Files:
    body = "".join(f"  p{number}: ${{V}}${{V}}${{V}}\n" for number in range(2000))
    flux = (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: k, namespace: f}\nspec:\n"
        "  path: ./prod\n  sourceRef: {kind: GitRepository, name: flux-system}\n  postBuild:\n    substitute:\n"
        f"      V: {'x' * 400_000}\n"
    )
    return {"flux/k.yaml": flux, "prod/a.yaml": _CLUSTER.format(name="a") + body}


def _plain(text: str) -> Files:
    return {"prod/a.yaml": _CLUSTER.format(name="a") + text}


def _aliases(levels: int, width: int) -> str:
    lines = ["  l0: &l0 [x]\n"]
    lines += [f"  l{at}: &l{at} [{','.join([f'*l{at - 1}'] * width)}]\n" for at in range(1, levels)]
    return "".join(lines)


HOSTILE_BUILDS: dict[str, Callable[[], Files]] = {
    "replacements that double a map": lambda: _replacements("spec", "spec.kNUMBER"),
    "replacements that double a text": lambda: _replacements("spec.s", "spec.s", ", delimiter: ',', index: -1"),
    "copies of copies": _copies,
    "components twice at each level": _components,
    "two names at each level": _prefixes,
    "patches for each object": _patches,
    "small patches of a large object": _patched_again_and_again,
    "labels for each object": _labels,
    "a matrix of two lists": _matrix,
    "a template that counts for each element": _counting_templates,
    "a list in lists": _nested_list,
    "a long list": lambda: _application_set(_elements(200_000, "a")),
    "Applications on one folder": _same_folder,
    "Kustomizations on one folder": _same_folder_of_flux,
    "a path for each folder": _folder_template,
    "patterns for each folder": _directories,
    "a pattern for each file": _include,
    "a list of ignored files": _ignored,
    "a long variable again and again": _substitutions,
    "an alias bomb": lambda: _plain(_aliases(9, 9)),
    "many small alias bombs": lambda: _plain("".join(f"---\na: &a [1,2,3,4,5,6,7,8,9]\nb: [{'*a,' * 9000}]\n" for _ in range(100))),
    "merge keys on merge keys": lambda: _plain(
        "  m0: &m0 {a: 1}\n" + "".join(f"  m{at}: &m{at} {{<<: [*m{at - 1}, *m{at - 1}], k{at}: 1}}\n" for at in range(1, 40))
    ),
    "a deep nest": lambda: _plain("  a: " + "[" * 100_000),
    "a deep nest of blocks": lambda: _plain("".join(f"{' ' * (2 + at)}a:\n" for at in range(2000))),
    "a huge scalar": lambda: _plain(f"  a: {'x' * 5_000_000}\n"),
    "a huge block": lambda: _plain("  a: |\n" + "    x\n" * 800_000),
    "a list of millions": lambda: _plain("  a:\n" + "  - a\n" * 800_000),
    "a flow of millions": lambda: _plain("  a: [" + "a," * 2_400_000 + "]\n"),
    "documents without end": lambda: _plain("---\na: 1\n" * 500_000),
    "comments without end": lambda: _plain("  a: # c\n" + "  # c\n" * 800_000),
}  # fmt: skip


def run_hostile(name: str) -> str:
    """What came of it: the error, or the notes of what was left out."""
    files = HOSTILE_BUILDS[name]()
    return _built(files)


def _built(files: Files) -> str:
    try:
        desired = build_desired(files, commit="c", folder="prod", remotes=(_REMOTE,), revision="main")
    except GitOpsError as error:
        return f"{error.title}: {error}"
    return " | ".join(_told(desired)) or f"{len(desired.declarations)} objects"


def _told(desired: object) -> Iterator[str]:
    yield from getattr(desired, "notes", ())
    yield from (f"{one.path}: {one.reason}" for one in getattr(desired, "skipped", ()))
