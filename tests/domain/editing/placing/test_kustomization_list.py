from __future__ import annotations

import pytest

from gitops_mcp.domain.editing.placing.kustomization_list import add_to_kustomization, remove_from_kustomizations
from gitops_mcp.domain.editing.placing.sibling_paths import FilePlace
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.domain.repository.files import DraftFiles
from gitops_mcp.errors import InvalidRequest, Refused


def cluster(name: str, namespace: str = "shop") -> str:
    return f"apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {{name: {name}, namespace: {namespace}}}\n"


def read(files: dict[str, str], kustomizations: dict[str, str] | None = None, folder: str = "prod") -> Desired:
    return build_desired({**files, **(kustomizations or {})}, commit="0" * 40, folder=folder)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "resources:\n  - a.yaml\n  - z.yaml\n",
            "resources:\n  - a.yaml\n  - new-db.yaml\n  - z.yaml\n",
            id="a sorted list",
        ),
        pytest.param(
            "resources:\n- z.yaml\n- a.yaml\n",
            "resources:\n- z.yaml\n- a.yaml\n- new-db.yaml\n",
            id="one in its own order",
        ),
        pytest.param(
            "resources:\n  - ./z.yaml # last\n", "resources:\n  - ./z.yaml # last\n  - ./new-db.yaml\n", id="with a dot"
        ),
        pytest.param("resources: [b.yaml, a.yaml]\n", "resources: [b.yaml, a.yaml, new-db.yaml]\n", id="flow"),
        pytest.param("namespace: shop\n", "namespace: shop\nresources:\n  - new-db.yaml\n", id="no list yet"),
    ],
)
def test_the_entry_follows_the_style_of_its_list(before: str, after: str) -> None:
    found = read({}, {"prod/kustomization.yaml": before})
    draft = DraftFiles(found.texts)
    assert add_to_kustomization(draft, found, FilePlace("prod/new-db.yaml")) == ()
    assert [change.after for change in draft.changes] == [after]


def test_without_a_kustomization_a_warning_says_that_nothing_may_apply_it() -> None:
    found = read({})
    draft = DraftFiles(found.texts)
    (notice,) = add_to_kustomization(draft, found, FilePlace("prod/new-db.yaml"))
    assert notice.id == "no-kustomization"
    assert draft.changes == ()


def test_folders_with_a_kustomization_each_get_another_one() -> None:
    found = read(
        {"prod/shop/orders-db/cluster.yaml": cluster("orders-db")},
        {
            "prod/shop/orders-db/kustomization.yaml": "resources:\n  - cluster.yaml\n",
            "prod/shop/kustomization.yaml": "resources:\n  - orders-db\n",
        },
    )
    draft = DraftFiles(found.texts)
    add_to_kustomization(draft, found, FilePlace("prod/shop/new-db/cluster.yaml", own_kustomization=True))
    assert {change.path: change.after for change in draft.changes} == {
        "prod/shop/kustomization.yaml": "resources:\n  - orders-db\n  - new-db\n",
        "prod/shop/new-db/kustomization.yaml": (
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n  - cluster.yaml\n"
        ),
    }


def test_a_removed_file_leaves_its_kustomization() -> None:
    found = read({}, {"prod/kustomization.yaml": "resources:\n  - a.yaml # kept\n  - ./b.yaml\n"})
    draft = DraftFiles(found.texts)
    remove_from_kustomizations(draft, found, "prod/b.yaml")
    assert [change.after for change in draft.changes] == ["resources:\n  - a.yaml # kept\n"]


def test_a_kustomization_left_with_nothing_goes_with_its_entry_above() -> None:
    found = read(
        {},
        {
            "prod/shop/kustomization.yaml": "namespace: shop\nresources:\n  - db.yaml\n",
            "prod/kustomization.yaml": "resources:\n  - billing\n  - shop\n",
        },
    )
    draft = DraftFiles(found.texts)
    remove_from_kustomizations(draft, found, "prod/shop/db.yaml")
    assert {change.path: change.after for change in draft.changes} == {
        "prod/shop/kustomization.yaml": None,
        "prod/kustomization.yaml": "resources:\n  - billing\n",
    }


def test_one_that_still_produces_something_stays() -> None:
    found = read({}, {"prod/kustomization.yaml": "resources:\n  - db.yaml\nconfigMapGenerator:\n  - name: x\n"})
    draft = DraftFiles(found.texts)
    remove_from_kustomizations(draft, found, "prod/db.yaml")
    assert [change.action for change in draft.changes] == ["modified"]


def test_the_one_that_an_engine_builds_is_not_emptied() -> None:
    found = read({}, {"prod/kustomization.yaml": "resources:\n  - db.yaml\n"})
    with pytest.raises(Refused, match="add another resource to it first"):
        remove_from_kustomizations(DraftFiles(found.texts), found, "prod/db.yaml")


def test_a_kustomization_that_cannot_be_read_is_neither_passed_over_nor_edited() -> None:
    declared = read(
        {"prod/shop/orders-db.yaml": cluster("orders-db")},
        {
            "prod/kustomization.yaml": "resources: [shop]\n",
            "prod/shop/kustomization.yaml": "resources: [orders-db.yaml\n",
        },
    )
    told = r"whether prod/shop/kustomization\.yaml lists .*\.yaml:2: .*\. Mend that file first"
    with pytest.raises(InvalidRequest, match=told):
        add_to_kustomization(DraftFiles(declared.texts), declared, FilePlace("prod/shop/new-db.yaml"))
    with pytest.raises(InvalidRequest, match=told):
        remove_from_kustomizations(DraftFiles(declared.texts), declared, "prod/shop/orders-db.yaml")


def test_a_kustomization_above_the_one_that_knows_need_not_be_readable() -> None:
    declared = read(
        {"prod/shop/orders-db.yaml": cluster("orders-db")},
        {"prod/kustomization.yaml": "resources: [\n", "prod/shop/kustomization.yaml": "resources: [orders-db.yaml]\n"},
    )
    draft = DraftFiles(declared.texts)
    assert add_to_kustomization(draft, declared, FilePlace("prod/shop/new-db.yaml")) == ()
    assert draft.text("prod/shop/kustomization.yaml") == "resources: [orders-db.yaml, new-db.yaml]\n"
