"""What is said of an ApplicationSet besides the Applications: what is not known, and which folders wait for it."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.budget import build_budget
from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.engines.declared import find_engine_objects
from gitops_mcp.domain.engines.source_url import NotEvaluated
from gitops_mcp.domain.live.engine_states.applier import name_in_git
from tests.domain.engines.applicationsets.test_sets import (
    CLUSTERS,
    FAST,
    FILES,
    FOLDERS,
    GIT,
    PATH,
    TWO,
    URL,
    applications,
)

SELECTED = "- clusters: {selector: {matchLabels: {env: prod}}}"
NO_CLUSTERS = "which clusters Argo CD knows is not in Git"


def all_of(text: str, **more: str) -> tuple[EngineObject, ...]:
    return find_engine_objects({"set.yaml": text, **FILES, **more}, remotes=(URL,), revision="main")


def test_what_a_set_makes_stands_where_the_set_does_and_is_no_guess() -> None:
    first, second = all_of(applications(TWO))
    assert (first.engine, first.kind, first.namespace, first.name) == ("argocd", "ApplicationSet", "argocd", "all")
    assert (str(first.place), first.generated, second.generated) == ("set.yaml:1", "orders", "billing")
    assert {one.guess for one in (first, second)} == {None}


UNKNOWN: dict[str, tuple[str, str, str]] = {
    "what is known of no cluster": (applications(SELECTED, path="clusters/{{ .name }}/db"), "clusters", f"set.yaml:12: the folder that it applies is not known: {NO_CLUSTERS}"),
    "what is known of no cluster without Go templates": (applications(SELECTED, path="clusters/{{name}}/db", **FAST), "clusters", f"set.yaml:12: the folder that it applies is not known: {NO_CLUSTERS}"),
    "a plugin": (applications("- plugin: {configMapRef: {name: x}}", path="{{ .dir }}"), "", "set.yaml:12: the folder that it applies is not known: its plugin generator asks what a plugin answers"),
    "repositories of a forge": (applications("- scmProvider: {github: {organization: x}}", path="deploy/{{ .branch }}"), "deploy", "set.yaml:12: the folder that it applies is not known: its scmProvider generator asks which repositories a forge has"),
    "folders of another branch": (applications(f"- git: {{repoURL: {URL}, revision: dev, directories: [{{path: 'apps/*'}}]}}", name="{{ .path.basename }}", **PATH), "apps", "set.yaml:12: the folder that it applies is not known: its git generator cannot be followed: it applies dev, not main"),
    "folders of another repository": (applications("- git: {repoURL: 'https://git.example.com/x.git', directories: [{path: 'apps/*'}]}", name="{{path.basename}}", path="{{path}}", **FAST), "apps", f"set.yaml:12: the folder that it applies is not known: its git generator cannot be followed: it applies https://git.example.com/x.git, another repository than {URL}"),
    "folders that hang on a cluster": (applications(f"- matrix:\n    generators:\n      {SELECTED}\n      - git: {{{GIT}, directories: [{{path: 'clusters/{{{{ .name }}}}/*'}}]}}", name="x", **PATH), "clusters", f"set.yaml:15: the folder that it applies is not known: its git generator cannot be followed: {NO_CLUSTERS}"),
    "a function that is not evaluated": (applications(TWO, path='apps/{{ now | date "2006" }}'), "apps", "set.yaml:12: the folder that it applies is not known: `now` of its template is not evaluated"),
    "a patch that is not known": (applications(TWO, patch="spec:\n  source:\n    path: live/{{ uuidv4 }}\n"), "apps/orders", "set.yaml:14: its templatePatch is not known: `uuidv4` of its template is not evaluated"),
    "a template that fails": (applications(TWO, path="apps/{{ .ns.x }}", spec="goTemplate: true\ngoTemplateOptions: [missingkey=error]"), "apps", 'Argo CD can make none of its Applications, and leaves those that there are as they are: set.yaml:9: there is no "ns", and missingkey is error'),
    "a template that fails in the folders of its generator": (applications(FOLDERS, path='{{ .path.path }}{{ fail "no" }}'), "apps", "Argo CD can make none of its Applications, and leaves those that there are as they are: set.yaml:8: its template says: no"),
    "nothing": (applications("- list: {elements: []}"), "apps", "it makes no Application: its generators give nothing"),
    "two of one name": (applications(TWO, name="same"), "apps/orders", "2 of its Applications have the name same, so Argo CD makes none of them"),
    "an option that is none": (applications(TWO, spec="goTemplate: true\ngoTemplateOptions: [missingkey=never]"), "apps", "Argo CD can make none of its Applications, and leaves those that there are as they are: spec.goTemplateOptions: there is no option missingkey=never"),
    "a file that is not YAML": (applications(f"- git: {{{GIT}, files: [{{path: broken.yaml}}]}}"), "apps", "Argo CD can make none of its Applications, and leaves those that there are as they are: set.yaml:7: broken.yaml is not YAML: line 2: while parsing a flow sequence did not find expected ',' or ']'"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "folder", "reason"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_cannot_be_told_of_a_set_waits_for_it_below_a_folder(text: str, folder: str, reason: str) -> None:
    found = all_of(text, **{"broken.yaml": "[1, 2"})
    assert [(one.folder, one.excluded) for one in found][:1] == [(folder, reason)]
    assert all(isinstance(one.excluded, NotEvaluated) and one.build != "helm" for one in found)


def test_what_follows_another_branch_or_repository_is_excluded_for_that() -> None:
    (behind,) = all_of(applications(SELECTED, path="{{ .name }}").replace("targetRevision: main", "targetRevision: v1"))
    assert (behind.folder, behind.excluded) == ("", "it applies v1, not main")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(applications("- clusters: {}", path="apps/orders", namespace="x"), {"generated": "in-cluster", "default_namespace": "x", "guess": f"{NO_CLUSTERS}; the one that it runs in counts"}, id="the cluster of Argo CD itself"),
        pytest.param(applications(SELECTED, path="apps/orders", namespace="{{ .name }}"), {"generated": None, "default_namespace": None, "guess": NO_CLUSTERS, "why_no_namespace": f"set.yaml:13: {NO_CLUSTERS}"}, id="a namespace by the cluster"),
        pytest.param(applications(SELECTED, path="apps/orders", namespace="db").replace("server: https://kubernetes.default.svc", "server: '{{ .server }}'"), {"default_namespace": "db", "destination": "a cluster that is not known"}, id="a destination by the cluster"),
        pytest.param(applications(SELECTED, path="apps/orders", namespace='{{ default "db" .values.ns }}'), {"default_namespace": None, "why_no_namespace": f"set.yaml:13: {NO_CLUSTERS}"}, id="a default for what is not known"),
        pytest.param(applications(SELECTED.replace("}}}", "}}, values: {ns: db, of: '{{ .name }}'}}"), path="apps/orders", namespace="{{ .values.ns }}"), {"default_namespace": "db"}, id="values beside what is not known"),
        pytest.param(applications(SELECTED, path="apps/orders", namespace='{{ if eq .name "a" }}x{{ else }}y{{ end }}'), {"default_namespace": None}, id="a condition on what is not known"),
        pytest.param(applications(TWO.replace(", {name: billing, env: dev, ns: money}", ""), namespace="{{ now }}"), {"default_namespace": None, "why_no_namespace": "set.yaml:13: `now` of its template is not evaluated"}, id="a namespace by a function that is not evaluated"),
        pytest.param(applications(TWO.replace(", {name: billing, env: dev, ns: money}", ""), name="{{name}}", path="apps/{{name}}", namespace="{{gone}}", **FAST), {"default_namespace": None, "why_no_namespace": "set.yaml:13: no generator gives what '{{gone}}' asks for"}, id="a tag that stays"),
        pytest.param(applications(SELECTED, path="apps/orders", patch="metadata: {labels: {a: '{{ .name }}'}}\n"), {"folder": "apps/orders", "guess": f"{NO_CLUSTERS}; set.yaml:14: its templatePatch is not known: {NO_CLUSTERS}"}, id="a patch that says nothing of where"),
        pytest.param(applications(SELECTED, path="apps/orders", source=", kustomize: {namePrefix: '{{ .name }}-'}"), {"opaque": f"only a part of its source is known: {NO_CLUSTERS}"}, id="a prefix of names"),
        pytest.param(applications(SELECTED, path="apps/orders", source=", kustomize: {commonAnnotations: {of: '{{ .name }}'}}"), {"opaque": None}, id="an annotation"),
        pytest.param(applications("- scmProvider: {}", path="apps/orders").replace(f"source: {{repoURL: {URL}", "source: {repoURL: '{{ .url }}'"), {"excluded": None, "guess": "its scmProvider generator asks which repositories a forge has; which repository it applies is not known: its scmProvider generator asks which repositories a forge has"}, id="any repository"),
        pytest.param(applications(TWO.replace(", {name: billing, env: dev, ns: money}", "") + "\n  selector: {matchLabels: {x: '{{ now }}'}}").replace("elements: [{", "elements: [{x: '{{ now }}', "), {"guess": None}, id="a selector is not a template"),
        pytest.param(applications(SELECTED + "\n  selector: {matchLabels: {name: eu}}", path="apps/orders"), {"guess": f"{NO_CLUSTERS}; whether its selector takes it is not known: {NO_CLUSTERS}"}, id="a selector on what is not known"),
    ],
)  # fmt: skip
def test_what_is_known_of_a_set_is_said_and_the_rest_is_no_text(text: str, expected: dict[str, Any]) -> None:
    (found,) = all_of(text)
    assert {key: getattr(found, key) for key in expected} == expected
    assert found.folder == "apps/orders"
    assert found.excluded is None


def test_how_a_set_syncs_is_said() -> None:
    only = TWO.replace(", {name: billing, env: dev, ns: money}", "")
    (steps,) = all_of(applications(only, spec="goTemplate: true\nstrategy: {type: RollingSync}"))
    assert " ".join(steps.notes) == (
        "ApplicationSet all (set.yaml:1) syncs its Applications step by step (RollingSync): one of a later step waits "
        "until those before it are healthy"
    )
    (kept,) = all_of(applications(only, spec="goTemplate: true\nsyncPolicy: {applicationsSync: create-only}"))
    assert kept.guess == "it makes Applications and changes none that are there (spec.syncPolicy.applicationsSync)"


def test_an_application_whose_name_is_not_known_is_asked_for_by_no_name() -> None:
    (unnamed,) = all_of(applications(SELECTED, path="apps/orders"))
    (named,) = all_of(applications(SELECTED, path="apps/orders"), **{"clusters.yaml": CLUSTERS})
    assert name_in_git(unnamed) is None
    assert str(name_in_git(named)) == "Argo CD Application argocd/Prod_EU"


@pytest.mark.parametrize(
    ("secret", "namespace", "guess"),
    [
        pytest.param("apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nspec: {template: {metadata: {labels: {argocd.argoproj.io/secret-type: cluster, env: prod}}}, encryptedData: {name: AgA=}}", "prod", NO_CLUSTERS, id="sealed"),
        pytest.param("apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nspec: {target: {template: {metadata: {labels: {argocd.argoproj.io/secret-type: cluster, env: prod}}, data: {name: '{{ .n }}', server: '{{ .url }}'}}}}", "prod", NO_CLUSTERS, id="from elsewhere"),
        pytest.param("apiVersion: v1\nkind: Secret\nstringData: {name: 'ENC[AES256_GCM,data:x]', server: 'ENC[AES256_GCM,data:y]'}\nsops: {}", "prod", NO_CLUSTERS, id="by sops"),
    ],
)  # fmt: skip
def test_a_cluster_whose_secret_is_closed_is_known_by_its_labels(secret: str, namespace: str, guess: str) -> None:
    label = "labels: {argocd.argoproj.io/secret-type: cluster, env: prod}"
    text = secret.replace("\nspec", "\nmetadata: {name: a, namespace: argocd}\nspec").replace(
        "\nstringData", f"\nmetadata: {{name: a, {label}}}\nstringData"
    )
    made = applications(SELECTED, path="apps/orders", namespace="{{ .metadata.labels.env }}")
    (found,) = all_of(made, **{"secret.yaml": text})
    assert (found.default_namespace, found.generated, found.guess) == (namespace, None, guess)


def test_each_source_of_an_application_is_one() -> None:
    source = f"source: {{repoURL: {URL}, targetRevision: main, path: 'apps/{{{{ .name }}}}'}}"
    text = applications(TWO)
    assert source in text
    found = all_of(
        text.replace(
            source, f"sources: [{source[8:]}, {{repoURL: {URL}, path: '{{{{ now }}}}'}}, {{repoURL: {URL}, ref: v}}]"
        )
    )
    assert [(one.generated, one.folder, bool(one.excluded)) for one in found] == [
        ("orders", "apps/orders", False), ("orders", "", True), ("billing", "apps/billing", False), ("billing", "", True),
    ]  # fmt: skip


def test_a_folder_counts_whatever_it_holds_and_a_file_that_was_not_read_is_told() -> None:
    files = {"set.yaml": applications(FOLDERS, name="{{ .path.basename }}", namespace="x", **PATH)}
    found = find_engine_objects(files, remotes=(URL,), revision="main", others=("apps/web/deployment.yaml", "a.txt"))
    assert [one.folder for one in found] == ["apps/web"]
    files = {"set.yaml": applications(f"- git: {{{GIT}, files: [{{path: '*.json'}}]}}")}
    (made,) = find_engine_objects(files, remotes=(URL,), revision="main", others=("a.json",))
    assert made.excluded == (
        "which Applications it makes is not known: set.yaml:7: a.json, which a git generator reads, could not be read"
    )


HOSTILE: dict[str, tuple[str, str]] = {
    "counting": ("{{ range until 9999 }}{{ range until 9999 }}x{{ end }}{{ end }}", "its template takes more than 50,000 steps"),
    "growing": ('{{ $x := "aaaaaaaaaa" }}{{ range until 40 }}{{ $x = replace "a" "aaaaaaaaaa" $x }}{{ end }}{{ $x }}', "what its template makes is too long"),
    "repeating": ('{{ repeat 1000000000 "x" }}', "what its template makes is too long"),
    "a list of lists": ("{{ $x := list 1 }}{{ range until 60 }}{{ $x = list $x $x }}{{ end }}{{ toJson $x }}", "its template takes more than 50,000 steps"),
    "a map in itself": ('{{ $x := dict }}{{ $_ := set $x "a" $x }}{{ $x }}', "its template takes more than 50,000 steps"),
    "a deep list": ("{{ $x := list 1 }}{{ range until 5000 }}{{ $x = list $x }}{{ end }}{{ toJson $x }}", "what its template makes is nested too deep"),
    "padding": ('{{ printf "%1000000000d" 1 }}', "what its template makes is too long"),
    "parentheses": (f"{'{{'} {'(' * 5000}1{')' * 5000} {'}}'}", "its template is nested more than 60 deep"),
    "blocks": ("{{ if true }}" * 3000 + "{{ end }}" * 3000, "its template is nested more than 60 deep"),
    "a long list": ('{{ $l := list }}{{ range until 9999 }}{{ $l = append $l "x" }}{{ end }}{{ len $l }}', "its template takes more than 50,000 steps"),
    "counting far": ("{{ len (until 100000) }}", "its template counts to more than 10,000"),
    "a regular expression": ('{{ regexReplaceAll "(x+x+)+y{1000}" (repeat 100000 "x") "x" }}', "a regular expression of its template cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize(("template", "reason"), HOSTILE.values(), ids=HOSTILE)
@pytest.mark.few(3)
def test_a_hostile_template_is_not_evaluated_and_nothing_else_suffers(template: str, reason: str) -> None:
    other = applications(TWO).replace("name: all", "name: other")
    files = {"set.yaml": applications(TWO, namespace=template), "other.yaml": other}
    with build_budget(len(files)):
        found = find_engine_objects(files, remotes=(URL,), revision="main")
    assert [one.default_namespace for one in found if one.name == "other"] == ["orders", "billing"]
    assert {one.why_no_namespace for one in found if one.name == "all"} == {f"set.yaml:13: {reason}"}
