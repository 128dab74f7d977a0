"""Real shapes of repositories, with what becomes of requests there, byte for byte.

A folder of tests/layouts is a repository before (`before/`), and `case.yaml` says what is asked of it. For a request
that is carried out, `after/<id>/` holds the files that it changes, whole, and nothing else. For one that is refused,
`case.yaml` names what the answer must say, and `refused/<id>.txt` is the answer.

That the files in `after/` mean what was asked is kubectl's word, not ours: every kustomization that an engine builds
is rendered before and after, and the difference is exactly the one that `changes` names.
"""

from __future__ import annotations

import fnmatch
import functools
import os
import posixpath
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml

from gitops_mcp.domain.engines.charts.engine import ChartRequest, NotRendered
from gitops_mcp.domain.objects import Object
from gitops_mcp.errors import GitOpsError, NotFound
from tests.charts import helm, needs_helm
from tests.domain.kustomize.oracle import run_kustomize
from tests.layouts_adapter import Asked, Environment, Repository, Tool, Tree, is_cnpg, planned, refusal, rendered, told

LAYOUTS = Path(__file__).parent / "layouts"
MISSING = "(missing)"
QUICK_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Root:
    """A folder that an engine renders with kustomize."""

    path: str
    resources: tuple[str, ...] = ()
    """Where the folder has no kustomization: the files that the engine takes from it, as patterns."""
    release: str = ""
    """Of a chart: the name of its release."""
    namespace: str = ""
    values: tuple[str, ...] = ()
    """Files of values, the last wins; `apps/db.yaml#spec.values` is a part of a document."""
    dependencies: tuple[tuple[str, str], ...] = ()
    """Name and folder of those that the chart names by path."""


@dataclass(frozen=True)
class Case:
    """One request to one repository."""

    layout: str
    id: str
    tool: Tool
    arguments: Mapping[str, Any]
    environment: Environment
    repository: Repository
    roots: tuple[Root, ...]
    expect: tuple[str, ...] = ()
    """The files that are changed or made."""
    deletes: tuple[str, ...] = ()
    changes: Mapping[str, Any] = field(default_factory=dict)
    """By root, the difference, or a list of them: `object`, `field`, `before`, `after`; or `added`, or `removed`."""
    refused: tuple[Any, ...] = ()
    """What the refusal names, in any case of letters; of a list one is enough."""
    told: tuple[Any, ...] = ()
    """The same, for the answer to a request that is carried out."""
    again: Literal["unchanged", "gone", "next step"] = "unchanged"
    """What the same request does on the files of the first."""
    notes: str = ""

    chart: bool = False
    """Something here is rendered by Helm."""

    @property
    def name(self) -> str:
        return f"{self.layout}:{self.id}"

    @property
    def asked(self) -> Asked:
        return Asked(self.tool, self.arguments, self.environment, self.repository)

    @property
    def before(self) -> Tree:
        return tree(LAYOUTS / self.layout / "before")

    @property
    def edits(self) -> dict[str, bytes | None]:
        return {**tree(LAYOUTS / self.layout / "after" / self.id), **dict.fromkeys(self.deletes)}

    @property
    def after(self) -> Tree:
        return edited(self.before, self.edits)


def tree(folder: Path) -> dict[str, bytes]:
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def edited(before: Tree, edits: Mapping[str, bytes | None]) -> Tree:
    merged = {**before, **edits}
    return {path: data for path, data in merged.items() if data is not None}


def cases() -> Iterator[Case]:
    for path in sorted(LAYOUTS.glob("*/case.yaml")):
        said = yaml.safe_load(path.read_text())
        repository = Repository(tuple(said.get("remotes", ())), said.get("revision", "main"))
        roots = tuple(root_of(one) for one in said.get("roots", ()))
        for one in said["requests"]:
            lists: dict[str, Any] = {key: tuple(one.get(key, ())) for key in ("expect", "deletes", "refused", "told")}
            rest: dict[str, Any] = {key: value for key, value in one.items() if key not in {*lists, "environment"}}
            environment = Environment(**one["environment"])
            yield Case(
                layout=path.parent.name,
                environment=environment,
                repository=repository,
                roots=roots,
                chart=said.get("chart", False),
                **lists,
                **rest,
            )


def root_of(said: str | Mapping[str, Any]) -> Root:
    if isinstance(said, str):
        return Root(said)
    release, namespace = said.get("release", ""), said.get("namespace", "")
    resources, values = (tuple(said.get(key, ())) for key in ("resources", "values"))
    return Root(said["path"], resources, release, namespace, values, tuple(said.get("dependencies", {}).items()))


def marked(found: Iterable[Case]) -> list[Any]:
    """Those with a chart are skipped on a machine that has no Helm."""
    return [pytest.param(one, id=one.name, marks=[needs_helm] if one.chart else []) for one in found]


ALL = tuple(cases())
LAYOUT_ROOTS = sorted({(case.layout, root) for case in ALL for root in case.roots if not root.release}, key=str)
CARRIED_OUT = [case for case in ALL if not case.refused]


@pytest.mark.parametrize("case", marked(CARRIED_OUT))
def test_a_request_changes_just_these_bytes_and_a_second_time_none(case: Case) -> None:
    assert shown(planned(case.before, case.asked)) == shown(case.edits)
    if case.told:
        assert unsaid(told(case.before, case.asked), case.told) == []
    match case.again:
        case "unchanged":
            assert shown(planned(case.after, case.asked, proposed=True)) == {}
        case "gone":
            with pytest.raises(NotFound):
                planned(case.after, case.asked, proposed=True)
        case "next step":
            assert shown(planned(case.after, case.asked, proposed=True)) not in ({}, shown(case.edits))


@pytest.mark.parametrize("case", marked(case for case in ALL if case.refused))
def test_what_is_refused_says_why_and_where(case: Case) -> None:
    """To accept a change of words: GITOPS_MCP_TEST_GOLDEN=write, then read the diff."""
    with pytest.raises(GitOpsError) as refused:
        planned(case.before, case.asked)
    answer = refusal(refused.value)
    assert unsaid(answer, case.refused) == [], answer
    golden = LAYOUTS / case.layout / "refused" / f"{case.id}.txt"
    if os.environ.get("GITOPS_MCP_TEST_GOLDEN") == "write":
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(answer + "\n")
    assert answer + "\n" == golden.read_text()


def first_of_each_layout() -> Iterator[Any]:
    """The others of a layout too, where everything runs."""
    seen = set[str]()
    for parameter in marked(CARRIED_OUT):
        (case,) = parameter.values
        more = [pytest.mark.thorough] if case.layout in seen else []
        yield pytest.param(case, id=parameter.id, marks=[*parameter.marks, *more])
        seen.add(case.layout)


@pytest.mark.parametrize("case", [*first_of_each_layout()])
@pytest.mark.few(18)
def test_kubectl_or_helm_sees_exactly_the_intended_difference(case: Case) -> None:
    assert set(case.changes) <= {root.path for root in case.roots}
    for root in case.roots:
        before, after = ((template if root.release else kubectl)(root, files) for files in (case.before, case.after))
        said = case.changes.get(root.path, [])
        assert differences(before, after) == (said if isinstance(said, list) else [said]), root.path


@pytest.mark.parametrize(("layout", "root"), LAYOUT_ROOTS, ids=lambda one: getattr(one, "path", one))
@pytest.mark.few(33)
def test_the_model_renders_what_kubectl_renders(layout: str, root: Root) -> None:
    before = tree(LAYOUTS / layout / "before")
    theirs = {name: one for name, one in kubectl(root, before).items() if is_cnpg(one)}
    ours = rendered(before, root.path, tuple(posixpath.join(root.path, one) for one in taken(root, before)))
    assert {name_of(one): one for one in ours} == theirs


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_a_case_says_what_is_on_disk(case: Case) -> None:
    assert case.notes
    assert bool(case.refused) != bool(case.expect or case.deletes)
    before, after = case.before, tree(LAYOUTS / case.layout / "after" / case.id)
    assert sorted(after) == sorted(case.expect)
    assert set(case.deletes) <= set(before)
    assert [path for path, data in after.items() if before.get(path) == data] == []


def test_nothing_lies_about_unused() -> None:
    names = {case.name for case in ALL}
    found = {f"{path.parent.parent.name}:{path.name}" for path in LAYOUTS.glob("*/after/*")}
    found |= {f"{path.parent.parent.name}:{path.stem}" for path in LAYOUTS.glob("*/refused/*.txt")}
    assert found <= names
    assert len(names) == len(ALL)
    assert {path.name for path in LAYOUTS.iterdir() if path.is_dir()} == {case.layout for case in ALL}


def shown(edits: Mapping[str, bytes | None]) -> dict[str, str | None]:
    """Text, since its differences are readable; surrogates keep each byte."""
    return {path: None if data is None else data.decode(errors="surrogateescape") for path, data in edits.items()}


def unsaid(text: str, wanted: tuple[Any, ...]) -> list[Any]:
    lowered = text.lower()
    return [
        one
        for one in wanted
        if not any(str(word).lower() in lowered for word in (one if isinstance(one, list) else [one]))
    ]


def differences(before: Mapping[str, Object], after: Mapping[str, Object]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{"added": name} for name in sorted(after.keys() - before.keys())]
    found += [{"removed": name} for name in sorted(before.keys() - after.keys())]
    for name in sorted(before.keys() & after.keys()):
        for path, old, new in fields(before[name], after[name], ""):
            found.append({"object": name, "field": path, "before": old, "after": new})
    return found


def fields(old: Any, new: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """The deepest places that differ; of a list with one item more or less, that item."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from fields(old.get(key, MISSING), new.get(key, MISSING), f"{path}.{key}".lstrip("."))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from fields(one, other, f"{path}[{index}]")
    elif isinstance(old, list) and isinstance(new, list) and (odd := odd_one(old, new)) is not None:
        one, other = (old[odd], MISSING) if len(old) > len(new) else (MISSING, new[odd])
        yield f"{path}[{odd}]", one, other
    elif (type(old), old) != (type(new), new):
        yield path, old, new


def odd_one(one: list[Any], other: list[Any]) -> int | None:
    """The last place of an item without which two lists are the same."""
    longer, shorter = sorted((one, other), key=len, reverse=True)
    if len(longer) != len(shorter) + 1:
        return None
    indexes = range(len(longer) - 1, -1, -1)
    return next((index for index in indexes if longer[:index] + longer[index + 1 :] == shorter), None)


def name_of(value: Object) -> str:
    metadata = value["metadata"]
    space = f"{metadata['namespace']}/" if "namespace" in metadata else ""
    return f"{value['kind']} {space}{metadata['name']}"


def kubectl(root: Root, files: Tree) -> dict[str, Object]:
    """What the root renders to, by name; a folder that is gone, to nothing."""
    if not any(path.startswith(f"{root.path}/") for path in files):
        return {}
    if root.resources:
        made = yaml.safe_dump({"resources": taken(root, files)}).encode()
        files = {**files, posixpath.join(root.path, "kustomization.yaml"): made}
    needed = reached(root.path, files)
    found = built(root.path, tuple((path, files[path]) for path in sorted(needed)))
    names = [name_of(one) for one in found]
    assert len(set(names)) == len(names), f"{root.path} renders two objects of one name"
    return dict(zip(names, found, strict=True))


def template(root: Root, files: Tree) -> dict[str, Object]:
    """What Helm makes of a chart, by name."""
    folders = {root.path: "", **{folder: f"charts/{name}/" for name, folder in root.dependencies}}
    inside = {
        into + path.removeprefix(f"{folder}/"): data.decode()
        for folder, into in folders.items()
        for path, data in files.items()
        if path.startswith(f"{folder}/")
    }
    request = ChartRequest(
        inside, tuple(values_of(one, files) for one in root.values), (), root.release, root.namespace, "v1.33.0", ()
    )
    made = helm().render(request)
    assert not isinstance(made, NotRendered), made
    found = [one for text in made.values() for one in yaml.load_all(text, QUICK_LOADER) if one is not None]
    return {name_of(one): one for one in found}


def values_of(said: str, files: Tree) -> str:
    path, _, inner = said.partition("#")
    text = files[path].decode()
    if not inner:
        return text
    found = yaml.safe_load(text)
    for step in inner.split("."):
        found = (found or {}).get(step)
    return found if isinstance(found, str) else yaml.safe_dump(found or {})


def taken(root: Root, files: Tree) -> list[str]:
    """The files that an engine takes from a folder that has no kustomization, relative to it."""
    inside = [posixpath.relpath(path, root.path) for path in files if path.startswith(f"{root.path}/")]
    return sorted(path for path in inside if any(matches(path, one) for one in root.resources))


def matches(path: str, pattern: str) -> bool:
    return path.count("/") == pattern.count("/") and fnmatch.fnmatch(path, pattern)


def reached(folder: str, files: Tree) -> set[str]:
    """The files that a build of the folder may read: what they are is what it makes.

    Each text in a kustomization may name a file or a folder, so that one too many is taken rather than one too few.
    """
    found: set[str] = set()
    folders = [folder]
    for here in folders:
        inside = {path for path in files if path.startswith(f"{here}/")}
        found |= inside
        for path in inside:
            if posixpath.basename(path).lower() in {"kustomization.yaml", "kustomization.yml", "kustomization"}:
                for word in words(list(yaml.load_all(files[path], QUICK_LOADER))):
                    named = posixpath.normpath(posixpath.join(posixpath.dirname(path), word))
                    found |= {named} & files.keys()
                    is_new = all(named != one and not named.startswith(f"{one}/") for one in folders)
                    folders += [named] if is_new and any(one.startswith(f"{named}/") for one in files) else []
    return found


def words(value: Any) -> Iterator[str]:
    """Every text in a value, and what a text of the form `name=file` has behind the sign."""
    if isinstance(value, str):
        yield from (value, value.rpartition("=")[2])
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from words(part)


@functools.lru_cache(maxsize=2_048)
def built(folder: str, files: tuple[tuple[str, bytes], ...]) -> tuple[Object, ...]:
    with tempfile.TemporaryDirectory() as place:
        for path, data in files:
            (Path(place) / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(place) / path).write_bytes(data)
        ran = run_kustomize(Path(place) / folder)
    assert ran.returncode == 0, ran.stderr
    return tuple(one for one in yaml.load_all(ran.stdout, QUICK_LOADER) if one is not None)
