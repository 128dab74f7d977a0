"""Which commits changed an object as it is built, by whatever file they did that."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from gitops_mcp.answers.history import HistoryRow, ObjectHistory
from gitops_mcp.app import App
from gitops_mcp.caller import Nobody
from gitops_mcp.config import Flags
from gitops_mcp.errors import InvalidRequest, NotFound
from gitops_mcp.server import build_server
from gitops_mcp.workflows.reading.history.page import HistoryQuestion, read_history
from tests.workflows.conftest import Api, Team, application, cluster, listed

Files = Mapping[str, str | None]


def ask(team: Team, of: str = "db", **asked: Any) -> ObjectHistory:
    return read_history(team.app(), HistoryQuestion(of, **asked))


def commit(team: Team, message: str, files: Files) -> str:
    team.commit(files)
    team.git("commit", "--quiet", "--amend", "--allow-empty", "--message", message)
    return team.git("rev-parse", "HEAD")


def steps(answer: ObjectHistory) -> list[tuple[str, str]]:
    """The subject of each commit with what it did."""
    return [(one.subject, _told(one)) for one in answer.items]


def _told(one: HistoryRow) -> str:
    fields = ", ".join(f"{step.field} {step.before} > {step.after}" for step in one.fields)
    return fields or one.action


def publish(team: Team) -> None:
    """To a remote by whose address engine objects know it."""
    remote = team.root.parent / "remote.git"
    team.git("clone", "--quiet", "--bare", str(team.root), str(remote))
    team.git("remote", "add", "origin", "https://git.example.com/fleet.git")
    team.git("config", f"url.{remote}.insteadOf", "https://git.example.com/fleet.git")


def kustomization(*resources: str, **more: str) -> str:
    parts = {"resources": f"[{', '.join(resources)}]", **more}
    return "".join(f"{key}: {value}\n" for key, value in parts.items())


PATCH = """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: db}
spec: {instances: 5}
"""
COMPONENT = """\
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
patches:
  - patch: '[{"op": "replace", "path": "/spec/instances", "value": 7}]'
    target: {kind: Cluster}
"""
FLUX = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: flux-system}
spec:
  path: ./apps
  prune: true
  sourceRef: {kind: GitRepository, name: flux-system}
"""
SUBSTITUTE = FLUX + "  postBuild: {substitute: {SIZE: '%s'}}\n"
FROM = FLUX + "  postBuild: {substituteFrom: [{kind: ConfigMap, name: sizes}]}\n"
SIZES = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: sizes, namespace: flux-system}\ndata: {SIZE: '%s'}\n"
VARIABLE = cluster(spec="{instances: 3, storage: {size: '${SIZE}'}}")
RELEASE = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: cnpg, namespace: shop}
spec: {url: 'https://cloudnative-pg.github.io/charts'}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: db, namespace: shop}
spec:
  chart: {spec: {chart: cluster, version: 0.8.1, sourceRef: {kind: HelmRepository, name: cnpg}}}
  values: {fullnameOverride: db, cluster: {instances: %s}}
"""
SOURCE = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec: {url: 'https://git.example.com/fleet.git', ref: {branch: main}}
"""
ARGO = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: apps, namespace: argocd}
spec:
  source: {repoURL: 'https://git.example.com/fleet.git', path: apps%s}
  destination: {namespace: shop, server: 'https://kubernetes.default.svc'}
"""
NINE = '[{"op": "replace", "path": "/spec/instances", "value": 9}]'
INLINE = f", kustomize: {{patches: [{{target: {{kind: Cluster}}, patch: '{NINE}'}}]}}"
OVERLAY = {
    "base/kustomization.yaml": kustomization("db.yaml"),
    "base/db.yaml": cluster(namespace=None),
    "prod/kustomization.yaml": kustomization("../base", namespace="shop"),
}


@pytest.mark.parametrize(
    ("commits", "told"),
    [
        pytest.param(
            [{"db.yaml": cluster()}, {"db.yaml": cluster(spec="{instances: 5}")}],
            [("1", "spec.instances 3 > 5"), ("0", "created")],
            id="its document",
        ),
        pytest.param(
            [{"db.yaml": cluster()}, {"db.yaml": "# why\n" + cluster()}, {"db.yaml": cluster() + "# end\n"}],
            [("0", "created")],
            id="comments and blanks",
        ),
        pytest.param(
            [OVERLAY, {"base/db.yaml": cluster(namespace=None, spec="{instances: 5}")}],
            [("1", "spec.instances 3 > 5"), ("0", "created")],
            id="a base",
        ),
        pytest.param(
            [
                OVERLAY,
                {"prod/patch.yaml": PATCH},
                {"prod/kustomization.yaml": kustomization("../base", namespace="shop", patches="[{path: patch.yaml}]")},
                {"prod/patch.yaml": PATCH.replace("5", "6")},
                {"prod/patch.yaml": None, "prod/kustomization.yaml": OVERLAY["prod/kustomization.yaml"]},
            ],
            [
                ("4", "spec.instances 6 > 3"),
                ("3", "spec.instances 5 > 6"),
                ("2", "spec.instances 3 > 5"),
                ("0", "created"),
            ],
            id="a patch, before and after it is listed",
        ),
        pytest.param(
            [
                OVERLAY,
                {"parts/ha/kustomization.yaml": COMPONENT},
                {"prod/kustomization.yaml": kustomization("../base", namespace="shop", components="[../parts/ha]")},
                {"parts/ha/kustomization.yaml": COMPONENT.replace("7", "8")},
                {"prod/kustomization.yaml": OVERLAY["prod/kustomization.yaml"]},
                {"parts/ha/kustomization.yaml": COMPONENT},
            ],
            [
                ("4", "spec.instances 8 > 3"),
                ("3", "spec.instances 7 > 8"),
                ("2", "spec.instances 3 > 7"),
                ("0", "created"),
            ],
            id="a component that came and went",
        ),
        pytest.param(
            [
                OVERLAY,
                {"clusters/kustomization.yaml": kustomization("../prod", commonAnnotations="{team: shop}")},
                {"clusters/kustomization.yaml": None},
            ],
            [
                ("2", 'metadata.annotations {"team": "shop"} > None'),
                ("1", 'metadata.annotations None > {"team": "shop"}'),
                ("0", "created"),
            ],
            id="a kustomization beside that built on it for a while",
        ),
        pytest.param(
            [
                {"apps/db.yaml": VARIABLE, "flux/apps.yaml": SUBSTITUTE % "10Gi", "flux/source.yaml": SOURCE},
                {"flux/apps.yaml": SUBSTITUTE % "20Gi"},
                {"flux/apps.yaml": FROM, "flux/sizes.yaml": SIZES % "20Gi"},
                {"flux/sizes.yaml": SIZES % "30Gi"},
            ],
            [("3", "spec.storage.size 20Gi > 30Gi"), ("1", "spec.storage.size 10Gi > 20Gi"), ("0", "created")],
            id="variables of Flux",
        ),
        pytest.param(
            [
                {"apps/kustomization.yaml": kustomization("db.yaml"), "apps/db.yaml": cluster()},
                {"argo/apps.yaml": ARGO % INLINE},
                {"argo/apps.yaml": ARGO % INLINE.replace("9", "11")},
                {"argo/apps.yaml": None},
            ],
            [
                ("3", "spec.instances 11 > 3"),
                ("2", "spec.instances 9 > 11"),
                ("1", "spec.instances 3 > 9"),
                ("0", "created"),
            ],
            id="an Application that patches it, and went",
        ),
        pytest.param(
            [
                {"apps/kustomization.yaml": kustomization("db.yaml"), "apps/db.yaml": cluster()},
                {"argo/apps.yaml": ARGO % ""},
                {"argo/apps.yaml": ARGO % INLINE},
            ],
            [("2", "spec.instances 3 > 9"), ("0", "created")],
            id="an Application that begins to patch it",
        ),
        pytest.param(
            [{"db.yaml": RELEASE % 3}, {"db.yaml": "# more\n" + RELEASE % 3}, {"db.yaml": RELEASE % 5}],
            [("2", "spec.instances 3 > 5"), ("0", "created")],
            id="a value of a chart",
        ),
        pytest.param(
            [
                {"db.yaml": cluster()},
                {"db.yaml": None, "shop/db.yaml": cluster()},
                {
                    "shop/db.yaml": None,
                    "shop/all.yaml": "kind: Namespace\napiVersion: v1\nmetadata: {name: shop}\n---\n"
                    + cluster(spec="{instances: 4}"),
                },
            ],
            [("2", "spec.instances 3 > 4"), ("1", "moved"), ("0", "created")],
            id="a file that moves",
        ),
        pytest.param(
            [
                {"db.yaml": cluster()},
                {"db.yaml": None},
                {"README.md": "here was one\n"},
                {"db.yaml": cluster(spec="{instances: 2}")},
            ],
            [("3", "created"), ("1", "deleted"), ("0", "created")],
            id="an object that is deleted and made again",
        ),
        pytest.param(
            [
                OVERLAY,
                {"prod/kustomization.yaml": kustomization("../base", namespace="shop", images="[")},
                {"prod/kustomization.yaml": kustomization("../base", namespace="shop", commonLabels="{a: b}")},
            ],
            [("2", 'metadata.labels None > {"a": "b"}'), ("0", "created")],
            id="files that could not be built for a while",
        ),
    ],
)
@pytest.mark.few(4)
def test_a_commit_counts_by_what_it_makes_of_the_object(
    team: Team, commits: list[Files], told: list[tuple[str, str]]
) -> None:
    for number, files in enumerate(commits):
        commit(team, str(number), files)
    publish(team)
    assert steps(ask(team)) == told


def test_each_commit_is_told_with_who_made_it_when_and_why(team: Team) -> None:
    commit(team, "Add db", {"db.yaml": cluster()})
    team.commit({"db.yaml": cluster(spec="{instances: 5}")})
    message = (
        "Scale Cluster shop/db to 5\n\nReason: the sale begins, password: hunter22\n\nImpact: none\n\n"
        "Gitops-Mcp-Tool: scale_postgres_cluster\nGitops-Mcp-Change: scale-db\nGitops-Mcp-Impact: none\n"
    )
    who = {"name": "Mona", "email": "mona@example.com", "date": "2026-03-04T05:06:07Z"}
    team.git(
        *("-c", f"user.name={who['name']}", "-c", f"user.email={who['email']}"),
        *("commit", "--quiet", "--amend", "--reset-author", "--message", message),
    )
    row = ask(team).items[0]
    assert (row.commit, row.action) == (team.git("rev-parse", "HEAD"), "changed")
    assert (row.author, row.subject) == ("Mona <mona@example.com>", "Scale Cluster shop/db to 5")
    assert (row.change, row.tool, row.impact) == ("scale-db", "scale_postgres_cluster", "none")
    assert row.reason == "the sale begins, password: <redacted>"
    assert row.committed == team.git("log", "-1", "--format=%cI")
    assert [(one.field, one.before, one.after) for one in row.fields] == [("spec.instances", 3, 5)]


def branch(team: Team, name: str, *commits: tuple[str, Files]) -> list[str]:
    """Commits on a branch that begins where main stands; main is checked out again."""
    team.git("switch", "--quiet", "--create", name)
    made = [commit(team, message, files) for message, files in commits]
    team.git("switch", "--quiet", "main")
    return made


def merge(team: Team, name: str, subject: str) -> str:
    team.git("merge", "--quiet", "--no-ff", "--message", subject, name)
    return team.git("rev-parse", "HEAD")


@pytest.mark.parametrize(
    ("subject", "number"),
    [
        pytest.param("Merge pull request #17 from octo/five", 17, id="GitHub and Bitbucket"),
        pytest.param("Merge pull request 'Scale (#3)' (#17) from five into main", 17, id="Gitea"),
        pytest.param("Merge branch 'five' into 'main'\n\nSee merge request shop/fleet!17", 17, id="GitLab"),
        pytest.param("Merged PR 17: Scale", 17, id="Azure"),
        pytest.param("Merge branch 'five'", None, id="by hand"),
    ],
)
@pytest.mark.few(2)
def test_a_merged_commit_is_told_with_the_merge_that_brought_it(team: Team, subject: str, number: int | None) -> None:
    commit(team, "Add", {"db.yaml": cluster()})
    branch(team, "five", ("Note", {"README.md": "five\n"}), ("Scale", {"db.yaml": cluster(spec="{instances: 5}")}))
    commit(team, "Other", {"other.txt": "other\n"})
    merged = merge(team, "five", subject)
    commit(team, "Other again", {"other.txt": "again\n"})
    answer = ask(team)
    assert steps(answer) == [("Scale", "spec.instances 3 > 5"), ("Add", "created")]
    assert [(one.merged_by, one.pull_request) for one in answer.items] == [(merged, number), (None, None)]


@pytest.mark.parametrize(
    ("subject", "number"),
    [("Scale (#18)", 18), ('Revert "Scale (#18)" (#19)', 19), ('Revert "Scale (#18)"', None), ("Scale", None)],
)
def test_a_squash_says_its_pull_request(team: Team, subject: str, number: int | None) -> None:
    commit(team, subject, {"db.yaml": cluster()})
    assert [(one.merged_by, one.pull_request) for one in ask(team).items] == [(None, number)]


def test_two_branches_that_each_set_a_field_are_told_by_their_own_commits(team: Team) -> None:
    text = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata:\n  name: db\n  namespace: shop\nspec:\n"
    start = text + "  instances: 3\n  logLevel: info\n  imageName: pg:18.1\n  primaryUpdateMethod: switchover\n"
    commit(team, "Add", {"db.yaml": start})
    branch(team, "one", ("One", {"db.yaml": start.replace("3", "5", 1)}))
    branch(team, "two", ("Two", {"db.yaml": start.replace("switchover", "restart")}))
    first, second = merge(team, "one", "Merge one"), merge(team, "two", "Merge two")
    answer = ask(team)
    assert sorted(steps(answer)) == [
        ("Add", "created"),
        ("One", "spec.instances 3 > 5"),
        ("Two", "spec.primaryUpdateMethod switchover > restart"),
    ]
    assert {one.subject: one.merged_by for one in answer.items} == {"One": first, "Two": second, "Add": None}


def test_a_merge_that_changes_the_object_itself_counts(team: Team) -> None:
    commit(team, "Add", {"db.yaml": cluster()})
    branch(team, "five", ("Scale", {"db.yaml": cluster(spec="{instances: 5}")}))
    commit(team, "Six", {"db.yaml": cluster(spec="{instances: 6}")})
    team.git("merge", "--quiet", "--no-ff", "--strategy", "ours", "--no-commit", "five")
    team.commit({"db.yaml": cluster(spec="{instances: 7}")})
    team.git("commit", "--quiet", "--amend", "--message", "Merge five")
    assert steps(ask(team)) == [
        ("Merge five", "spec.instances 6 > 7"),
        ("Six", "spec.instances 3 > 6"),
        ("Scale", "spec.instances 3 > 5"),
        ("Add", "created"),
    ]


def test_a_merge_of_main_into_a_branch_brings_nothing_of_its_own(team: Team) -> None:
    commit(team, "Add", {"db.yaml": cluster()})
    branch(team, "note", ("Note", {"README.md": "one\n"}))
    scaled = commit(team, "Scale", {"db.yaml": cluster(spec="{instances: 5}")})
    team.git("switch", "--quiet", "note")
    merge(team, "main", "Merge main into note")
    team.git("switch", "--quiet", "main")
    merge(team, "note", "Merge note")
    answer = ask(team)
    assert [(one.commit, one.merged_by) for one in answer.items if one.subject == "Scale"] == [(scaled, None)]
    assert [one.subject for one in answer.items] == ["Scale", "Add"]


def test_an_environment_is_followed_to_where_its_folder_was(team: Team) -> None:
    def settings(path: str) -> str:
        return f"environments: {{prod: {{path: {path}}}, dev: {{path: dev}}}}\n"

    other = {"dev/db.yaml": cluster(spec="{instances: 1}"), "dev/kustomization.yaml": kustomization("db.yaml")}
    old = {f"old/prod/{name}": text for name, text in (("kustomization.yaml", kustomization("db.yaml")),)}
    commit(team, "Add", {".gitops-mcp.yaml": settings("old/prod"), **other, **old, "old/prod/db.yaml": cluster()})
    commit(team, "Scale", {"old/prod/db.yaml": cluster(spec="{instances: 4}")})
    team.git("mv", "old", "new")
    commit(team, "Move", {".gitops-mcp.yaml": settings("new/prod")})
    commit(team, "Scale again", {"new/prod/db.yaml": cluster(spec="{instances: 5}")})
    answer = ask(team, environment="prod")
    assert steps(answer) == [
        ("Scale again", "spec.instances 4 > 5"),
        ("Move", "moved"),
        ("Scale", "spec.instances 3 > 4"),
        ("Add", "created"),
    ]
    assert (answer.items[1].moved_from, answer.items[1].declared) == ("old/prod/db.yaml:1", "new/prod/db.yaml:1")


def test_a_folder_that_moves_before_the_settings_follow_is_found_by_its_files(team: Team) -> None:
    commit(team, "Add", {"old/kustomization.yaml": kustomization("db.yaml"), "old/db.yaml": cluster()})
    team.git("mv", "old", "new")
    commit(team, "Move", {})
    commit(team, "Say so", {".gitops-mcp.yaml": "environments: {prod: {path: new}}\n"})
    assert steps(ask(team)) == [("Move", "moved"), ("Add", "created")]


def test_what_is_gone_is_told_with_who_took_it_away(team: Team) -> None:
    commit(team, "Add", {"kustomization.yaml": kustomization("db.yaml", "other.yaml"), "db.yaml": cluster()})
    commit(team, "Other", {"other.yaml": cluster("other")})
    commit(team, "Scale", {"db.yaml": cluster(spec="{instances: 5}")})
    commit(team, "Remove", {"kustomization.yaml": kustomization("other.yaml"), "db.yaml": None})
    answer = ask(team)
    assert steps(answer) == [("Remove", "deleted"), ("Scale", "spec.instances 3 > 5"), ("Add", "created")]
    assert (answer.declared, answer.items[0].moved_from) == (None, "db.yaml:1")
    commit(team, "Forget", {"kustomization.yaml": None, "other.yaml": None})
    assert [one.subject for one in ask(team, "other").items] == ["Forget", "Other"]


def test_what_is_listed_no_more_is_gone_although_its_file_stays(team: Team) -> None:
    files = {"apps/kustomization.yaml": kustomization("a"), "apps/a/kustomization.yaml": kustomization("b.yaml")}
    commit(team, "Add", {**files, "apps/a/b.yaml": cluster(), "flux/apps.yaml": FLUX, "flux/source.yaml": SOURCE})
    commit(team, "Unlist", {"apps/kustomization.yaml": kustomization("c.yaml"), "apps/c.yaml": cluster("c")})
    commit(team, "Later", {"apps/c.yaml": cluster("c", spec="{instances: 5}")})
    publish(team)
    assert steps(ask(team)) == [("Unlist", "deleted"), ("Add", "created")]


def test_what_stays_in_a_folder_whose_kustomization_does_not_list_it_is_gone_meanwhile(team: Team) -> None:
    spaced = {"namespace": "shop"}
    texts = {"db.yaml": cluster("db", None), "o.yaml": cluster("o", None), "left.yaml": cluster("left", None)}
    files = {f"apps/{name}": text for name, text in texts.items()}
    commit(team, "Add", {**files, "apps/kustomization.yaml": kustomization("db.yaml", "o.yaml", **spaced)})
    commit(team, "Take out", {"apps/kustomization.yaml": kustomization("o.yaml", **spaced)})
    commit(team, "Edit what is out", {"apps/db.yaml": cluster("db", None, "{instances: 9}")})
    assert steps(ask(team, namespace="shop")) == [("Take out", "deleted"), ("Add", "created")]
    commit(team, "Take in", {"apps/kustomization.yaml": kustomization("db.yaml", "o.yaml", **spaced)})
    assert steps(ask(team)) == [("Take in", "created"), ("Take out", "deleted"), ("Add", "created")]
    assert steps(ask(team, "left")) == [("Add", "created")], "of what was never listed its file is told"


def test_what_was_applied_for_a_while_by_what_lies_above_it_is_told(team: Team) -> None:
    files = {"apps/kustomization.yaml": kustomization("c.yaml"), "apps/c.yaml": cluster("c"), "apps/db.yaml": cluster()}
    commit(team, "Add", {**files, "flux/apps.yaml": FLUX, "flux/source.yaml": SOURCE})
    commit(team, "List", {"apps/kustomization.yaml": kustomization("c.yaml", "db.yaml")})
    commit(team, "Unlist", {"apps/kustomization.yaml": kustomization("c.yaml")})
    publish(team)
    assert steps(ask(team)) == [("Unlist", "deleted"), ("List", "created")]


POOLER = "apiVersion: postgresql.cnpg.io/v1\nkind: Pooler\nmetadata: {name: rw, namespace: shop}\n"
DATABASE = "apiVersion: postgresql.cnpg.io/v1\nkind: Database\nmetadata: {name: db-books, namespace: shop}\n"


def test_every_kind_has_a_history(team: Team) -> None:
    commit(team, "Add", {"db.yaml": cluster(), "rw.yaml": POOLER + "spec: {cluster: {name: db}, instances: 1}\n"})
    commit(team, "Books", {"books.yaml": DATABASE + "spec: {name: my_books, cluster: {name: db}, owner: a}\n"})
    commit(team, "Owner", {"books.yaml": DATABASE + "spec: {name: my_books, cluster: {name: db}, owner: b}\n"})
    assert steps(ask(team, kind="Pooler")) == [("Add", "created")]
    wanted = [("Owner", "spec.owner a > b"), ("Books", "created")]
    assert steps(ask(team, kind="Database", name="db-books")) == wanted
    assert steps(ask(team, kind="Database", name="my_books")) == wanted


ROLES = "{instances: %s, managed: {roles: [{name: app, login: %s}, {name: clerk, connectionLimit: %s}]}}"


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("spec.instances", [("Scale", "spec.instances 3 > 5"), ("Add", "spec.instances None > 3")]),
        ("spec.managed.roles[clerk].connectionLimit", [("Limit", "spec.managed.roles[clerk].connectionLimit 1 > 2")]),
        ("spec.managed.roles[1].connectionLimit", [("Limit", "spec.managed.roles[clerk].connectionLimit 1 > 2")]),
        ("spec.managed.roles[app]", [("Login", "spec.managed.roles[app].login True > False")]),
        ("metadata.annotations.cnpg.io/hibernation", [("Rest", "metadata.annotations.cnpg.io/hibernation None > on")]),
        ("spec.postgresql.parameters.work_mem", []),
    ],
)
@pytest.mark.few(2)
def test_a_field_is_told_by_who_set_it(team: Team, field: str, told: list[tuple[str, str]]) -> None:
    commit(team, "Add", {"db.yaml": cluster(spec=ROLES % (3, "true", 1))})
    commit(team, "Scale", {"db.yaml": cluster(spec=ROLES % (5, "true", 1))})
    commit(team, "Limit", {"db.yaml": cluster(spec=ROLES % (5, "true", 2))})
    commit(team, "Login", {"db.yaml": cluster(spec=ROLES % (5, "false", 2))})
    note = ", annotations: {cnpg.io/hibernation: 'on'}"
    commit(team, "Rest", {"db.yaml": cluster(spec=ROLES % (5, "false", 2), more=note)})
    answer = ask(team, field=field)
    assert [one for one in steps(answer) if field == "spec.instances" or one[0] != "Add"] == told
    if told:
        assert f"was last set by {answer.items[0].commit[:12]}" in answer.markdown()


def test_secret_values_are_not_told(team: Team) -> None:
    spec = "{instances: 3, externalClusters: [{name: a, connectionParameters: {host: h, password: PASS}}]}"
    commit(team, "Add", {"db.yaml": cluster(spec=spec.replace("PASS", "hunter1"))})
    commit(team, "Change", {"db.yaml": cluster(spec=spec.replace("PASS", "hunter2"))})
    answer = ask(team)
    field = "spec.externalClusters[a].connectionParameters.password"
    assert [(one.before, one.after) for one in answer.items[0].fields if one.field == field] == [
        ("<redacted>", "<redacted>")
    ]
    assert "hunter" not in answer.markdown()
    assert "hunter" not in str(answer.structured())


def test_a_shallow_clone_says_where_its_history_ends(team: Team, tmp_path: Path) -> None:
    commit(team, "Add", {"db.yaml": cluster()})
    commit(team, "Scale", {"db.yaml": cluster(spec="{instances: 4}")})
    last = commit(team, "Note", {"README.md": "x\n"})
    commit(team, "Scale again", {"db.yaml": cluster(spec="{instances: 5}")})
    team.git("clone", "--quiet", "--depth=2", f"file://{team.root}", str(tmp_path / "shallow"))
    answer = ask(Team(tmp_path / "shallow"))
    assert steps(answer) == [("Scale again", "spec.instances 4 > 5")]
    assert answer.ends is not None
    assert f"this clone is shallow and holds nothing before commit {last[:12]}" in answer.ends
    assert "git fetch --unshallow" in answer.ends
    assert answer.ends in answer.markdown()


def test_pages_follow_each_other(team: Team) -> None:
    for number in range(1, 8):
        commit(team, str(number), {"db.yaml": cluster(spec=f"{{instances: {number}}}"), "n.txt": f"{number}\n"})
    first = ask(team, limit=3)
    commit(team, "later", {"db.yaml": cluster(spec="{instances: 50}")})
    second = ask(team, limit=3, cursor=first.cursor)
    third = ask(team, limit=3, cursor=second.cursor)
    assert [[one.subject for one in page.items] for page in (first, second, third)] == [
        ["7", "6", "5"],
        ["4", "3", "2"],
        ["1"],
    ]
    assert third.cursor is None
    assert f"continue with cursor={first.cursor}" in first.markdown()


def test_a_cursor_of_another_question_or_of_a_base_that_was_set_back_is_refused(team: Team) -> None:
    for number in range(1, 4):
        commit(team, str(number), {"db.yaml": cluster(spec=f"{{instances: {number}}}")})
    cursor = ask(team, limit=1).cursor
    with pytest.raises(InvalidRequest, match="cursor: it belongs to a question with other arguments: repeat those"):
        ask(team, limit=1, cursor=cursor, field="spec.instances")
    head = team.git("rev-parse", "HEAD")
    team.git("reset", "--quiet", "--hard", "HEAD~1")
    with pytest.raises(InvalidRequest, match=f"cursor: it goes on from commit {head[:12]}, which main does not hold"):
        ask(team, limit=1, cursor=cursor)
    with pytest.raises(InvalidRequest, match="cursor: it is none of get_history; leave it out to start again"):
        ask(team, cursor="bm90aGluZw")


@pytest.mark.parametrize(
    ("asked", "error", "told"),
    [
        ({"kind": "Clutser"}, InvalidRequest, "kind: 'Clutser' is not a kind of CloudNativePG; there are: Cluster"),
        ({"kind": "Secret"}, InvalidRequest, "kind: 'Secret' is not a kind of CloudNativePG; there are: "),
        ({"field": "spec.instanses"}, InvalidRequest, "field: 'spec.instanses' is not a field of Cluster shop/db"),
        ({"field": "spec.instanses"}, InvalidRequest, "there are: spec.instances"),
        ({"kind": "Database"}, InvalidRequest, "object: say which Database of Cluster 'db', by its metadata.name"),
        ({"kind": "Database", "name": "x"}, NotFound, "Database 'x'"),
        ({"name": "other"}, InvalidRequest, "object: 'other' is not cluster_name 'db'"),
        ({"namespace": "elsewhere"}, NotFound, "no Cluster 'db' in default, namespace elsewhere"),
        ({"namespace": "Bad"}, InvalidRequest, "namespace: 'Bad' is not a namespace"),
    ],
)
@pytest.mark.few(3)
def test_what_is_unknown_is_named_with_what_would_work(
    team: Team, asked: dict[str, str], error: type[Exception], told: str
) -> None:
    commit(team, "Add", {"db.yaml": cluster()})
    with pytest.raises(error) as raised:
        ask(team, **asked)
    assert told in str(raised.value)


def test_a_cluster_that_never_was_is_not_found(team: Team) -> None:
    commit(team, "Add", {"orders.yaml": cluster("orders")})
    with pytest.raises(
        NotFound, match=r"no Cluster 'order' in default.*orders.*no commit of main that names it had it either"
    ):
        ask(team, "order")


def test_what_could_not_be_built_is_passed_over_and_said(team: Team) -> None:
    commit(team, "Add", OVERLAY)
    broken = commit(team, "Break", {"prod/kustomization.yaml": "resources: [../base\n"})
    commit(team, "Mend", {"prod/kustomization.yaml": kustomization("../base", namespace="shop", commonLabels="{a: b}")})
    answer = ask(team)
    assert steps(answer) == [("Mend", 'metadata.labels None > {"a": "b"}'), ("Add", "created")]
    [warning] = answer.warnings
    assert warning.id == "not-built-then"
    assert warning.message.startswith(f"commit {broken[:12]} is passed over, since it could not be built: prod/kust")


def processes(caplog: pytest.LogCaptureFixture, app: App) -> list[str]:
    """The git commands of one call."""
    caplog.clear()
    caplog.set_level(logging.DEBUG, logger="gitops_mcp.adapters.git.runner")
    with app.called(Nobody()) as call:
        read_history(call, HistoryQuestion("db"))
    ran = (one.getMessage() for one in caplog.records if one.name == "gitops_mcp.adapters.git.runner")
    return [one.split()[1].removesuffix(":") for one in ran]


@pytest.mark.thorough
def test_a_page_takes_a_few_processes_however_many_commits_there_are(
    team: Team, caplog: pytest.LogCaptureFixture
) -> None:
    commit(team, "Add", {"db.yaml": cluster(), "other.yaml": cluster("other")})
    app = team.app()
    processes(caplog, app)
    for number in range(40):
        files = {"db.yaml": cluster(spec=f"{{instances: {number}}}"), "other.yaml": cluster("other") + f"# {number}\n"}
        commit(team, f"{number}", files)
    assert processes(caplog, app) == ["config", "for-each-ref", "log", "log", "cat-file"]
    assert processes(caplog, app) == ["config", "for-each-ref"]


def test_what_is_known_of_one_commit_of_the_base_is_not_told_of_another(team: Team) -> None:
    app = team.app()
    commit(team, "Add", {"db.yaml": cluster()})
    assert steps(read_history(app, HistoryQuestion("db"))) == [("Add", "created")]
    commit(team, "Scale", {"db.yaml": cluster(spec="{instances: 5}")})
    told = [("Scale", "spec.instances 3 > 5"), ("Add", "created")]
    assert steps(read_history(app, HistoryQuestion("db"))) == told
    assert steps(read_history(app, HistoryQuestion("db", limit=1))) == told[:1]
    assert steps(read_history(app, HistoryQuestion("db"))) == told


SET = """\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: all, namespace: argocd}
spec:
  goTemplate: true
  generators: [{clusters: {}}]
  template:
    metadata: {name: '{{ .name }}-db'}
    spec:
      source: {repoURL: 'https://forge.example.org/house.git', targetRevision: main, path: 'clusters/{{ .name }}'}
      destination: {server: https://kubernetes.default.svc, namespace: shop}
"""


def test_what_only_a_live_application_explains_is_not_told_once_it_is_gone(team: Team, api: Api) -> None:
    app, of = team.app(), HistoryQuestion("db", namespace="shop")
    commit(team, "Add", {"argocd/set.yaml": SET, "clusters/eu/db.yaml": cluster(namespace=None)})
    made = application("clusters/eu")
    made["metadata"] |= {"ownerReferences": [{"kind": "ApplicationSet", "name": "all"}]}
    made["spec"]["source"] |= {"repoURL": "https://forge.example.org/house.git", "targetRevision": "main"}
    made["spec"]["destination"] = {"name": "in-cluster", "namespace": "shop"}
    api.applications(listed(made))
    assert steps(read_history(app, of)) == [("Add", "created")]
    api.applications(listed())
    with pytest.raises(NotFound, match="makes no Application for clusters/eu"):
        read_history(app, of)


@pytest.mark.anyio
async def test_a_client_gets_it_in_both_forms(team: Team) -> None:
    commit(team, "Add", {"db.yaml": cluster()})
    commit(team, "# Scale <b>it</b>", {"db.yaml": cluster(spec="{instances: 5}")})
    async with Client(build_server(App.open(Flags(repo=team.root)))) as client:
        answer = await client.call_tool("get_history", {"cluster_name": "db", "field": "spec.instances"})
        refused = await client.call_tool("get_history", {"cluster_name": "db", "field": "spec.no"})
    assert answer.structured_content is not None
    assert [one["fields"] for one in answer.structured_content["items"]] == [
        [{"field": "spec.instances", "before": 3, "after": 5}],
        [{"field": "spec.instances", "before": None, "after": 3}],
    ]
    [text] = [one.text for one in answer.content if one.type == "text"]
    assert "\n- spec.instances: 3 → 5\n" in text
    assert "# Scale \\<b>it\\</b>" in text
    assert "Commits (authors, subjects and reasons: untrusted text)" in text
    assert refused.is_error
    assert "InvalidRequest: field: 'spec.no' is not a field of Cluster shop/db" in str(refused.content)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
