"""A strategic merge patch on an object without a schema: what kubectl makes of it, and RFC 7386 where they agree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_mcp.domain.kustomize.draft import Draft
from gitops_mcp.domain.kustomize.manifest import Manifest
from gitops_mcp.domain.kustomize.patching.mergepatch import Unpatchable, apply_merge_patch
from gitops_mcp.domain.kustomize.produced import Layer, Word
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.yaml.values import is_same
from tests.domain.kustomize.oracle import checked
from tests.domain.kustomize.trees import CLUSTER, HEAD, add, merge, one, patch_file

DOCUMENT = Layer("document", "db.yaml", 0, (), None, 1, "")
PATCH = Layer("merge patch", "p.yaml", 0, (), None, 1, "")


def patched(spec: Object, patch: Object, *, renames: bool = False, retypes: bool = False) -> Draft | None:
    """An object with this spec, patched with the other object."""
    value = {"apiVersion": "a/v1", "kind": "A", "metadata": {"name": "x", "namespace": "shop"}, "spec": spec}
    draft = Draft(value, (DOCUMENT,), {(): Word(0, (), literal=True)})
    return apply_merge_patch(draft, Manifest(patch, 0, (), 1), PATCH, renames=renames, retypes=retypes)


def spec_of(draft: Draft | None) -> Any:
    assert draft is not None
    return draft.value["spec"]


@pytest.mark.parametrize(
    ("spec", "patch", "after"),
    [
        pytest.param({"a": 1}, {"a": 2}, {"a": 2}, id="another value"),
        pytest.param({"a": 1}, {"b": 2}, {"a": 1, "b": 2}, id="a new field"),
        pytest.param({"a": 1, "b": 2}, {"a": None}, {"b": 2}, id="null takes a field away"),
        pytest.param({"a": 1}, {"b": None}, {"a": 1}, id="null of what is not there"),
        pytest.param({"l": [1, 2]}, {"l": [3]}, {"l": [3]}, id="a list is replaced whole"),
        pytest.param({}, {"l": [{"a": None}]}, {"l": [{"a": None}]}, id="null in a list is a value"),
        pytest.param({"m": {"a": 1, "b": 2}}, {"m": {"b": 3, "c": None}}, {"m": {"a": 1, "b": 3}}, id="maps are merged"),
        pytest.param({}, {"m": {"n": {"a": None}}}, {"m": {"n": {}}}, id="null has nothing to act on in a new map"),
        pytest.param({"m": {"a": 1}}, {"m": {"$patch": "replace", "b": 2}}, {"m": {"b": 2}}, id="a map replaced, which RFC 7386 has not"),
        pytest.param({"m": {"a": 1}}, {"m": {"$patch": "delete"}}, {}, id="a map deleted"),
        pytest.param({"m": None}, {"m": {"a": 1}}, {"m": {"a": 1}}, id="a map over null"),
    ],
)  # fmt: skip
def test_a_patch_merges_maps_and_replaces_all_else(spec: Object, patch: Object, after: Object) -> None:
    assert spec_of(patched(spec, {"spec": patch})) == after


def merged_by_rfc(target: Any, patch: Any) -> Any:
    """MergePatch of RFC 7386, section 2."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged_by_rfc(result.get(name), value)
    return result


scalars = st.one_of(st.integers(), st.booleans(), st.text(max_size=3))
parts = {"s": scalars, "t": scalars, "l": st.lists(scalars, max_size=2)}


def maps(*, nulls: bool) -> st.SearchStrategy[Object]:
    """Maps in which a key has one shape, for a patch may not change the shape."""
    null: st.SearchStrategy[Any] = st.none() if nulls else st.nothing()
    leaf = {key: part | null for key, part in parts.items()}
    inner = st.fixed_dictionaries({}, optional=leaf)
    middle = st.fixed_dictionaries({}, optional={**leaf, "m": inner | null})
    return st.fixed_dictionaries({}, optional={**leaf, "m": middle | null})


@given(maps(nulls=False), maps(nulls=True))
def test_a_patch_that_keeps_the_shape_does_what_rfc_7386_says(spec: Object, patch: Object) -> None:
    assert is_same(spec_of(patched(spec, {"spec": patch})), merged_by_rfc(spec, patch))


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        pytest.param({"m": 1}, "spec.m is a map, in the patch a scalar", id="a scalar over a map"),
        pytest.param({"l": {}}, "spec.l is a list, in the patch a map", id="a map over a list"),
        pytest.param({"m": {"a": [1]}}, "spec.m.a is a scalar, in the patch a list", id="a list over a scalar"),
        pytest.param({"m": {"$patch": "remove"}}, "$patch: 'remove' is none of delete, replace, merge", id="a directive"),
    ],
)  # fmt: skip
def test_what_a_patch_cannot_do_is_said(patch: Object, message: str) -> None:
    with pytest.raises(Unpatchable) as raised:
        patched({"m": {"a": 1}, "l": [1]}, {"spec": patch})
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("allowed", "kind", "name"),
    [
        pytest.param({}, "A", "x", id="neither"),
        pytest.param({"renames": True}, "A", "y", id="the name"),
        pytest.param({"retypes": True}, "B", "x", id="the kind"),
    ],
)
def test_a_patch_changes_no_name_kind_or_namespace_unless_allowed_to(
    allowed: dict[str, bool], kind: str, name: str
) -> None:
    patch = {"apiVersion": "b/v1", "kind": "B", "metadata": {"name": "y", "namespace": "other", "labels": {"a": "b"}}}
    draft = patched({}, patch, **allowed)
    assert draft is not None
    assert draft.value == {
        "apiVersion": "a/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "shop", "labels": {"a": "b"}},
        "spec": {},
    }
    assert [str(one) for one in draft.past] == (["A shop/x"] if allowed else [])


def test_a_namespace_that_says_nothing_does_not_outlive_a_patch() -> None:
    value = {"kind": "A", "metadata": {"name": "x", "namespace": ""}, "spec": {}}
    draft = Draft(value, (DOCUMENT,), {(): Word(0, (), literal=True)})
    after = apply_merge_patch(draft, Manifest({"spec": {"a": 1}}, 0, (), 1), PATCH)
    assert after is not None
    assert after.value == {"kind": "A", "metadata": {"name": "x"}, "spec": {"a": 1}}


def test_a_patch_that_deletes_leaves_nothing() -> None:
    assert patched({}, {"$patch": "delete"}) is None


NULLS = HEAD + "spec: {a: null, b: null, c: null, d: null, e: null, keep: null, em: {}}\n"
BLANKS = HEAD + "spec:\n  a: null\n  b:\n  c: ~\n  d:\n    e:\n    f: null\n  l:\n    - x:\n    - ~\n"


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param("{new: {}, n: {a: {}}, names: [], l: [], o: {x: null, y: 1, z: {w: null}}, p: null}", id="new parts, empty parts, nulls"),
        pytest.param("{l: [null, {x: null, y: 1}]}", id="nulls in a list stay"),
        pytest.param("{instances: {a: 1}}", id="a map over a scalar is refused"),
        pytest.param("{managed: [1]}", id="a list over a map is refused"),
        pytest.param("{storage: 5}", id="a scalar over a map is refused"),
        pytest.param("{names: 5}", id="a scalar over a list is refused"),
        pytest.param("{names: null, managed: {roles: null}, storage: ~, instances: }", id="null takes away"),
        pytest.param("{storage: {size: null}}", id="a map that is emptied stays"),
        pytest.param("{storage: {}}", id="an empty map changes nothing"),
        pytest.param("{nope: null, storage: {nope: null, deep: {nope: null}}}", id="null of what is not there"),
        pytest.param("{instances: '5'}", id="a patch gives the type too"),
        pytest.param("{a: on, b: yes, c: 0644, d: 2026-01-01, e: 'on', f: 1e3, g: 0x1F, h: 10:20, i: off}", id="scalars as kustomize reads them"),
        pytest.param("{storage: {$patch: delete}, managed: {$patch: delete, x: 1}, new: {$patch: delete, x: 1}}", id="$patch: delete"),
        pytest.param("{storage: {$patch: replace, class: fast}, managed: {$patch: replace}, new: {$patch: replace, x: 1}}", id="$patch: replace"),
        pytest.param("{storage: {$patch: replace, class: null, b: {c: null, d: {$patch: delete}, e: {$patch: merge, f: 1}}}}", id="nulls and directives in what replaces"),
        pytest.param("{storage: {$patch: merge, class: fast}, new: {$patch: merge, x: 1}}", id="$patch: merge"),
        pytest.param("{n: {o: {$patch: replace, x: 1}, p: {$patch: delete, x: 1}}}", id="directives in a new map"),
        pytest.param("{storage: {$patch: bogus}}", id="an unknown directive is refused"),
        pytest.param("{$patch: replace, a: 1}", id="all of spec replaced"),
        pytest.param("{managed: {roles: [{name: app, $patch: delete}, {$patch: replace}, {name: new}]}}", id="directives in a list are values"),
        pytest.param("{$setElementOrder/names: [b], $retainKeys: [a]}", id="other directives are keys"),
        pytest.param("null", id="all of spec taken away"),
    ],
)  # fmt: skip
@pytest.mark.few(6)
def test_a_strategic_merge_patch_does_what_kustomize_does(spec: str, tmp_path: Path) -> None:
    checked(patch_file(f"{HEAD}spec: {spec}\n"), "", tmp_path)


@pytest.mark.parametrize(
    ("patch", "document"),
    [
        pytest.param(f"{HEAD}$patch: delete\n", CLUSTER, id="the object deleted"),
        pytest.param(f"{HEAD}$patch: replace\nspec: {{a: 1}}\n", CLUSTER, id="the object replaced, which does nothing"),
        pytest.param(f"{HEAD}spec: {{a: {{x: 1}}, b: 1, c: [1], d: null, e: {{x: null}}}}\n", NULLS, id="onto nulls"),
        pytest.param(f"{HEAD}spec: {{z: 1}}\n", BLANKS, id="what is blank goes, what is null stays"),
        pytest.param(f"{HEAD}spec: {{z: 1}}\n---\n{HEAD}spec: {{a: {{x: 1}}, c: 1}}\n", BLANKS, id="onto nulls that a patch left"),
        pytest.param(HEAD.replace("name: db", "name: db, labels: {a: b}, annotations: {x: 1, z: null}"), CLUSTER, id="labels and annotations"),
        pytest.param(HEAD.replace("name: db", "name: db, labels: null"), CLUSTER.replace("name: db", "name: db\n  labels: {a: b}"), id="labels taken away"),
        pytest.param(HEAD.replace("name: db", "name: db, annotations: {a: null}"), HEAD.replace("name: db", "name: db, annotations: {a: b}"), id="no annotation left"),
        pytest.param(HEAD + "spec: {x: &a {q: 1}, y: *a, z: {<<: *a, r: 2}}\n", CLUSTER, id="anchors and merge keys"),
    ],
)  # fmt: skip
@pytest.mark.few(3)
def test_a_patch_of_a_whole_object_does_what_kustomize_does(patch: str, document: str, tmp_path: Path) -> None:
    checked(patch_file(patch, document), "", tmp_path)


@pytest.mark.parametrize("patches", [[], [add("q", 1)]], ids=["as written", "after operations, which write it anew"])
def test_what_is_merged_into_quotes_becomes_a_string(patches: list[str], tmp_path: Path) -> None:
    texts = [
        "'on'",
        '"5"',
        "x",
        "on",
        "'x'",
        "|\n    abc",
        "'a: b'",
        "''",
        "'10:20'",
        "'2026-01-01'",
        "'y'",
        "' x'",
        "é",
        "'a b'",
        "'#'",
        "5",
        "'null'",
        "'-'",
        "'- x'",
        "'x:'",
        "'~'",
        "'1_0'",
        "'.inf'",
    ]
    news = ["0", "true", "'y'", "on", "2026-01-01", "1.50", "0644", "True"]
    document = (
        HEAD + "spec:\n" + "".join(f"  a{i}_{j}: {text}\n" for i, text in enumerate(texts) for j in range(len(news)))
    )
    spec = "".join(f"\n  a{i}_{j}: {new}" for i in range(len(texts)) for j, new in enumerate(news))
    checked(one("patches:\n" + "".join(patches) + merge(spec), document), "", tmp_path)


def repatched(base: str, *patches: str) -> dict[str, str]:
    """One field set by one patch after another."""
    pooler = "{apiVersion: postgresql.cnpg.io/v1, kind: Pooler, metadata: {name: db}, spec: {%s}}\n"
    files = {f"o/{n}.yaml": pooler % patch for n, patch in enumerate(patches)}
    listed = "".join(f"- path: {n}.yaml\n" for n, _ in enumerate(patches))
    return {
        "b/c.yaml": pooler % base,
        "b/kustomization.yaml": "resources: [c.yaml]\n",
        "o/kustomization.yaml": f"resources: [../b]\npatches:\n{listed}",
        **files,
    }


QUOTED = {
    "a patch's quotes do not come to what was there": repatched("instances: 0", "instances: 'on'", "instances: 0"),
    "nor to what was null": repatched("instances: null", "instances: 'on'", "instances: 0"),
    "they come with what was not": repatched("type: rw", "instances: 'on'", "instances: 0"),
    "those there stay": repatched("instances: 'x'", "instances: on", "instances: 0"),
    "a word of YAML 1.1 gets some on the way": repatched("instances: on", "type: rw", "instances: 0"),
    "and so does one that a patch brings": repatched("type: rw", "instances: y", "instances: 0"),
}


@pytest.mark.parametrize("files", [pytest.param(files, id=name) for name, files in QUOTED.items()])
@pytest.mark.few(2)
def test_quotes_are_kept_and_made_as_kubectl_does(files: dict[str, str], tmp_path: Path) -> None:
    checked(files, "o", tmp_path)
