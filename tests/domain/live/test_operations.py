from __future__ import annotations

import json
import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_mcp.adapters.git.refs.base_faults import follow_head
from gitops_mcp.domain.cnpg.protection import kubectl_without
from gitops_mcp.domain.kinds import CLUSTER
from gitops_mcp.domain.live.engine_states.argocd_operation import ways_to_confirm
from gitops_mcp.domain.live.engine_states.fate import way_to_take_away
from gitops_mcp.domain.live.operations import ApiOperation, api_operations, manifest_of_live
from gitops_mcp.domain.objects import Identity, Object
from gitops_mcp.domain.repository.changes import ObjectChange
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.domain.yaml.text import parse_documents
from gitops_mcp.errors import Refused
from gitops_mcp.sandbox.store.patches import json_patch

GROUP = "postgresql.cnpg.io/v1"


def shown(kind: str = "Cluster", name: str = "db", **spec: Any) -> Object:
    """As a manifest says it."""
    return {"apiVersion": GROUP, "kind": kind, "metadata": {"name": name, "namespace": "dev"}, "spec": spec}


def live(kind: str = "Cluster", name: str = "db", **spec: Any) -> Object:
    """As the API says it."""
    made = shown(kind, name, **spec)
    made["metadata"] |= {"uid": f"uid-{name}", "resourceVersion": "7", "generation": 3, "managedFields": []}
    return {**made, "status": {"phase": "Cluster in healthy state"}}


def change(before: Object | None, after: Object | None) -> ObjectChange:
    one = after or before or {}
    return ObjectChange(Identity(one["kind"], one["metadata"]["namespace"], one["metadata"]["name"]), before, after, ())


def made(before: Object, after: Object) -> ApiOperation:
    """The one operation that makes a live object what a manifest says."""
    (operation,) = api_operations(
        [change(manifest_of_live(before), after)], (), {change(before, None).identity: before}
    )
    return operation


def test_a_manifest_is_what_people_say_of_a_live_object() -> None:
    found = live(instances=3)
    found["metadata"] |= {
        "labels": {"team": "shop"},
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "example.com/a": "b"},
        "ownerReferences": [{"name": "x"}],
        "finalizers": ["x"],
        "creationTimestamp": "2026-01-01T00:00:00Z",
    }
    assert manifest_of_live(found) == {
        "apiVersion": GROUP,
        "kind": "Cluster",
        "metadata": {
            "name": "db",
            "namespace": "dev",
            "labels": {"team": "shop"},
            "annotations": {"example.com/a": "b"},
        },
        "spec": {"instances": 3},
    }


def test_an_annotation_of_kubectl_alone_leaves_no_empty_mapping() -> None:
    found = live(instances=3)
    found["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": "{}"}
    assert "annotations" not in manifest_of_live(found)["metadata"]


def test_an_edit_is_bound_to_that_very_object_and_to_the_value_that_was_judged() -> None:
    operation = made(live(instances=2, logLevel="info"), shown(instances=3, logLevel="info"))
    assert operation.body == [
        {"op": "test", "path": "/metadata/uid", "value": "uid-db"},
        {"op": "test", "path": "/spec/instances", "value": 2},
        {"op": "replace", "path": "/spec/instances", "value": 3},
    ]
    assert (operation.how, operation.uid, operation.version) == ("patch", "uid-db", "7")
    assert str(operation) == "change spec.instances of Cluster dev/db"


def test_a_key_with_a_slash_is_reached_and_a_mapping_that_is_missing_is_made() -> None:
    after = shown(instances=2)
    after["metadata"]["annotations"] = {"cnpg.io/hibernation": "on"}
    operation = made(live(instances=2), after)
    assert operation.body[1:] == [
        {"op": "test", "path": "/metadata/resourceVersion", "value": "7"},
        {"op": "add", "path": "/metadata/annotations", "value": {"cnpg.io/hibernation": "on"}},
    ]
    after["spec"] = {"instances": 2}
    before = live(instances=2)
    before["metadata"]["annotations"] = {"cnpg.io/hibernation": "off"}
    assert made(before, after).body[1:] == [
        {"op": "test", "path": "/metadata/annotations/cnpg.io~1hibernation", "value": "off"},
        {"op": "replace", "path": "/metadata/annotations/cnpg.io~1hibernation", "value": "on"},
    ]


def test_annotations_of_others_stay_whatever_comes_or_goes_beside_them() -> None:
    """Of all annotations a manifest has those of people, and the API those of kubectl too."""
    kubectl = {"kubectl.kubernetes.io/last-applied-configuration": "{}"}
    before, after = live(instances=2), shown(instances=2)
    before["metadata"]["annotations"] = kubectl
    after["metadata"]["annotations"] = {"cnpg.io/hibernation": "on"}
    operation = made(before, after)
    assert json_patch(before, operation.body)["metadata"]["annotations"] == kubectl | {"cnpg.io/hibernation": "on"}
    assert {"op": "test", "path": "/metadata/resourceVersion", "value": "7"} in operation.body
    before["metadata"]["annotations"] = kubectl | {"a": "b", "c": "d"}
    gone = made(before, shown(instances=2))
    assert json_patch(before, gone.body)["metadata"]["annotations"] == kubectl
    assert [one["path"] for one in gone.body if one["op"] == "test"] == [
        "/metadata/uid",
        "/metadata/annotations/a",
        "/metadata/annotations/c",
    ]


def test_what_is_new_is_bound_to_what_it_comes_into() -> None:
    """Somebody else may have set the same in between."""
    operation = made(
        live(postgresql={"parameters": {"a": "1"}}), shown(postgresql={"parameters": {"a": "1", "b": "2"}})
    )
    assert operation.body[1:] == [
        {"op": "test", "path": "/spec/postgresql/parameters", "value": {"a": "1"}},
        {"op": "add", "path": "/spec/postgresql/parameters/b", "value": "2"},
    ]
    operation = made(live(instances=2), shown(instances=2, logLevel="debug"))
    assert operation.body[1:] == [
        {"op": "test", "path": "/spec", "value": {"instances": 2}},
        {"op": "add", "path": "/spec/logLevel", "value": "debug"},
    ]


def test_a_field_of_an_item_is_bound_to_the_whole_item() -> None:
    """Its place may be another one's by then, with the same value there."""
    ada, bob = {"name": "ada", "login": True}, {"name": "bob", "login": True}
    operation = made(live(managed={"roles": [ada, bob]}), shown(managed={"roles": [{**ada, "login": False}, bob]}))
    assert operation.body[1:] == [
        {"op": "test", "path": "/spec/managed/roles/0", "value": ada},
        {"op": "replace", "path": "/spec/managed/roles/0/login", "value": False},
    ]


def written(before: Object, **metadata: Any) -> Object:
    """The object after the operator has written its status, and others what is said here."""
    return {**before, "metadata": {**before["metadata"], "resourceVersion": "8", **metadata}, "status": {"phase": "x"}}


def test_what_an_operator_writes_changes_nothing_of_an_operation_but_the_version() -> None:
    before = live(instances=2)
    after = shown(instances=2)
    after["metadata"]["annotations"] = {"cnpg.io/hibernation": "on"}
    later = made(before, after).at_last_look(written(before))
    assert later is not None
    assert {"op": "test", "path": "/metadata/resourceVersion", "value": "8"} in later.body
    (gone,) = api_operations([change(manifest_of_live(before), None)], (), {change(before, None).identity: before})
    last = gone.at_last_look(written(before, annotations={"example.com/note": "x"}))
    assert last is not None
    assert (last.uid, last.version) == ("uid-db", "8")


def test_what_somebody_agrees_to_is_the_same_however_often_it_is_planned() -> None:
    """A restart is the time at which it was asked for."""
    before, first, second = live(instances=1), shown(instances=1), shown(instances=1)
    first["metadata"]["annotations"] = {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}
    second["metadata"]["annotations"] = {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:01Z"}
    one, again = made(before, first), made(written(before), second)
    assert (str(one), one.judged) == (str(again), again.judged)
    assert one.judged["spec.instances of Cluster dev/db"] == 1


@pytest.mark.parametrize(
    ("metadata", "part"),
    [
        ({"uid": "another"}, "it is another object of that name"),
        ({"labels": {"keep": "me"}}, "label keep"),
        (
            {"annotations": {"kustomize.toolkit.fluxcd.io/prune": "disabled"}},
            "annotation kustomize.toolkit.fluxcd.io/prune",
        ),
        ({"annotations": {"argocd.argoproj.io/tracking-id": "a:b"}}, "annotation argocd.argoproj.io/tracking-id"),
        (
            {"managedFields": [{"manager": "argocd-controller", "fieldsV1": {"f:spec": {}}}]},
            "the engines that have set fields",
        ),
    ],
)
def test_a_deletion_holds_for_nothing_that_was_judged_otherwise(metadata: Object, part: str) -> None:
    before = live(instances=2)
    (gone,) = api_operations([change(manifest_of_live(before), None)], (), {change(before, None).identity: before})
    assert gone.at_last_look(written(before, **metadata)) is None
    assert gone.changes_since(written(before, **metadata)) == (part,)
    resized = {**before, "spec": {"instances": 3}}
    assert gone.at_last_look(resized) is None
    assert gone.changes_since(resized) == ("spec.instances",)


def test_an_annotation_that_is_new_is_not_set_where_somebody_has_set_it_meanwhile() -> None:
    before, after = live(instances=2), shown(instances=2)
    after["metadata"]["annotations"] = {"cnpg.io/hibernation": "on"}
    operation = made(before, after)
    assert operation.at_last_look(written(before, annotations={"cnpg.io/hibernation": "off"})) is None
    before["metadata"]["annotations"] = {"a": "b"}
    after["metadata"]["annotations"] = {"a": "b", "cnpg.io/hibernation": "on"}
    operation = made(before, after)
    assert operation.at_last_look(written(before, annotations={"a": "b", "cnpg.io/hibernation": "off"})) is None
    assert operation.at_last_look(written(before, annotations={"a": "b", "c": "d"})) is not None


def test_a_list_is_tested_as_a_whole_and_named_as_what_changes() -> None:
    ada, bob = {"name": "ada"}, {"name": "bob"}
    operation = made(live(managed={"roles": [ada]}), shown(managed={"roles": [ada, bob]}))
    assert operation.body[1:] == [
        {"op": "test", "path": "/spec/managed/roles", "value": [ada]},
        {"op": "add", "path": "/spec/managed/roles/1", "value": bob},
    ]
    assert operation.fields == (("spec", "managed", "roles"),)
    gone = made(live(managed={"roles": [ada, bob]}), shown(managed={"roles": [bob]}))
    assert gone.body[1:] == [
        {"op": "test", "path": "/spec/managed/roles/0", "value": ada},
        {"op": "remove", "path": "/spec/managed/roles/0"},
    ]
    assert gone.fields == (("spec", "managed", "roles"),)


def test_a_value_that_is_null_is_replaced_and_not_taken_for_missing() -> None:
    assert made(live(logLevel=None), shown(logLevel="debug")).body[1:] == [
        {"op": "test", "path": "/spec/logLevel", "value": None},
        {"op": "replace", "path": "/spec/logLevel", "value": "debug"},
    ]
    assert made(live(list=[None]), shown(list=["a"])).body[1:] == [
        {"op": "test", "path": "/spec/list/0", "value": None},
        {"op": "replace", "path": "/spec/list/0", "value": "a"},
    ]


def test_a_deletion_is_bound_to_the_very_object_that_was_seen() -> None:
    found = live()
    (operation,) = api_operations([change(manifest_of_live(found), None)], (), {change(found, None).identity: found})
    assert (operation.how, operation.uid, operation.version) == ("delete", "uid-db", "7")


def test_what_is_gone_meanwhile_is_not_changed() -> None:
    with pytest.raises(Refused, match="Cluster dev/db is not live any more"):
        api_operations([change(shown(instances=2), shown(instances=3))], (), {})


PASSWORD = """\
apiVersion: generators.external-secrets.io/v1alpha1
kind: Password
metadata: {name: db-ada-password, namespace: dev}
spec: {length: 40}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: db-ada-password, namespace: dev}
spec: {}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: not-ours, namespace: dev}
"""


def test_what_others_need_is_made_first_and_goes_last() -> None:
    new = [shown("Database", "db-app"), shown("DatabaseRole", "db-ada"), shown("Cluster")]
    files = [FileChange("dev/secret.yaml", None, PASSWORD)]
    created = api_operations([change(None, one) for one in new], files, {})
    assert [(one.how, one.resource.kind) for one in created] == [
        ("create", "Password"),
        ("create", "ExternalSecret"),
        ("create", "Cluster"),
        ("create", "DatabaseRole"),
        ("create", "Database"),
    ]
    old = [live("Cluster"), live("DatabaseRole", "db-ada"), live("Pooler", "db-pool"), live("Database", "db-app")]
    seen = {change(one, None).identity: one for one in old}
    deleted = api_operations([change(manifest_of_live(one), None) for one in old], (), seen)
    assert [one.resource.kind for one in deleted] == ["Pooler", "Database", "DatabaseRole", "Cluster"]


def test_what_is_there_changes_once_everything_new_is_made_and_before_anything_goes() -> None:
    """An entry that becomes an object goes after the object has come."""
    entry, other = {"name": "ada", "createdb": True}, {"name": "bob"}
    cluster, role = live(managed={"roles": [entry, other]}), live("DatabaseRole", "db-eve", createdb=True)
    gone = live("DatabaseRole", "db-old")
    changes = [
        change(manifest_of_live(gone), None),
        change(manifest_of_live(cluster), shown(managed={"roles": [other]})),
        change(None, shown("DatabaseRole", "db-ada")),
        change(manifest_of_live(role), shown("DatabaseRole", "db-eve", createdb=False)),
    ]
    seen = {change(one, None).identity: one for one in (cluster, role, gone)}
    made = api_operations(changes, [FileChange("dev/secret.yaml", None, PASSWORD)], seen)
    assert [(one.how, one.label) for one in made] == [
        ("create", "Password dev/db-ada-password"),
        ("create", "ExternalSecret dev/db-ada-password"),
        ("create", "DatabaseRole dev/db-ada"),
        ("patch", "DatabaseRole dev/db-eve"),
        ("patch", "Cluster dev/db"),
        ("delete", "DatabaseRole dev/db-old"),
    ]


def test_what_makes_the_secret_of_a_role_goes_after_the_role() -> None:
    kept = PASSWORD.partition("---\napiVersion: v1")[0]
    old = [document.value for document in parse_documents(kept)]
    role = live("DatabaseRole", "db-ada")
    seen = {change(role, None).identity: role}
    for one in old:
        found = {**one, "metadata": {**one["metadata"], "uid": "u", "resourceVersion": "9"}}
        seen[change(found, None).identity] = found
    gone = api_operations([change(manifest_of_live(role), None)], [FileChange("dev/secret.yaml", kept, None)], seen)
    assert [(one.how, one.resource.kind, one.version) for one in gone] == [
        ("delete", "DatabaseRole", "7"),
        ("delete", "ExternalSecret", "9"),
        ("delete", "Password", "9"),
    ]


def test_what_makes_a_secret_is_changed_in_its_place() -> None:
    before = PASSWORD.partition("---\napiVersion: v1")[0]
    (found,) = [one.value for one in parse_documents(before) if one.value["kind"] == "Password"]
    found["metadata"] |= {"uid": "u", "resourceVersion": "9"}
    after = before.replace("length: 40", "length: 48")
    (operation,) = api_operations(
        [], [FileChange("dev/secret.yaml", before, after)], {change(found, None).identity: found}
    )
    assert (operation.how, operation.fields) == ("patch", (("spec", "length"),))


def test_a_document_that_stood_in_the_file_before_is_not_made_again() -> None:
    before, _, _ = PASSWORD.partition("---\napiVersion: v1")
    after = before + "---\napiVersion: external-secrets.io/v1\nkind: ExternalSecret\n"
    after += "metadata: {name: db-bob-password, namespace: dev}\nspec: {}\n"
    (operation,) = api_operations([], [FileChange("dev/secret.yaml", before, after)], {})
    assert operation.label == "ExternalSecret dev/db-bob-password"


def test_what_a_request_has_left_that_failed_half_way_is_not_made_again() -> None:
    both = PASSWORD.partition("---\napiVersion: v1")[0]
    (password, _) = [one.value for one in parse_documents(both)]
    left = {**password, "metadata": {**password["metadata"], "uid": "u"}, "spec": {"length": 40, "encoding": "raw"}}
    files = [FileChange("dev/secret.yaml", None, both)]
    identity = change(left, None).identity
    assert [one.label for one in api_operations([], files, {identity: left})] == ["ExternalSecret dev/db-ada-password"]
    other = {**left, "spec": {"length": 8}}
    assert [str(one) for one in api_operations([], files, {identity: other})] == [
        "create Password dev/db-ada-password",
        "create ExternalSecret dev/db-ada-password",
    ]


def test_the_command_a_person_would_run_does_the_same() -> None:
    edited = made(live(instances=2), shown(instances=1))
    assert edited.kubectl == (
        "kubectl -n dev patch clusters.postgresql.cnpg.io db --type=json -p "
        '\'[{"op": "replace", "path": "/spec/instances", "value": 1}]\''
    )
    found = live()
    (gone,) = api_operations([change(manifest_of_live(found), None)], (), {change(found, None).identity: found})
    assert gone.kubectl == "kubectl -n dev delete clusters.postgresql.cnpg.io db"
    (created,) = api_operations([change(None, shown(instances=1))], (), {})
    assert created.kubectl.startswith("kubectl -n dev create -f - <<'EOF'\n")
    assert json.loads(created.kubectl.split("\n")[1]) == shown(instances=1)


def test_a_quote_in_a_value_does_not_end_the_argument() -> None:
    edited = made(live("DatabaseRole", comment="x"), shown("DatabaseRole", comment="it's; rm -rf /"))
    words = shlex.split(edited.kubectl)
    assert json.loads(words[-1]) == [{"op": "replace", "path": "/spec/comment", "value": "it's; rm -rf /"}]


values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab/~", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~", max_size=3), inner, max_size=3),
    max_leaves=8,
)
specs = st.dictionaries(st.text("abc/~", min_size=1, max_size=3), values, max_size=4)


@given(specs, specs)
def test_the_patch_makes_the_live_object_what_the_manifest_says(old: Object, new: Object) -> None:
    if old == new:
        return
    before = live()
    before["spec"] = old
    after = shown()
    after["spec"] = new
    identity = change(before, None).identity
    (operation,) = api_operations([change(manifest_of_live(before), after)], (), {identity: before})
    patched = json_patch(before, operation.body)
    assert json.dumps(patched["spec"], sort_keys=True) == json.dumps(new, sort_keys=True)
    assert {**patched, "spec": None} == {**before, "spec": None}


BAD = Identity("Cluster", "$(a)", "b; c")


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (ApiOperation("delete", CLUSTER, "$(a)", "b; c").kubectl, "kubectl -n '$(a)' delete clusters.postgresql.cnpg.io 'b; c'"),
        (kubectl_without(BAD, "labels", "d`e`"), "kubectl -n '$(a)' label clusters.postgresql.cnpg.io 'b; c' 'd`e`-'`"),
        (way_to_take_away(BAD, ("spec", "x")), "kubectl -n '$(a)' patch cluster 'b; c' --type json -p"),
        (ways_to_confirm("b; c", "$(a)"), "kubectl annotate application 'b; c' -n '$(a)' "),
        (ways_to_confirm("b; c", None), "argocd app confirm-deletion 'b; c'"),
        (follow_head("b; c"), "git fetch 'b; c' && git remote set-head 'b; c' --auto"),
    ],
)  # fmt: skip
def test_a_name_is_one_word_of_a_command_that_a_person_pastes(command: str, shown: str) -> None:
    assert shown in command
