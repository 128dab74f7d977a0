"""One item more or less in a list, as far as the requests of tests/layouts do not show it."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.editing.list_items import add_item, remove_item
from gitops_mcp.domain.editing.proof import prove_only_change
from gitops_mcp.domain.objects import Path, at
from gitops_mcp.domain.repository.build import build_desired, desired_after
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.errors import Refused

ROLES: Path = ("spec", "managed", "roles")
CLUSTER = """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: orders}
spec:
  instances: 3
"""
LIST = CLUSTER + "  managed:\n    roles:\n    - name: a\n    - name: b\n"
NEW = {"name": "c", "ensure": "present"}


def read(files: dict[str, str], folder: str = "prod") -> tuple[Desired, Declaration]:
    desired = build_desired(files, commit="0" * 40, folder=folder)
    (found,) = desired.declarations
    return desired, found


def overlay(text: str, patches: str, **more: str) -> dict[str, str]:
    return {
        "base/orders.yaml": text,
        "base/kustomization.yaml": "resources: [orders.yaml]\n",
        "prod/kustomization.yaml": f"namespace: shop\nresources: [../base]\n{patches}",
        **{path.replace("__", "/"): one for path, one in more.items()},
    }


DEV = {"dev/kustomization.yaml": "namespace: dev\nresources: [../base]\n"}


def names(desired: Desired, changes: tuple[FileChange, ...]) -> list[Any]:
    (found,) = desired_after(desired, changes).declarations
    return [one["name"] for one in at(found.object, *ROLES) or ()]


@pytest.mark.parametrize(
    ("text", "after"),
    [
        pytest.param(CLUSTER, CLUSTER + "  managed:\n    roles:\n      - name: c\n        ensure: present\n", id="no list"),
        pytest.param(CLUSTER + "  managed:\n    roles: []\n", CLUSTER + "  managed:\n    roles:\n      - name: c\n        ensure: present\n", id="an empty list"),
        pytest.param(LIST, LIST + "    - name: c\n      ensure: present\n", id="a list, in its style"),
        pytest.param(LIST[:-1], LIST + "    - name: c\n      ensure: present", id="no final line feed"),
    ],
)  # fmt: skip
def test_an_item_is_added_behind_the_last(text: str, after: str) -> None:
    desired, found = read({"prod/orders.yaml": text})
    (change,) = add_item(desired, found, ROLES, NEW)
    assert change.after == after


def test_a_null_where_the_list_would_stand_is_filled() -> None:
    desired, found = read({"prod/orders.yaml": CLUSTER + "  managed: {roles: null}\n"})
    assert names(desired, add_item(desired, found, ROLES, NEW)) == ["c"]


@pytest.mark.parametrize(
    ("text", "index", "after"),
    [
        pytest.param(LIST, 0, CLUSTER + "  managed:\n    roles:\n    - name: b\n", id="the first"),
        pytest.param(LIST, 1, CLUSTER + "  managed:\n    roles:\n    - name: a\n", id="the last"),
        pytest.param(CLUSTER + "  managed:\n    roles:\n    - name: a\n", 0, CLUSTER, id="the only one, with what held it"),
        pytest.param(CLUSTER + "  managed:\n    services: {}\n    roles: [{name: a}]\n", 0, CLUSTER + "  managed:\n    services: {}\n", id="the only one, beside others"),
    ],
)  # fmt: skip
def test_an_item_goes_with_its_lines(text: str, index: int, after: str) -> None:
    desired, found = read({"prod/orders.yaml": text})
    (change,) = remove_item(desired, found, ROLES, index)
    assert change.after == after


APPENDED = """\
patches:
- target: {kind: Cluster}
  patch: |-
    - {op: add, path: /spec/managed/roles/-, value: {name: x}}
    - {op: replace, path: /spec/instances, value: 5}
    - {op: add, path: /spec/managed/roles/-, value: {name: z}}
"""


def test_an_item_is_appended_behind_the_operation_that_appends_the_last() -> None:
    desired, found = read(overlay(LIST, APPENDED))
    (change,) = add_item(desired, found, ROLES, NEW)
    operation = (
        "    - op: add\n      path: /spec/managed/roles/-\n      value:\n        name: c\n        ensure: present\n"
    )
    assert change.after == f"{change.before}{operation}"
    assert names(desired, (change,)) == ["a", "b", "x", "z", "c"]


@pytest.mark.parametrize(
    ("index", "path", "left"),
    [
        pytest.param(0, "base/orders.yaml", ["b", "x", "z"], id="the base's"),
        pytest.param(2, "prod/kustomization.yaml", ["a", "b", "z"], id="the first of the patch"),
        pytest.param(3, "prod/kustomization.yaml", ["a", "b", "x"], id="the last of the patch"),
    ],
)
def test_an_item_goes_where_its_author_wrote_it(index: int, path: str, left: list[str]) -> None:
    desired, found = read(overlay(LIST, APPENDED))
    changes = remove_item(desired, found, ROLES, index)
    assert [one.path for one in changes] == [path]
    assert names(desired, changes) == left
    assert [line[:1] for line in changes[0].diff.splitlines()[2:] if line[:1] in "+-"] == ["-"]


def test_an_item_that_a_later_operation_counts_on_stays() -> None:
    patches = APPENDED + "    - {op: add, path: /spec/managed/roles/2/login, value: true}\n"
    desired, found = read(overlay(LIST, patches))
    with pytest.raises(Refused):
        remove_item(desired, found, ROLES, 2)


def test_a_shared_list_is_not_copied_to_add_to_it() -> None:
    desired, found = read({**overlay(LIST, ""), **DEV})
    with pytest.raises(Refused) as refused:
        add_item(desired, found, ROLES, NEW)
    assert str(refused.value) == (
        "spec.managed.roles of Cluster shop/orders (prod) is at base/orders.yaml:8, which is shared: an edit there "
        "would change Cluster dev/orders (dev) too. A patch can only replace the list as a whole: a person has to decide whether this one gets a list of its own"
    )


@pytest.mark.parametrize(
    "patches",
    [
        pytest.param("patches:\n- patch: |-\n    apiVersion: postgresql.cnpg.io/v1\n    kind: Cluster\n    metadata: {name: orders}\n    spec: {instances: 5}\n", id="a merge patch"),
        pytest.param("patches:\n- target: {kind: Cluster}\n  patch: '[{op: replace, path: /spec/instances, value: 5}]'\n", id="operations"),
    ],
)  # fmt: skip
def test_a_patch_for_something_else_does_not_get_a_copy_of_a_shared_list(patches: str) -> None:
    desired, found = read({**overlay(LIST, patches), **DEV})
    with pytest.raises(Refused, match="which is shared"):
        add_item(desired, found, ROLES, NEW)


def test_the_only_item_of_a_shared_list_is_not_hidden() -> None:
    text = CLUSTER + "  managed:\n    roles:\n    - name: a\n"
    desired, found = read({**overlay(text, ""), **DEV})
    with pytest.raises(Refused, match="which is shared"):
        remove_item(desired, found, ROLES, 0)


def test_a_list_that_nobody_has_begins_in_a_patch_of_its_own() -> None:
    desired, found = read({**overlay(CLUSTER, ""), **DEV})
    changes = add_item(desired, found, ROLES, NEW)
    assert [one.path for one in changes] == ["prod/kustomization.yaml"]
    (after,) = desired_after(desired, changes).declarations
    assert at(after.object, *ROLES) == [NEW]


def test_where_the_list_of_the_base_would_come_through_an_empty_one_stays() -> None:
    patch = "patches:\n- path: roles.yaml\n"
    text = CLUSTER.split("spec:", maxsplit=1)[0] + "spec:\n  managed:\n    roles:\n    - name: own   # ours\n"
    desired, found = read({**overlay(LIST, patch), **DEV, "prod/roles.yaml": text})
    (change,) = remove_item(desired, found, ROLES, 0)
    assert change.after == CLUSTER.split("spec:", maxsplit=1)[0] + "spec:\n  managed:\n    roles: []\n"


def test_an_item_of_a_component_for_several_is_shared() -> None:
    component = {
        "parts/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
        + APPENDED.replace("- {op: replace, path: /spec/instances, value: 5}\n    ", ""),
        "dev/kustomization.yaml": "namespace: dev\nresources: [../base]\ncomponents: [../parts]\n",
    }
    desired, found = read({**overlay(LIST, "components: [../parts]\n"), **component})
    with pytest.raises(Refused, match="which is shared"):
        add_item(desired, found, ROLES, NEW)


def test_an_entry_with_an_anchor_that_others_use_stays() -> None:
    text = CLUSTER + "  managed:\n    roles:\n    - &a {name: a}\n    - name: b\n  annotations: *a\n"
    desired, found = read({"prod/orders.yaml": text})
    with pytest.raises(Refused, match="anchor"):
        remove_item(desired, found, ROLES, 0)


def test_others_that_the_caller_may_not_know_are_not_named() -> None:
    desired, _ = read({**overlay(LIST, ""), **DEV})
    cut = desired.cut_to(frozenset({"shop"}))
    with pytest.raises(Refused, match="an edit there would change 1 object that you may not see too"):
        add_item(cut, cut.clusters[0], ROLES, NEW)
    edit = FileChange("base/orders.yaml", LIST, LIST.replace("instances: 3", "instances: 5"))
    with pytest.raises(Refused, match=r"just Cluster shop/orders: 1 object that you may not see\. Make this"):
        prove_only_change(cut, [edit], cut.clusters[0].identity)
