"""Which value decides a field of a chart's rendering: small charts, each with another way from a value to a field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from gitops_mcp.domain.editing.field import edit_fields, set_field
from gitops_mcp.domain.editing.list_items import add_item, remove_item
from gitops_mcp.domain.objects import Path, at
from gitops_mcp.domain.repository.build import desired_after
from gitops_mcp.domain.yaml.edits import Remove
from gitops_mcp.errors import Refused
from tests.charts import REMOTE, application, chart, desired_of, needs_helm, release

pytestmark = needs_helm

HEAD = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata:\n  name: {{ .Release.Name }}-db\n"
INSTANCES: Path = ("spec", "instances")
SIZE: Path = ("spec", "storage", "size")
ROLES: Path = ("spec", "managed", "roles")


@dataclass(frozen=True)
class Case:
    """A template below its metadata, its values, one edit, and the lines of the values before and after it."""

    template: str
    values: str
    path: Path
    value: Any
    was: str
    now: str
    helpers: str = ""


CASES = {
    "as it is": Case("spec: {instances: {{ .Values.count }}}", "count: 3 # zones\n", INSTANCES, 5, "count: 3", "count: 5"),
    "default": Case(
        "spec: {instances: {{ .Values.db.instances | default 1 }}}", "db: {}\n", INSTANCES, 3, "db: {}", "db:\n  instances: 3"
    ),
    "default of a map that is not there": Case(
        "spec: {instances: {{ (.Values.db).instances | default 1 }}}", "a: 1\n", INSTANCES, 3, "a: 1\n", "a: 1\ndb:\n  instances: 3\n"
    ),
    "quote": Case(
        "spec: {storage: {size: {{ .Values.size | quote }}}}", "size: 10Gi\n", SIZE, "20Gi", "size: 10Gi", "size: 20Gi"
    ),
    "toYaml of all": Case(
        "spec: {{- toYaml .Values.spec | nindent 2 }}",
        "spec:\n  instances: 1\n  storage: {size: 1Gi}\n",
        SIZE,
        "2Gi",
        "{size: 1Gi}",
        "{size: 2Gi}",
    ),
    "toYaml of a map, new key": Case(
        "spec:\n  postgresql:\n    parameters: {{- toYaml .Values.pg.settings | nindent 6 }}",
        'pg:\n  settings:\n    work_mem: "4MB"\n',
        ("spec", "postgresql", "parameters", "max_connections"),
        "200",
        '"4MB"\n',
        '"4MB"\n    max_connections: "200"\n',
    ),
    "parts of a text": Case(
        "spec: {imageName: {{ .Values.image.repository }}:{{ .Values.image.tag }}}",
        'image: {repository: ghcr.io/cloudnative-pg/postgresql, tag: "17.2"}\n',
        ("spec", "imageName"),
        "ghcr.io/cloudnative-pg/postgresql:17.6",
        '"17.2"',
        '"17.6"',
    ),
    "a number in a text": Case(
        "spec: {storage: {size: {{ .Values.storageGi }}Gi}}", "storageGi: 10\n", SIZE, "20Gi", "10", "20"
    ),
    "a text that becomes a number": Case(
        "spec: {instances: {{ .Values.replicas | int }}}", 'replicas: "3"\n', INSTANCES, 5, '"3"', '"5"'
    ),
    "include": Case(
        'spec: {instances: {{ include "n" . }}}',
        "sizes: {small: 1, large: 3}\nclass: large\n",
        INSTANCES,
        5,
        "large: 3",
        "large: 5",
        '{{ define "n" }}{{ index .Values.sizes .Values.class }}{{ end }}',
    ),
    "tpl": Case(
        "spec: {instances: 1, imageName: {{ tpl .Values.image . }}}",
        'tag: "17.2"\nimage: "ghcr.io/pg:{{ .Values.tag }}"\n',
        ("spec", "imageName"),
        "ghcr.io/pg:17.6",
        'tag: "17.2"',
        'tag: "17.6"',
    ),
    "conditional": Case(
        "spec:\n  instances: {{ if .Values.ha }}{{ .Values.count }}{{ else }}1{{ end }}",
        "ha: true\ncount: 2\nother: 2\n",
        INSTANCES,
        3,
        "count: 2",
        "count: 3",
    ),
    "annotations": Case(
        "  annotations: {{- toYaml .Values.annotations | nindent 4 }}\nspec: {instances: 1}",
        "annotations:\n  team: shop\n",
        ("metadata", "annotations", "cnpg.io/hibernation"),
        "on",
        "  team: shop\n",
        '  team: shop\n  cnpg.io/hibernation: "on"\n',
    ),
    "annotations that nobody says yet": Case(
        "  {{- with .Values.cluster.annotations }}\n  annotations: {{- toYaml . | nindent 4 }}\n  {{- end }}\nspec: {instances: 1}",
        "cluster: {enabled: true}\n",
        ("metadata", "annotations", "cnpg.io/hibernation"),
        "on",
        "{enabled: true}",
        '{enabled: true, annotations: {cnpg.io/hibernation: "on"}}',
    ),
    "random beside it": Case(
        "  labels: {build: {{ randAlphaNum 8 | quote }}}\nspec: {instances: {{ .Values.count }}}",
        "count: 3\n",
        INSTANCES,
        5,
        "count: 3",
        "count: 5",
    ),
    "two that say the same": Case(
        "spec: {instances: {{ .Values.database.nodes }}}",
        "cache: {nodes: 3}\ndatabase: {nodes: 3}\n",
        INSTANCES,
        5,
        "database: {nodes: 3}",
        "database: {nodes: 5}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
def test_the_value_that_decides_the_field_is_edited(case: Case) -> None:
    files = chart_files(case.template, case.values, case.helpers)

    assert edited(files, case.path, case.value) == {"chart/values.yaml": case.values.replace(case.was, case.now)}


def chart_files(template: str, values: str, helpers: str = "") -> dict[str, str]:
    return {
        "apps/db.yaml": application(),
        "chart/Chart.yaml": chart(),
        "chart/values.yaml": values,
        "chart/templates/_helpers.tpl": helpers,
        "chart/templates/cluster.yaml": HEAD + template,
    }


def edited(
    files: Mapping[str, str], path: Path, value: Any, name: str = "databases-db", kind: str = "Cluster"
) -> dict[str, str | None]:
    """The files that change, after it is seen that the object comes out with the value."""
    desired = desired_of(files)
    declared = desired.one(kind, name, None, environment="prod")
    changes = set_field(desired, declared, path, value)
    again = desired_after(desired, changes).one(kind, name, None, environment="prod")
    assert at(again.object, *path) == value
    return {one.path: one.after for one in changes}


RANGE = """\
{{- range .Values.clusters }}
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: {{ .name }}}
spec:
  instances: {{ .instances | default $.Values.instances }}
  storage: {size: {{ .size }}}
{{- end }}
"""


def test_of_many_the_entry_with_the_objects_name_is_edited() -> None:
    values = "instances: 1\nclusters:\n  - {name: a, instances: 3, size: 1Gi}\n  - {name: b, instances: 3, size: 1Gi}\n"
    files = {**chart_files("", values), "chart/templates/cluster.yaml": RANGE}

    assert edited(files, INSTANCES, 5, "b") == {
        "chart/values.yaml": values.replace("b, instances: 3", "b, instances: 5")
    }


def test_what_is_no_strict_yaml_beside_it_is_compared_as_text() -> None:
    other = "---\nkind: PersistentVolumeClaim\nmetadata: {name: a, name: b}\nspec: {size: {{ .Values.size }}}\n"
    files = chart_files(
        "spec: {instances: {{ .Values.count }}, storage: {size: {{ .Values.size }}}}\n" + other, "count: 1\nsize: 1Gi\n"
    )

    assert edited(files, INSTANCES, 3) == {"chart/values.yaml": "count: 3\nsize: 1Gi\n"}
    with pytest.raises(Refused, match=r"the value size .* changes the text of databases/templates/cluster\.yaml too"):
        edited(files, SIZE, "2Gi")


def test_what_all_share_is_not_edited_for_one_of_them_that_may_have_its_own() -> None:
    values = "instances: 1\nclusters:\n  - name: a\n    size: 1Gi\n  - name: b\n    size: 1Gi\n"
    files = {**chart_files("", values), "chart/templates/cluster.yaml": RANGE}

    assert edited(files, INSTANCES, 3, "a") == {
        "chart/values.yaml": values.replace("name: a\n    size: 1Gi\n", "name: a\n    size: 1Gi\n    instances: 3\n")
    }


ROLES_CHART = (
    HEAD.removesuffix("\n")
    + """
spec:
  instances: 1
  managed:
    roles:
      {{- range .Values.users }}
      - name: {{ .name }}
        login: {{ .canLogin }}
        {{- with .secret }}
        passwordSecret: {name: {{ . }}}
        {{- end }}
      {{- end }}
"""
)
USERS = "users:\n  - {name: app, canLogin: true, secret: app-login}\n  - {name: report, canLogin: false}\n"


def test_a_role_is_added_in_the_words_of_the_chart() -> None:
    files = {**chart_files("", USERS), "chart/templates/cluster.yaml": ROLES_CHART}
    desired = desired_of(files)

    new = {"name": "audit", "login": True, "passwordSecret": {"name": "audit-login"}}
    changes = add_item(desired, desired.clusters[0], ROLES, new)

    assert {one.path: one.after for one in changes} == {
        "chart/values.yaml": USERS + "  - name: audit\n    canLogin: true\n    secret: audit-login\n"
    }


def test_a_role_is_changed_and_removed_in_its_entry() -> None:
    files = {**chart_files("", USERS), "chart/templates/cluster.yaml": ROLES_CHART}
    desired = desired_of(files)

    changed = set_field(desired, desired.clusters[0], (*ROLES, 1, "login"), True)
    removed = remove_item(desired, desired.clusters[0], ROLES, 0)

    assert [one.after for one in changed] == [USERS.replace("canLogin: false", "canLogin: true")]
    assert [one.after for one in removed] == ["users:\n  - {name: report, canLogin: false}\n"]


def test_roles_that_stand_by_name_get_another_name() -> None:
    template = ROLES_CHART.replace("range .Values.users", "range $name, $one := .Values.users").replace(
        "{{ .name }}", "{{ $name }}"
    ).replace(".canLogin", "$one.canLogin").replace("with .secret", "with $one.secret")  # fmt: skip
    values = "users:\n  app: {canLogin: true, secret: app-login}\n"
    desired = desired_of({**chart_files("", values), "chart/templates/cluster.yaml": template})

    new = {"name": "audit", "login": True, "passwordSecret": {"name": "audit-login"}}
    changes = add_item(desired, desired.clusters[0], ROLES, new)

    assert [one.after for one in changes] == [values + "  audit:\n    canLogin: true\n    secret: audit-login\n"]


DATABASES = """\
{{- range .Values.databases }}
---
apiVersion: postgresql.cnpg.io/v1
kind: Database
metadata: {name: {{ $.Release.Name }}-{{ .name | replace "_" "-" }}}
spec:
  cluster: {name: {{ $.Release.Name }}-db}
  name: {{ .name }}
  owner: {{ .owner | default "app" }}
{{- end }}
"""


def test_a_database_of_the_chart_is_known_by_its_name_and_edited_in_its_entry() -> None:
    values = "databases:\n  - {name: shop_main, owner: app}\n  - name: audit\n"
    files = {**chart_files("spec: {instances: 1}", values), "chart/templates/databases.yaml": DATABASES}

    assert edited(files, ("spec", "owner"), "auditor", "databases-audit", "Database") == {
        "chart/values.yaml": values + "    owner: auditor\n"
    }


def test_a_key_goes_where_nothing_else_says_it() -> None:
    files = chart_files("spec: {{- toYaml .Values.spec | nindent 2 }}", "spec:\n  instances: 1\n  logLevel: debug\n")
    desired = desired_of(files)

    changes = edit_fields(desired, desired.clusters[0], Remove(("spec", "logLevel")))

    assert [one.after for one in changes] == ["spec:\n  instances: 1\n"]


@pytest.mark.parametrize(
    ("template", "values", "said"),
    [
        pytest.param("spec: {instances: 3}", "count: 3\n", "no value was found", id="the template decides"),
        pytest.param(
            "spec: {instances: {{ .Values.count }}, minSyncReplicas: {{ .Values.count }}}",
            "count: 3\n",
            "no value was found",
            id="one value, two fields",
        ),
        pytest.param(
            "spec: {instances: {{ .Values.count }}}\n---\n" + HEAD.replace("-db", "-other") + "spec: {instances: {{ .Values.count }}}",
            "count: 3\n",
            "the value count (chart/values.yaml:1) changes Cluster databases-other too",
            id="one value, two Clusters",
        ),
        pytest.param(
            "spec: {instances: {{ max .Values.count 4 }}}", "count: 3\n", "no value was found", id="never less than four"
        ),
        pytest.param(
            'spec: {instances: {{ if .Capabilities.APIVersions.Has "monitoring.coreos.com/v1" }}3{{ else }}1{{ end }}}',
            "count: 3\n",
            "no value was found",
            id="capabilities",
        ),
    ],
)  # fmt: skip
def test_what_no_value_decides_alone_is_refused_with_the_template(template: str, values: str, said: str) -> None:
    desired = desired_of(chart_files(template, values))
    declared = desired.named("Cluster", "databases-db")[0]

    with pytest.raises(Refused) as refused:
        set_field(desired, declared, INSTANCES, 2)

    assert "chart/templates/cluster.yaml" in str(refused.value)
    assert said in str(refused.value)


SIMPLE = HEAD + "spec: {instances: {{ .Values.instances }}, storage: {size: {{ .Values.size }}}}\n"
LAYERS = {"chart/Chart.yaml": chart(), "chart/templates/cluster.yaml": SIMPLE, "chart/values.yaml": "instances: 1\nsize: 1Gi\n"}  # fmt: skip


def test_the_last_layer_that_says_it_is_edited() -> None:
    files = {
        **LAYERS,
        "apps/db.yaml": application("helm:\n  valueFiles: [values-all.yaml, ../prod/db.yaml]\n"),
        "chart/values-all.yaml": "instances: 2\n",
        "prod/db.yaml": "instances: 3\nsize: 5Gi\n",
    }

    assert edited(files, INSTANCES, 4) == {"prod/db.yaml": "instances: 4\nsize: 5Gi\n"}


def test_where_the_charts_own_values_say_nothing_the_release_says_it() -> None:
    files = {
        **LAYERS,
        "chart/templates/cluster.yaml": SIMPLE.replace(
            "size: {{ .Values.size }}", 'size: {{ .Values.size | default "1Gi" }}'
        ),
        "chart/values.yaml": 'instances: 1\nsize: ""\n',
        "apps/db.yaml": application("helm:\n  valuesObject:\n    instances: 3\n"),
    }

    assert edited(files, SIZE, "5Gi") == {"apps/db.yaml": files["apps/db.yaml"] + "        size: 5Gi\n"}


def test_a_chart_of_two_releases_gets_the_value_in_the_layer_of_the_one() -> None:
    files = {
        **LAYERS,
        "apps/a.yaml": application("helm:\n  valuesObject:\n    size: 2Gi\n", name="a"),
        "apps/b.yaml": application(name="b"),
    }

    assert edited(files, INSTANCES, 3, "a-db") == {
        "apps/a.yaml": files["apps/a.yaml"].replace("size: 2Gi\n", "size: 2Gi\n        instances: 3\n")
    }
    assert edited(files, INSTANCES, 3, "b-db") == {
        "apps/b.yaml": files["apps/b.yaml"] + "    helm:\n      valuesObject:\n        instances: 3\n"
    }


def test_a_values_file_that_another_chart_reads_too_is_left_alone() -> None:
    shared = "helm:\n  valueFiles: [../all.yaml]\n"
    files = {
        **LAYERS,
        "apps/db.yaml": application(shared),
        "apps/web.yaml": application(shared, name="web", path="web"),
        "web/Chart.yaml": chart("web"),
        "web/templates/web.yaml": "kind: Service\nspec: {size: {{ .Values.size }}}\n",
        "all.yaml": "instances: 2\nsize: 5Gi\n",
    }

    assert edited(files, SIZE, "6Gi") == {
        "apps/db.yaml": files["apps/db.yaml"] + "      valuesObject:\n        size: 6Gi\n"
    }


def test_values_of_a_helm_release_and_of_its_config_map_are_edited_where_they_stand() -> None:
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: sizes, namespace: shop}\ndata:\n  values.yaml: |\n    size: 4Gi # each\n"
    files = {
        **LAYERS,
        "apps/db.yaml": release("valuesFrom:\n  - {kind: ConfigMap, name: sizes}\nvalues:\n  instances: 2\n"),
        "apps/sizes.yaml": config,
    }

    assert edited(files, SIZE, "8Gi") == {"apps/sizes.yaml": config.replace("4Gi", "8Gi")}
    assert edited(files, INSTANCES, 3) == {
        "apps/db.yaml": files["apps/db.yaml"].replace("instances: 2", "instances: 3")
    }


def test_a_chart_that_a_helm_chart_object_names_is_that_of_its_source() -> None:
    made = release().replace(
        "  chart:\n    spec:\n      chart: ./chart\n      sourceRef: {kind: GitRepository, name: fleet, namespace: flux-system}\n",
        "  chartRef: {kind: HelmChart, name: db, namespace: flux-system}\n",
    )
    source = (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmChart\nmetadata: {name: db, namespace: flux-system}\n"
        "spec: {chart: ./chart, sourceRef: {kind: GitRepository, name: fleet}}\n"
    )
    files = {**LAYERS, "apps/db.yaml": made, "apps/chart.yaml": source}

    assert edited(files, INSTANCES, 3) == {"chart/values.yaml": "instances: 3\nsize: 1Gi\n"}


def test_values_of_a_generated_config_map_are_edited_in_the_file_that_it_is_made_of() -> None:
    files = {
        **LAYERS,
        "apps/db.yaml": release("valuesFrom:\n  - {kind: ConfigMap, name: sizes}\n"),
        "apps/kustomization.yaml": "resources: [db.yaml]\nconfigMapGenerator:\n  - name: sizes\n    files: [values.yaml=sizes.yaml]\n",
        "apps/sizes.yaml": "size: 4Gi # each\n",
    }

    assert edited(files, SIZE, "8Gi") == {"apps/sizes.yaml": "size: 8Gi # each\n"}


@pytest.mark.parametrize(
    ("sources", "changed"),
    [
        pytest.param("vals/db.yaml", {"vals/db.yaml": "instances: 3\n"}, id="a file of the other source"),
        pytest.param("vals/none.yaml", {"chart/values.yaml": "instances: 3\nsize: 1Gi\n"}, id="one that says nothing"),
    ],
)
def test_an_application_of_several_sources_takes_files_of_the_other(sources: str, changed: dict[str, str]) -> None:
    text = (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: databases, namespace: argocd}\nspec:\n"
        "  destination: {namespace: shop}\n  sources:\n"
        f"    - {{repoURL: {REMOTE}, targetRevision: main, path: chart, helm: {{valueFiles: [$ours/{sources}]}}}}\n"
        f"    - {{repoURL: {REMOTE}, targetRevision: main, ref: ours}}\n"
    )
    files = {**LAYERS, "apps/db.yaml": text, "vals/db.yaml": "instances: 2\n", "vals/none.yaml": "other: 1\n"}

    assert edited(files, INSTANCES, 3) == changed


SET = f"""\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {{name: databases, namespace: argocd}}
spec:
  generators:
    - list: {{elements: [{{name: orders, env: prod}}, {{name: carts, env: dev}}]}}
  template:
    metadata: {{name: '{{{{name}}}}'}}
    spec:
      destination: {{namespace: '{{{{name}}}}'}}
      source:
        repoURL: {REMOTE}
        targetRevision: main
        path: chart
        helm: {{valueFiles: ['../envs/{{{{env}}}}/{{{{name}}}}.yaml']}}
"""


def test_each_application_of_a_set_is_edited_in_its_own_file() -> None:
    files = {
        **LAYERS,
        "apps/set.yaml": SET,
        "envs/prod/orders.yaml": "instances: 3\n",
        "envs/dev/carts.yaml": "size: 2Gi\n",
    }

    assert edited(files, INSTANCES, 5, "orders-db") == {"envs/prod/orders.yaml": "instances: 5\n"}
    assert edited(files, INSTANCES, 5, "carts-db") == {"envs/dev/carts.yaml": "size: 2Gi\ninstances: 5\n"}


def test_values_that_a_secret_may_say_are_not_edited_below_it() -> None:
    files = {**LAYERS, "apps/db.yaml": release("valuesFrom:\n  - {kind: Secret, name: more}\n")}
    desired = desired_of(files)

    changes = set_field(desired, desired.clusters[0], INSTANCES, 3)

    assert {one.path: one.after for one in changes} == {
        "apps/db.yaml": files["apps/db.yaml"] + "  values:\n    instances: 3\n"
    }


def test_a_parameter_of_the_application_beats_all_values_and_is_edited_as_text() -> None:
    files = {**LAYERS, "apps/db.yaml": application('helm:\n  parameters:\n    - {name: instances, value: "2"}\n')}

    assert edited(files, INSTANCES, 3) == {"apps/db.yaml": files["apps/db.yaml"].replace('"2"', '"3"')}


def test_a_dependency_by_path_is_rendered_below_its_name() -> None:
    files = {
        "apps/shop.yaml": application(name="shop", path="umbrella"),
        "umbrella/Chart.yaml": chart("umbrella", '{name: postgres, alias: orders, version: 0.1.0, repository: "file://../lib/postgres"}'),
        "umbrella/values.yaml": "orders:\n  instances: 3 # orders\n",
        "lib/postgres/Chart.yaml": chart("postgres"),
        "lib/postgres/values.yaml": "instances: 1\nsize: 1Gi\n",
        "lib/postgres/templates/cluster.yaml": SIMPLE,
    }  # fmt: skip

    assert edited(files, INSTANCES, 5, "shop-db") == {"umbrella/values.yaml": "orders:\n  instances: 5 # orders\n"}
    assert edited(files, SIZE, "2Gi", "shop-db") == {
        "umbrella/values.yaml": "orders:\n  instances: 3 # orders\n  size: 2Gi\n"
    }
    assert desired_of(files).clusters[0].label == (
        "Cluster shop/shop-db (lib/postgres/templates/cluster.yaml of Argo CD Application argocd/shop (apps/shop.yaml:1))"
    )
