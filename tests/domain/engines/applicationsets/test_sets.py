"""ApplicationSets with the Applications that Argo CD 3 makes of them: name, folder and namespace of each."""

from __future__ import annotations

from textwrap import dedent, indent
from typing import Any

import pytest

from gitops_mcp.domain.engines.declared import find_engine_objects

URL = "https://git.example.com/fleet.git"
GIT = f"repoURL: {URL}, revision: main"
FILES = {
    "apps/billing/cluster.yaml": "",
    "apps/old_books/cluster.yaml": "",
    "apps/orders/cluster.yaml": "",
    "apps/orders/base/cluster.yaml": "",
    "apps/.cache/cluster.yaml": "",
    "config.yaml": "name: top\nenv: none\n",
    "envs/dev/config.yaml": "name: dev\nns: shop-dev\nsize: 1\nflags: {paused: true}\n",
    "envs/eu/prod/config.yaml": "name: prod\nns: shop\nsize: 1000000\nflags: {}\n",
    "envs/eu/prod/more.json": '[{"name": "one", "ns": "a"}, {"name": "two", "ns": "b", "tags": ["x", "z"]}]',
    "envs/eu/prod/settings.yaml": "",
}
CLUSTERS = """\
apiVersion: v1
kind: Secret
metadata:
  name: cluster-eu
  namespace: argocd
  labels: {argocd.argoproj.io/secret-type: cluster, env: prod, region: eu-west-1}
  annotations: {revision: main}
stringData: {name: Prod_EU, server: "https://eu.example.com"}
---
apiVersion: v1
kind: Secret
metadata:
  name: cluster-dev
  namespace: argocd
  labels: {argocd.argoproj.io/secret-type: cluster, env: dev}
data: {name: ZGV2, server: aHR0cHM6Ly9kZXYuZXhhbXBsZS5jb20=}
"""


def applications(
    generators: str,
    *,
    name: str = "{{ .name }}",
    path: str = "apps/{{ .name }}",
    namespace: str = "{{ .name }}",
    spec: str = "goTemplate: true",
    patch: str = "",
    source: str = "",
) -> str:
    """A set whose template asks for these; texts are put into single quotes."""
    quoted = {key: value.replace("'", "''") for key, value in {"n": name, "p": path, "ns": namespace}.items()}
    template = (
        f"template:\n  metadata: {{name: '{quoted['n']}'}}\n  spec:\n    project: default\n"
        f"    source: {{repoURL: {URL}, targetRevision: main, path: '{quoted['p']}'{source}}}\n"
        f"    destination: {{server: https://kubernetes.default.svc, namespace: '{quoted['ns']}'}}\n"
    )
    if patch:
        template += f"templatePatch: |\n{indent(dedent(patch), '  ')}"
    parts = (dedent(spec).strip("\n") + "\n", f"generators:\n{indent(dedent(generators).strip(), '  ')}\n", template)
    head = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: all, namespace: argocd}\nspec:\n"
    return head + indent("".join(parts), "  ")


TWO = "- list: {elements: [{name: orders, env: prod}, {name: billing, env: dev, ns: money}]}"
FOLDERS = f"- git: {{{GIT}, directories: [{{path: 'apps/*'}}]}}"
PATH = {"path": "{{ .path.path }}"}
FAST = {"spec": ""}

SETS: dict[str, tuple[str, list[tuple[str, str, str | None]]]] = {
    "a list": (applications(TWO), [("billing", "apps/billing", "billing"), ("orders", "apps/orders", "orders")]),
    "a list without Go templates": (applications(TWO, name="{{name}}-{{env}}", path="apps/{{ name }}", namespace="{{name}}", **FAST), [("billing-dev", "apps/billing", "billing"), ("orders-prod", "apps/orders", "orders")]),
    "values of elements without Go templates": (applications("- list: {elements: [{name: a, values: {ns: x}}]}", name="{{name}}", path="apps/{{name}}", namespace="{{values.ns}}", **FAST), [("a", "apps/a", "x")]),
    "elements as YAML": (applications("- list:\n    elementsYaml: |\n      - {name: a, port: 3}\n      - {name: b}", namespace="{{ .name }}-{{ .port }}"), [("a", "apps/a", "a-3"), ("b", "apps/b", "b-<no value>")]),
    "printf": (applications(TWO, namespace='{{ printf "%s-%s" .name .env }}'), [("billing", "apps/billing", "billing-dev"), ("orders", "apps/orders", "orders-prod")]),
    "default and dig": (applications(TWO, namespace='{{ default .name (dig "ns" "" .) }}'), [("billing", "apps/billing", "money"), ("orders", "apps/orders", "orders")]),
    "if and else": (applications(TWO, path='{{ if eq .env "prod" }}live/{{ .name }}{{ else }}test/{{ .name }}{{ end }}'), [("billing", "test/billing", "billing"), ("orders", "live/orders", "orders")]),
    "else if": (applications(TWO, namespace='{{ if eq .env "test" }}t{{ else if eq .env "dev" }}d{{ else }}{{ .env }}{{ end }}'), [("billing", "apps/billing", "d"), ("orders", "apps/orders", "prod")]),
    "with and hasKey": (applications(TWO, namespace='{{ with .ns }}{{ . }}{{ else }}{{ $.env }}{{ end }}{{ if hasKey . "ns" }}-own{{ end }}'), [("billing", "apps/billing", "money-own"), ("orders", "apps/orders", "prod")]),
    "a variable and trim markers": (applications(TWO, namespace='{{- $n := printf "%s-db" .name -}}  {{ $n }}  {{- /* ends */ -}}'), [("billing", "apps/billing", "billing-db"), ("orders", "apps/orders", "orders-db")]),
    "ternary, coalesce and get": (applications(TWO, namespace='{{ ternary "p" "d" (eq .env "prod") }}-{{ coalesce (get . "ns") "none" }}'), [("billing", "apps/billing", "d-money"), ("orders", "apps/orders", "p-none")]),
    "range with an index": (applications("- list: {elements: [{name: a, parts: [x, z]}]}", namespace="{{ range $i, $p := .parts }}{{ if $i }}-{{ end }}{{ $p }}{{ end }}"), [("a", "apps/a", "x-z")]),
    "split and join": (applications("- list: {elements: [{name: shop/orders-db}]}", name='{{ .name | replace "/" "-" }}', path='apps/{{ index (splitList "/" .name) 1 | trimSuffix "-db" }}', namespace='{{ splitList "/" .name | join "-" }}-{{ (split "/" .name)._0 }}'), [("shop-orders-db", "apps/orders", "shop-orders-db-shop")]),
    "slugify, normalize and trunc": (applications("- list: {elements: [{name: My_Very.Long Name of a Team}]}", name="{{ .name | normalize | trunc 12 }}", path="apps", namespace="{{ slugify 15 true .name }}"), [("my-very.long", "apps", "my-very-long")]),
    "regular expressions": (applications("- list: {elements: [{name: pr-12-orders}]}", path='apps/{{ regexReplaceAll "^pr-[0-9]+-(.*)$" .name "${1}" }}', namespace='{{ regexFind "[0-9]+" .name }}'), [("pr-12-orders", "apps/orders", "12")]),
    "numbers of YAML": (applications("- list: {elements: [{name: a, port: 3, big: 1000000, f: 1.5, b: true}]}", namespace="{{ .port }}-{{ .big }}-{{ .f }}-{{ .b }}-{{ int .big }}"), [("a", "apps/a", "3-1e+06-1.5-true-1000000")]),
    "a missing key": (applications(TWO, namespace="{{ .ns }}"), [("billing", "apps/billing", "money"), ("orders", "apps/orders", "<no value>")]),
    "missingkey is zero": (applications(TWO, namespace="{{ .ns }}", spec="goTemplate: true\ngoTemplateOptions: [missingkey=zero]"), [("billing", "apps/billing", "money"), ("orders", "apps/orders", "<no value>")]),
    "missingkey is error": (applications(TWO, namespace="{{ .ns }}", spec="goTemplate: true\ngoTemplateOptions: [missingkey=error]"), []),
    "an int is compared with a number of YAML": (applications("- list: {elements: [{name: a, port: 3}]}", namespace="{{ if eq .port 3 }}x{{ end }}"), []),
    "a function that is none": (applications(TWO, namespace='{{ env "HOME" }}'), []),
    "no parameters": (applications("- list: {elements: [{}]}"), []),
    "folders": (applications(FOLDERS, name="{{ .path.basenameNormalized }}", namespace="{{ index .path.segments 1 }}", **PATH), [("billing", "apps/billing", "billing"), ("old-books", "apps/old_books", "old_books"), ("orders", "apps/orders", "orders")]),
    "folders without Go templates": (applications(FOLDERS, name="{{path.basename}}", path="{{path}}", namespace="{{path[0]}}-{{path.basenameNormalized}}", **FAST), [("billing", "apps/billing", "apps-billing"), ("old_books", "apps/old_books", "apps-old-books"), ("orders", "apps/orders", "apps-orders")]),
    "folders without some": (applications(f"- git: {{{GIT}, directories: [{{path: 'apps/*'}}, {{path: 'apps/old*', exclude: true}}]}}", name="{{ .path.basename }}", namespace="x", **PATH), [("billing", "apps/billing", "x"), ("orders", "apps/orders", "x")]),
    "folders two deep": (applications(f"- git: {{{GIT}, directories: [{{path: 'apps/*/*'}}, {{path: envs/dev}}]}}", name='{{ .path.path | replace "/" "-" }}', namespace="x", **PATH), [("apps-orders-base", "apps/orders/base", "x"), ("envs-dev", "envs/dev", "x")]),
    "a folder with a slash behind": (applications(f"- git: {{{GIT}, directories: [{{path: 'apps/*/'}}]}}", name="{{ .path.basename }}", namespace="x", **PATH), []),
    "files by a pattern": (applications(f"- git: {{{GIT}, files: [{{path: 'envs/**/config.yaml'}}]}}", namespace="{{ .ns }}-{{ .path.basename }}", **PATH), [("dev", "envs/dev", "shop-dev-dev"), ("prod", "envs/eu/prod", "shop-prod")]),
    "files one folder deep": (applications(f"- git: {{{GIT}, files: [{{path: 'envs/*/config.yaml'}}]}}", namespace="{{ .ns }}", **PATH), [("dev", "envs/dev", "shop-dev"), ("prod", "envs/eu/prod", "shop")]),
    "files by a folder": (applications(f"- git: {{{GIT}, files: [{{path: envs/dev}}]}}", namespace="{{ .ns }}", **PATH), [("dev", "envs/dev", "shop-dev")]),
    "files in all folders but the first": (applications(f"- git: {{{GIT}, files: [{{path: '**/config.yaml'}}]}}", namespace="x", **PATH), [("dev", "envs/dev", "x"), ("prod", "envs/eu/prod", "x")]),
    "files without some": (applications(f"- git: {{{GIT}, files: [{{path: 'envs/*.yaml'}}, {{path: '*/settings.yaml', exclude: true}}, {{path: 'envs/dev/*', exclude: true}}]}}", namespace="{{ .ns }}", **PATH), [("prod", "envs/eu/prod", "shop")]),
    "a file with a list": (applications(f"- git: {{{GIT}, files: [{{path: envs/eu/prod/more.json}}]}}", namespace='{{ .ns }}{{ if hasKey . "tags" }}-{{ join "-" .tags }}{{ end }}', **PATH), [("one", "envs/eu/prod", "a"), ("two", "envs/eu/prod", "b-x-z")]),
    "a file without Go templates": (applications(f"- git: {{{GIT}, files: [{{path: envs/dev/config.yaml}}]}}", name="{{name}}", path="{{path}}", namespace="{{ns}}-{{size}}-{{flags.paused}}-{{path.filename}}", **FAST), [("dev", "envs/dev", "shop-dev-1-true-config.yaml")]),
    "an empty file": (applications(f"- git: {{{GIT}, files: [{{path: envs/eu/prod/settings.yaml}}]}}", name="{{ .path.basename }}", namespace="x", **PATH), [("prod", "envs/eu/prod", "x")]),
    "a prefix": (applications(f"- git: {{{GIT}, pathParamPrefix: my, directories: [{{path: 'apps/b*'}}]}}", name="{{ .my.path.basename }}", path="{{ .my.path.path }}", namespace="x"), [("billing", "apps/billing", "x")]),
    "values": (applications(f"- git: {{{GIT}, directories: [{{path: 'apps/*'}}], values: {{ns: 'db-{{{{ .path.basenameNormalized | trunc 5 }}}}'}}}}", name="{{ .path.basenameNormalized }}", namespace="{{ .values.ns }}", **PATH), [("billing", "apps/billing", "db-billi"), ("old-books", "apps/old_books", "db-old-b"), ("orders", "apps/orders", "db-order")]),
    "dig into values": (applications(f"- git: {{{GIT}, directories: [{{path: 'apps/*'}}], values: {{ns: a}}}}", name="{{ .path.basenameNormalized }}", namespace='{{ dig "values" "ns" "x" . }}', **PATH), []),
    "a selector on a list": (applications(TWO + "\n  selector: {matchLabels: {env: prod}}"), [("orders", "apps/orders", "orders")]),
    "a selector on folders": (applications(FOLDERS + "\n  selector: {matchExpressions: [{key: path.basename, operator: NotIn, values: [billing]}]}", name="{{ .path.basenameNormalized }}", namespace="x", **PATH), [("old-books", "apps/old_books", "x"), ("orders", "apps/orders", "x")]),
    "a selector on files": (applications(f"- git: {{{GIT}, files: [{{path: 'envs/**/config.yaml'}}]}}\n  selector: {{matchLabels: {{flags.paused: 'true'}}}}", namespace="x", **PATH), [("dev", "envs/dev", "x")]),
    "a selector that asks whether there is one": (applications(TWO + "\n  selector: {matchExpressions: [{key: ns, operator: Exists}]}"), [("billing", "apps/billing", "billing")]),
    "a matrix": (applications(f"- matrix:\n    generators:\n      {TWO}\n      {FOLDERS}", name="{{ .name }}-{{ .path.basenameNormalized }}", namespace="{{ .env }}", **PATH), [("billing-billing", "apps/billing", "dev"), ("billing-old-books", "apps/old_books", "dev"), ("billing-orders", "apps/orders", "dev"), ("orders-billing", "apps/billing", "prod"), ("orders-old-books", "apps/old_books", "prod"), ("orders-orders", "apps/orders", "prod")]),
    "a matrix whose second asks what the first gives": (applications(f"- matrix:\n    generators:\n      - list: {{elements: [{{env: dev}}, {{env: eu}}]}}\n      - git: {{{GIT}, files: [{{path: 'envs/{{{{ .env }}}}/*.yaml'}}]}}", name="{{ .env }}-{{ .path.basename }}-{{ .path.filenameNormalized }}", namespace="{{ .ns }}", **PATH), [("dev-dev-config.yaml", "envs/dev", "shop-dev"), ("eu-prod-config.yaml", "envs/eu/prod", "shop"), ("eu-prod-settings.yaml", "envs/eu/prod", "<no value>")]),
    "a matrix of the same key": (applications("- matrix: {generators: [{list: {elements: [{name: orders, v: first}]}}, {list: {elements: [{v: second, w: more}]}}]}", namespace="{{ .v }}-{{ .w }}"), [("orders", "apps/orders", "first-more")]),
    "a matrix of the same key without Go templates": (applications("- matrix: {generators: [{list: {elements: [{name: orders, v: first}]}}, {list: {elements: [{v: second}]}}]}", name="{{name}}", path="apps/{{name}}", namespace="{{v}}", **FAST), []),
    "a matrix with values that go through": (applications(f"- matrix:\n    generators:\n      - git: {{{GIT}, directories: [{{path: 'apps/b*'}}]}}\n      - list: {{elements: [{{e: '{{{{ .path.basename }}}}-e'}}]}}", name="{{ .e }}", namespace="{{ .e }}", **PATH), [("billing-e", "apps/billing", "billing-e")]),
    "a matrix in a matrix": (applications(f"- matrix:\n    generators:\n      - matrix: {{generators: [{{list: {{elements: [{{a: '1'}}, {{a: '2'}}]}}}}, {{list: {{elements: [{{b: x}}]}}}}]}}\n      - git: {{{GIT}, directories: [{{path: 'apps/b*'}}]}}", name="{{ .a }}{{ .b }}-{{ .path.basename }}", namespace="{{ .a }}", **PATH), [("1x-billing", "apps/billing", "1"), ("2x-billing", "apps/billing", "2")]),
    "a matrix of three": (applications("- matrix: {generators: [{list: {elements: [{a: x}]}}, {list: {elements: [{b: x}]}}, {list: {elements: [{c: x}]}}]}"), []),
    "a merge": (applications("- merge:\n    mergeKeys: [name]\n    generators:\n      - list: {elements: [{name: orders, ns: a, more: {x: '1', z: '2'}}, {name: billing, ns: b, more: {x: '3'}}]}\n      - list: {elements: [{name: billing, ns: money, more: {x: '9'}}, {name: none}]}", namespace="{{ .ns }}-{{ .more.x }}-{{ .more.z }}"), [("billing", "apps/billing", "money-9-<no value>"), ("orders", "apps/orders", "a-1-2")]),
    "a merge of what is empty": (applications("- merge:\n    mergeKeys: [name]\n    generators:\n      - list: {elements: [{name: orders, ns: a, l: [x]}]}\n      - list: {elements: [{name: orders, ns: '', l: []}]}", namespace="n-{{ .ns }}-{{ len .l }}"), [("orders", "apps/orders", "n--0")]),
    "a merge without Go templates": (applications("- merge:\n    mergeKeys: [name]\n    generators:\n      - list: {elements: [{name: orders, values: {ns: a}}, {name: billing, values: {ns: b}}]}\n      - list: {elements: [{name: billing, values: {ns: money}}]}", name="{{name}}", path="apps/{{name}}", namespace="{{values.ns}}", **FAST), [("billing", "apps/billing", "money"), ("orders", "apps/orders", "a")]),
    "a merge of a matrix": (applications("- merge:\n    mergeKeys: [key]\n    generators:\n      - matrix: {generators: [{list: {elements: [{env: dev}, {env: prod}]}}, {list: {elements: [{key: 'k-{{ .env }}', ns: base}]}}]}\n      - list: {elements: [{key: k-prod, ns: over}]}", name="{{ .key }}", path="apps/orders", namespace="{{ .ns }}"), [("k-dev", "apps/orders", "base"), ("k-prod", "apps/orders", "over")]),
    "a merge with the same key twice": (applications("- merge: {mergeKeys: [name], generators: [{list: {elements: [{name: a}, {name: a}]}}, {list: {elements: []}}]}"), []),
    "a template of the generator": (applications("- list:\n    elements: [{name: orders}]\n    template: {metadata: {}, spec: {project: '', source: {repoURL: '', path: 'live/{{ .name }}'}, destination: {namespace: own}}}"), [("orders", "live/orders", "own")]),
    "a template of one generator of two": (applications("- list:\n    elements: [{name: orders}]\n    template: {metadata: {name: 'own-{{ .name }}'}, spec: {project: '', destination: {}}}\n- list: {elements: [{name: billing}]}"), [("billing", "apps/billing", "billing"), ("own-orders", "apps/orders", "orders")]),
    "a template of a generator inside of another": (applications("- matrix:\n    generators:\n      - list: {elements: [{name: orders}], template: {metadata: {name: lost}, spec: {project: '', destination: {namespace: lost}}}}\n      - list: {elements: [{x: y}]}"), [("orders", "apps/orders", "orders")]),
    "a patch": (applications(TWO, namespace="common", patch="spec:\n  destination:\n    namespace: shop-{{ .env }}\n"), [("billing", "apps/billing", "shop-dev"), ("orders", "apps/orders", "shop-prod")]),
    "a patch under a condition": (applications(TWO, patch='{{- if eq .env "prod" }}\nspec:\n  source:\n    path: live/{{ .name }}\n  destination:\n    namespace: null\n{{- end }}\n'), [("billing", "apps/billing", "billing"), ("orders", "live/orders", None)]),
    "a patch with toYaml": (applications("- list: {elements: [{name: orders, dest: {namespace: deep}}]}", patch="spec:\n  destination:\n    {{- toYaml .dest | nindent 4 }}\n"), [("orders", "apps/orders", "deep")]),
    "a patch that is not YAML": (applications(TWO, patch="spec: [\n"), []),
    "a patch that makes a number a namespace": (applications("- list: {elements: [{name: orders}]}", patch="spec: {destination: {namespace: 5}}\n"), []),
    "clusters of Git": (applications("- clusters: {}", name="{{ .nameNormalized }}", path="apps/orders", namespace="x-{{ .nameNormalized }}"), [("dev", "apps/orders", "x-dev"), ("in-cluster", "apps/orders", "x-in-cluster"), ("prod-eu", "apps/orders", "x-prod-eu")]),
    "clusters by their labels": (applications("- clusters: {selector: {matchLabels: {env: prod}}}", name="{{ .nameNormalized }}", path="apps/{{ .metadata.labels.region }}", namespace='{{ index .metadata.labels "env" }}-{{ .metadata.annotations.revision }}'), [("prod-eu", "apps/eu-west-1", "prod-main")]),
    "clusters without Go templates": (applications("- clusters: {selector: {matchExpressions: [{key: env, operator: In, values: [prod, dev]}]}, values: {ns: 'v-{{name}}'}}", name="{{nameNormalized}}", path="apps/{{metadata.labels.env}}", namespace="{{values.ns}}", **FAST), [("dev", "apps/dev", "v-dev"), ("prod-eu", "apps/prod", "v-Prod_EU")]),
    "clusters as one list": (applications("- clusters: {flatList: true, selector: {matchLabels: {env: dev}}}", name="flat-{{ len .clusters }}", path="apps/{{ (index .clusters 0).name }}", namespace="x"), [("flat-1", "apps/dev", "x")]),
    "a matrix drops what is null in the second": (applications("- matrix: {generators: [{list: {elements: [{name: orders}]}}, {list: {elements: [{more: {x: null, z: '1'}}]}}]}", namespace='{{ hasKey .more "x" }}-{{ .more.z }}'), [("orders", "apps/orders", "false-1")]),
    "a merge in a matrix whose values wait for its own parameters": (applications(f"- matrix:\n    generators:\n      - list: {{elements: [{{env: dev}}]}}\n      - merge:\n          mergeKeys: [name]\n          generators:\n            - git: {{{GIT}, files: [{{path: envs/eu/prod/more.json}}], values: {{w: '{{{{ .path.basename | upper }}}}'}}}}\n            - list: {{elements: []}}", namespace="{{ .env }}-{{ .values.w }}", **PATH), [("one", "envs/eu/prod", "dev-PROD"), ("two", "envs/eu/prod", "dev-PROD")]),
    "two kinds in one item": (applications(TWO + f"\n  git: {{{GIT}, directories: [{{path: 'apps/b*'}}]}}", name='{{ default "g" .name }}', path='apps/{{ default "billing" .name }}', namespace="x"), [("billing", "apps/billing", "x"), ("g", "apps/billing", "x"), ("orders", "apps/orders", "x")]),
    "two of one name": (applications(TWO, name="same"), []),
    "a tag that nothing fills in": (applications(TWO, name="{{name}}", path="apps/{{nothing}}", namespace="x", **FAST), []),
    "a tag that does not end": (applications(TWO, name="{{name}}-{{", path="apps", namespace="x", **FAST), []),
}  # fmt: skip


def made(text: str) -> list[tuple[Any, ...]]:
    found = find_engine_objects({"set.yaml": text, "clusters.yaml": CLUSTERS, **FILES}, remotes=(URL,), revision="main")
    assert all(one.kind == "ApplicationSet" for one in found)
    return sorted(((one.generated, one.folder, one.default_namespace) for one in found if not one.excluded), key=str)


@pytest.mark.parametrize(("text", "expected"), SETS.values(), ids=SETS)
def test_a_set_makes_what_argo_cd_makes(text: str, expected: list[tuple[str, str, str | None]]) -> None:
    assert made(text) == expected
