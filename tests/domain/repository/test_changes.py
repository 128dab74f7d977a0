from __future__ import annotations

from gitops_mcp.domain.objects import Identity
from gitops_mcp.domain.repository.build import build_desired, desired_after
from gitops_mcp.domain.repository.changes import changed_objects
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.domain.repository.files import FileChange

ONE = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: one}\nspec:\n  instances: 3\n  storage: {size: 1Gi}\n"
IDENTITY = Identity("Cluster", "shop", "one")


def read(text: str) -> Desired:
    files = {"a.yaml": text, "kustomization.yaml": "namespace: shop\nresources: [a.yaml]\n"}
    return build_desired({path: text for path, text in files.items() if text}, commit="0" * 40, folder="")


def test_a_changed_field_is_named() -> None:
    (found,) = changed_objects(read(ONE), read(ONE.replace("3", "4").replace("1Gi", "2Gi")))
    assert found.identity == IDENTITY
    assert found.fields == (("spec", "instances"), ("spec", "storage", "size"))
    assert found.places == {"Cluster shop/one spec.instances", "Cluster shop/one spec.storage.size"}


def test_a_new_object_and_one_that_goes() -> None:
    (made,) = changed_objects(read(""), read(ONE))
    (gone,) = changed_objects(read(ONE), read(""))
    assert (made.before, gone.after) == (None, None)
    assert made.fields == gone.fields == ()


def test_comments_and_order_are_no_change() -> None:
    assert (
        changed_objects(read(ONE), read("# new\n" + ONE.replace("  instances: 3\n", "") + "  instances: 3 # three\n"))
        == ()
    )


def test_what_the_files_of_a_plan_will_declare() -> None:
    before = read(ONE)
    (found,) = changed_objects(before, desired_after(before, [FileChange("a.yaml", ONE, ONE.replace("3", "5"))]))
    assert (found.identity, found.fields) == (IDENTITY, (("spec", "instances"),))
    assert changed_objects(before, desired_after(before, [FileChange("a.yaml", ONE, None)]))[0].after is None


def test_two_changes_meet_where_they_touch_the_same() -> None:
    instances = changed_objects(read(ONE), read(ONE.replace("3", "4")))[0]
    size = changed_objects(read(ONE), read(ONE.replace("1Gi", "2Gi")))[0]
    whole = changed_objects(read(ONE), read(""))[0]
    assert instances.meets(size) == frozenset()
    assert instances.meets(instances) == {"Cluster shop/one spec.instances"}
    assert whole.meets(size) == size.meets(whole) == {"Cluster shop/one"}
