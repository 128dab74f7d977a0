"""Where a field that is named by its path is written, in repositories that say it in different ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from gitops_mcp.crds import packaged_schema
from gitops_mcp.domain.impact.level import Level
from gitops_mcp.domain.kinds import BY_KIND
from gitops_mcp.domain.plans.generic.field_requests import ObjectUpdate, read_update
from gitops_mcp.domain.plans.generic.object_update import plan_object_update
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.errors import InvalidRequest, Refused

CLUSTER = """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: shop
spec:
  instances: 3
  storage: {size: 10Gi}
  plugins:
    - name: a # archives
      parameters: {x: "1"}
    - {name: b}
"""
PARAMETERS = """\
  postgresql:
    parameters:
      jit: 'off' # slow
      max_connections: "200"
"""
BASE = {"base/db.yaml": CLUSTER, "base/kustomization.yaml": "resources: [db.yaml]\n"}
TWO = {**BASE, "test/kustomization.yaml": "resources: [../base]\nnamePrefix: test-\n"}
JSON_PATCH = """\
resources: [../base]
patches:
  - target: {kind: Cluster}
    patch: |-
      - op: add
        path: /spec/plugins/-
        value: {name: c, enabled: true}
"""
FLUX = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: flux-system}
spec:
  path: ./prod
  prune: true
  sourceRef: {kind: GitRepository, name: flux-system}
  postBuild: {substitute: {level: info}}
"""


def planned(
    files: Mapping[str, str],
    set_: Mapping[str, Any] | None = None,
    *,
    remove: Sequence[str] = (),
    items: Mapping[str, Sequence[Any]] | None = None,
    folder: str = "prod",
) -> Plan:
    desired = build_desired(dict(files), commit="0" * 40, folder=folder)
    declared = desired.one("Cluster", "db", None, environment="prod")
    asked = read_update(ObjectUpdate(set_ or {}, remove, items or {}), packaged_schema(BY_KIND["Cluster"]).root)
    return plan_object_update(declared, desired, declared.identity, asked, live=None)


def changed(plan: Plan) -> list[str]:
    """The files, and the lines of the diff that come or go."""
    lines = [one for one in plan.diff.splitlines() if one[:1] in "+-" and one[:3] not in {"---", "+++"}]
    return [*(one.path for one in plan.files), *lines]


@pytest.mark.parametrize(
    ("files", "asked", "wanted"),
    [
        pytest.param(
            {"prod/db.yaml": CLUSTER},
            {"set_": {"spec.plugins[name=a].parameters[z]": "2"}, "remove": ["spec.plugins[name=b]"]},
            ["prod/db.yaml", '-      parameters: {x: "1"}', "-    - {name: b}", '+      parameters: {x: "1", z: "2"}'],
            id="an item goes and another one changes, in one file",
        ),
        pytest.param(
            {"prod/db.yaml": CLUSTER},
            {"items": {"spec.plugins": [{"name": "a", "enabled": False}, {"name": "c"}]}},
            ["prod/db.yaml", '-      parameters: {x: "1"}', "+      enabled: false", "+    - name: c"],
            id="an item replaces the one of its key, and another comes",
        ),
        pytest.param(
            {**TWO, "prod/kustomization.yaml": "resources: [../base]\n"},
            {"set_": {"spec.logLevel": "debug"}},
            [
                "prod/kustomization.yaml",
                "+patches:",
                "+  - patch: |-",
                "+      apiVersion: postgresql.cnpg.io/v1",
                "+      kind: Cluster",
                "+      metadata:",
                "+        name: db",
                "+        namespace: shop",
                "+      spec:",
                "+        logLevel: debug",
            ],
            id="a field that the base shares is patched in the overlay",
        ),
        pytest.param(
            {**TWO, "prod/kustomization.yaml": JSON_PATCH},
            {"set_": {"spec.plugins[name=c].enabled": False}},
            [
                "prod/kustomization.yaml",
                "-        value: {name: c, enabled: true}",
                "+        value: {name: c, enabled: false}",
            ],
            id="an item that an operation of a patch has added",
        ),
        pytest.param(
            {**TWO, "prod/kustomization.yaml": JSON_PATCH},
            {"remove": ["spec.plugins[name=c]"]},
            [
                "prod/kustomization.yaml",
                "-      - op: add",
                "-        path: /spec/plugins/-",
                "-        value: {name: c, enabled: true}",
                "+      []",
            ],
            id="and the operation goes with its item",
        ),
        pytest.param(
            {
                "apps.yaml": FLUX,
                "prod/db.yaml": CLUSTER.replace("  instances: 3\n", "  instances: 3\n  logLevel: ${level}\n"),
                "prod/kustomization.yaml": "resources: [db.yaml]\n",
            },
            {"set_": {"spec.logLevel": "debug"}},
            ["apps.yaml", "-  postBuild: {substitute: {level: info}}", "+  postBuild: {substitute: {level: debug}}"],
            id="a field that is a variable",
        ),
    ],
)
def test_a_field_is_written_where_its_last_word_stands(
    files: dict[str, str], asked: dict[str, Any], wanted: list[str]
) -> None:
    assert changed(planned(files, **asked)) == wanted


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        pytest.param(
            {"prod/db.yaml": CLUSTER + PARAMETERS},
            [
                "prod/db.yaml",
                "-      jit: 'off' # slow",
                '-      max_connections: "200"',
                '+      max_connections: "300"',
                "+      work_mem: 4MB",
            ],
            id="in a plain manifest",
        ),
        pytest.param(
            {
                **TWO,
                "base/db.yaml": CLUSTER + PARAMETERS,
                "prod/kustomization.yaml": "resources: [../base]\npatches: [{path: db.yaml}]\n",
                "prod/db.yaml": "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: db, namespace: shop}\nspec: {instances: 2}\n",
            },
            [
                "prod/db.yaml",
                "-spec: {instances: 2}",
                '+spec: {instances: 2, postgresql: {parameters: {max_connections: "300", work_mem: "4MB", jit: null}}}',
            ],
            id="in an overlay that inherits keys",
        ),
    ],
)
def test_a_mapping_that_is_set_whole_has_only_what_it_is_given(files: dict[str, str], wanted: list[str]) -> None:
    plan = planned(files, {"spec.postgresql.parameters": {"max_connections": "300", "work_mem": "4MB"}})
    assert changed(plan) == wanted
    made = build_desired({**files, **{one.path: str(one.after) for one in plan.files}}, commit="0" * 40, folder="prod")
    said = made.one("Cluster", "db", None, environment="prod").object["spec"]["postgresql"]["parameters"]
    assert said == {"max_connections": "300", "work_mem": "4MB"}


def test_a_list_that_others_share_is_left_to_a_person() -> None:
    files = {**TWO, "prod/kustomization.yaml": "resources: [../base]\n"}
    with pytest.raises(Refused, match=r"spec\.plugins\[1\]\.enabled of Cluster shop/db .* is shared"):
        planned(files, {"spec.plugins[name=b].enabled": False})
    with pytest.raises(Refused, match="A patch can only replace the list as a whole"):
        planned(files, items={"spec.plugins": [{"name": "c"}]})


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, "name at least one field to change"),
        ({"set_": {"spec.storage.size": "1Gi", "spec.storage": {"size": "1Gi"}}}, "both asked for"),
        ({"set_": {"spec.plugins[a].enabled": True}, "remove": ["spec.plugins[name=a]"]}, "both asked for"),
        ({"items": {"spec.plugins": [{"name": "c"}, {"name": "c"}]}}, "both asked for"),
        ({"items": {"spec.plugins": [{"enabled": True}]}}, "each item of spec.plugins needs name"),
        ({"items": {"spec.plugins": ["c"]}}, "each item of spec.plugins needs name"),
        ({"items": {"spec.topologySpreadConstraints": [{"maxSkew": 1}]}}, "whose items have no key: set it whole"),
        ({"items": {"spec.storage": [{"name": "c"}]}}, "spec.storage is not a list"),
        ({"remove": ["spec.instances.x"]}, "is of type integer"),
        ({"remove": ["spec.plugins[name=a].name"]}, "spec.plugins[name=a].name is required"),
        ({"remove": ["spec.storage.pvcTemplate.dataSource.kind"]}, "is required by the schema of the kind"),
        ({"set_": {"spec.plugins": [{"enabled": True}]}}, "spec.plugins[0].name: is required"),
    ],
)
def test_what_a_request_cannot_mean_is_told(asked: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        planned({"prod/db.yaml": CLUSTER}, **asked)
    assert told in str(raised.value)


def test_every_fault_of_a_request_is_told_at_once() -> None:
    with pytest.raises(InvalidRequest) as raised:
        planned({"prod/db.yaml": CLUSTER}, {"spec.instnces": 1, "spec.logLevel": "loud"}, remove=["spec.instances"])
    told = str(raised.value).split("; ")
    assert told[0] == "set: 'instnces' is not a field of spec"
    assert told[2:] == [
        'set: spec.logLevel: "loud" is not one of: error, warning, info, debug, trace',
        "remove: spec.instances is required by the schema of the kind: set another value",
    ]


def test_what_is_so_already_is_unchanged_and_what_is_not_there_is_removed() -> None:
    files = {"prod/db.yaml": CLUSTER}
    same = planned(files, {"spec.storage.size": "10Gi"}, items={"spec.plugins": [{"name": "b"}]}, remove=["spec.env"])
    said = "spec.storage.size, spec.plugins[name=b], spec.env"
    assert same.unchanged == f"prod/db.yaml:1 says so already: {said}"
    assert same.files == ()


@pytest.mark.parametrize(
    ("values", "level", "asks"),
    [
        ({"spec.description": "ours"}, Level.NONE, False),
        ({"spec.postgresql.parameters[work_mem]": "8MB"}, Level.RELOAD, False),
        ({"spec.logLevel": "debug"}, Level.ROLLING_RESTART, False),
        ({"metadata.annotations[cnpg.io/hibernation]": "on"}, Level.OUTAGE, True),
        ({"metadata.annotations[cnpg.io/fencedInstances]": '["*"]'}, Level.OUTAGE, True),
        ({"spec.imageName": "registry.example.com/pg:18.4"}, Level.OUTAGE, True),
    ],
)
def test_what_stops_the_database_is_asked_of_a_person(values: dict[str, Any], level: Level, asks: bool) -> None:
    plan = planned({"prod/db.yaml": CLUSTER}, values)
    assert (plan.impact.level, plan.stops is not None, plan.destroys) == (level, asks, None)


def test_of_each_of_several_items_that_go_it_is_told_what_it_was() -> None:
    text = f"{CLUSTER}  env:\n    - {{name: A, value: one}}\n    - {{name: B, value: two}}\n    - {{name: C}}\n"
    told = planned({"prod/db.yaml": text}, remove=["spec.env[name=A]", "spec.env[name=B]"]).body
    assert [line.partition(": ")[0] for line in told] == ["spec.env[name=A]", "spec.env[name=B]"]
    assert [('"A"' in line, '"B"' in line) for line in told] == [(True, False), (False, True)]


def test_a_variable_of_an_item_is_told_where_the_item_stands_before_another_goes() -> None:
    plugins = "    - {name: a}\n    - name: b\n      parameters: {x: '${level}', z: '1'}\n    - {name: c}\n"
    files = {
        "apps.yaml": FLUX,
        "prod/db.yaml": CLUSTER.partition("    - name: a")[0] + plugins,
        "prod/kustomization.yaml": "resources: [db.yaml]\n",
    }
    plan = planned(files, remove=["spec.plugins[name=a]", "spec.plugins[name=b].parameters[x]"])
    assert [one for one in plan.body if "${level}" in one] == [
        "spec.plugins[1].parameters.x is ${level} in prod/db.yaml:1: level of Kustomization flux-system/apps changes"
    ]


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        pytest.param(
            {"items": {"spec.managed.roles": [{"name": "bob", "login": True}]}},
            [
                "+  managed:",
                "+    roles:",
                "+      - name: bob",
                "+        login: true",
                "+        connectionLimit: -1",
                "+        ensure: present",
                "+        inherit: true",
            ],
            id="of an item in a list that is new",
        ),
        pytest.param(
            {"set_": {"spec.externalClusters": [{"name": "old", "plugin": {"name": "x", "enabled": False}}]}},
            [
                "+  externalClusters:",
                "+    - name: old",
                "+      plugin:",
                "+        name: x",
                "+        enabled: false",
                "+        isWALArchiver: false",
            ],
            id="of what is inside of an item",
        ),
        pytest.param(
            {"set_": {"spec.env": [{"name": "A", "valueFrom": {"secretKeyRef": {"key": "k", "name": "s"}}}]}},
            [
                "+  env:",
                "+    - name: A",
                "+      valueFrom:",
                "+        secretKeyRef:",
                "+          key: k",
                "+          name: s",
            ],
            id="and none where there is none",
        ),
        pytest.param(
            {"items": {"spec.plugins": [{"name": "c"}]}},
            ["+    - name: c"],
            id="but not beside an item that leaves them out already",
        ),
        pytest.param(
            {"set_": {"spec.resources": {"limits": {"memory": "1Gi"}}}},
            ["+  resources:", "+    limits:", "+      memory: 1Gi"],
            id="nor outside of lists",
        ),
    ],
)
def test_a_new_item_of_a_list_that_engines_compare_whole_says_its_defaults(
    asked: dict[str, Any], wanted: list[str]
) -> None:
    assert changed(planned({"prod/db.yaml": CLUSTER}, **asked)) == ["prod/db.yaml", *wanted]


ROLES = """\
  managed:
    roles:
      - name: clerk # writes invoices
        ensure: present # stated
        inherit: true
        connectionLimit: 5
      - {name: bob, login: true}
"""


@pytest.mark.parametrize(
    ("items", "wanted"),
    [
        ([{"name": "clerk", "connectionLimit": 5}, {"name": "bob", "login": True}], []),
        ([{"name": "clerk"}], ["-        connectionLimit: 5", "+        connectionLimit: -1"]),
        ([{"name": "bob"}], ["-      - {name: bob, login: true}", "+      - {name: bob}"]),
    ],
    ids=["they are what was there", "one takes the place of what was there", "one that was left out stays so"],
)
def test_an_item_that_is_replaced_says_the_defaults_that_it_said(
    items: list[dict[str, Any]], wanted: list[str]
) -> None:
    files = {"prod/db.yaml": CLUSTER + ROLES}
    paths = ["prod/db.yaml"] if wanted else []
    assert changed(planned(files, items={"spec.managed.roles": items})) == [*paths, *wanted]


def test_what_is_made_around_a_field_of_an_item_says_its_defaults() -> None:
    text = f"{CLUSTER}  externalClusters:\n    - name: old\n      connectionParameters: {{host: h}}\n"
    plan = planned({"prod/db.yaml": text}, {"spec.externalClusters[name=old].plugin.name": "x"})
    assert changed(plan)[1:] == [
        "+      plugin:",
        "+        name: x",
        "+        enabled: true",
        "+        isWALArchiver: false",
    ]


def test_a_secret_with_a_certificate_may_have_any_name() -> None:
    values = {"spec.certificates.serverTLSSecret": "db-tls-2026", "spec.certificates.serverCASecret": "ca2"}
    assert changed(planned({"prod/db.yaml": CLUSTER}, values)) == [
        "prod/db.yaml",
        "+  certificates:",
        "+    serverTLSSecret: db-tls-2026",
        "+    serverCASecret: ca2",
    ]
