"""What changes cost: processes of git, and requests to the API, however many changes and engine objects there are."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from gitops_mcp.app import App
from gitops_mcp.caller import Nobody
from gitops_mcp.config import Flags
from gitops_mcp.workflows.reading.changes.questions import change_detail, page_of_changes
from tests.fakes.api import Answer
from tests.workflows.conftest import Api, Team, cluster, listed, live

CHANGES = 100
ARGO = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications"
CLUSTERS = "/apis/postgresql.cnpg.io/v1/namespaces/shop/clusters"


def processes(caplog: pytest.LogCaptureFixture, app: App, state: str = "open", *, total: int = CHANGES) -> list[str]:
    """The git commands of one listing."""
    _listen(caplog)
    with app.called(Nobody()) as call:
        assert page_of_changes(call, state=state, limit=100, cursor=None).total == total
    return _heard(caplog)


def _listen(caplog: pytest.LogCaptureFixture) -> None:
    caplog.clear()
    caplog.set_level(logging.DEBUG, logger="gitops_mcp.adapters.git.runner")


def _heard(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        one.getMessage().split()[1].removesuffix(":")
        for one in caplog.records
        if one.name == "gitops_mcp.adapters.git.runner"
    ]


def proposed(team: Team, *, merged: bool) -> App:
    """A clone of a remote with many changes, of which each edits a Cluster of its own; the base has moved on."""
    files: dict[str, str | None] = {f"shop/db-{number}.yaml": cluster(f"db-{number}") for number in range(CHANGES)}
    team.commit({"README.md": "Shop\n", **files})
    start = team.git("rev-parse", "main")
    stream, text = [], "spec: {instances: 5}"
    for number in range(CHANGES):
        body = cluster(f"db-{number}").replace("spec: {instances: 3}", text)
        edit = f"M 100644 inline shop/db-{number}.yaml\ndata {len(body)}\n{body}\n"
        said = f"Scale db-{number}\n\nGitops-Mcp-Change: change-{number}\n"
        by = f"committer A <a@example.com> {1_700_000_000 + number} +0000\ndata {len(said)}\n{said}"
        stream.append(f"commit refs/heads/gitops-mcp/change-{number}\n{by}from {start}\n{edit}")
    if merged:
        for number in range(CHANGES):
            body = cluster(f"db-{number}").replace("spec: {instances: 3}", text)
            edit = f"M 100644 inline shop/db-{number}.yaml\ndata {len(body)}\n{body}\n"
            by = f"committer A <a@example.com> {1_700_001_000 + number} +0000\ndata 6\nMerge\n"
            parents = f"from {start}\n" if number == 0 else ""
            stream.append(f"commit refs/heads/trunk\n{by}{parents}merge refs/heads/gitops-mcp/change-{number}\n{edit}")
    team.git("fast-import", "--quiet", given="".join(stream))
    if merged:
        team.git("reset", "--quiet", "--hard", "trunk")
    team.commit({"README.md": "The shop\n"})
    place = team.root.parent / "clone"
    team.git("clone", "--quiet", str(team.root), str(place))
    return App.open(Flags(repo=place))


def test_a_first_listing_of_a_hundred_open_changes_asks_git_as_often_as_one_of_a_few(
    team: Team, caplog: pytest.LogCaptureFixture
) -> None:
    app = proposed(team, merged=False)
    found = processes(caplog, app)
    assert len(found) <= 16, found
    assert sorted(set(found)) == sorted(
        {"version", "rev-parse", "config", "for-each-ref", "fetch", "log", "merge-tree", "diff-tree", "patch-id"}
        | {"cat-file", "ls-remote", "ls-tree", "grep"}
    )
    team.commit({"README.md": "Our shop\n"})
    assert len(processes(caplog, app)) <= 10


@pytest.mark.thorough
def test_without_one_trial_merge_for_all_there_is_one_for_each_and_the_answer_is_the_same(
    team: Team, caplog: pytest.LogCaptureFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = proposed(team, merged=False)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/git").write_text(
        '#!/bin/sh\ncase "$*" in *"merge-tree --stdin"*) echo "unknown option" >&2; exit 129;; esac\n'
        'PATH="${PATH#*:}" exec git "$@"\n'
    )
    (tmp_path / "bin/git").chmod(0o755)
    rows = page_of_changes(app, state="open", limit=100, cursor=None).items
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    old = App.open(Flags(repo=app.flags.repo))
    found = processes(caplog, old)
    assert (found.count("merge-tree"), len(found) <= 16 + CHANGES) == (CHANGES + 1, True)
    assert page_of_changes(old, state="open", limit=100, cursor=None).items == rows


@pytest.mark.thorough
def test_a_first_listing_of_a_hundred_merged_changes_asks_git_and_the_api_as_often_as_one_of_a_few(
    team: Team, api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    app = proposed(team, merged=True)
    api.objects("clusters", listed(*(live(f"db-{number}", instances=5) for number in range(CHANGES))))
    found = processes(caplog, app, "merged")
    assert len(found) <= 16, found
    assert [one for one in api.asked if one.startswith(CLUSTERS)] == [CLUSTERS]
    states = {row.state for row in page_of_changes(app, state="merged", limit=100, cursor=None).items}
    assert states == {"applied"}


def test_one_change_asks_git_seldom_and_less_when_nothing_has_moved(
    team: Team, caplog: pytest.LogCaptureFixture
) -> None:
    team.commit({"db.yaml": cluster()})
    team.git("checkout", "--quiet", "-b", "gitops-mcp/more")
    (team.root / "db.yaml").write_text(cluster(spec="{instances: 5}"))
    team.git("commit", "--quiet", "--all", "--message", "Scale\n\nGitops-Mcp-Change: more")
    team.git("checkout", "--quiet", "main")
    team.git("clone", "--quiet", str(team.root), str(team.root.parent / "clone"))
    app = App.open(Flags(repo=team.root.parent / "clone"))

    def asked(state: str) -> int:
        _listen(caplog)
        with app.called(Nobody()) as call:
            assert change_detail(call, "more", detailed=False).state == state
        return len(_heard(caplog))

    first, again = asked("pushed"), asked("pushed")
    team.merge("gitops-mcp/more")
    merged, merged_again = asked("merged"), asked("merged")
    team.git("branch", "--quiet", "-D", "gitops-mcp/more")
    gone, gone_again = asked("merged"), asked("merged")
    assert (first <= 16, again, merged <= 8, merged_again) == (True, 3, True, 3), (first, merged)
    assert (gone <= 7, gone_again <= 5) == (True, True), (gone, gone_again)


@pytest.mark.parametrize("others", [0, 999])
def test_a_change_costs_four_requests_however_many_engine_objects_there_are(team: Team, api: Api, others: int) -> None:
    team.commit({"db.yaml": cluster()})
    team.git("checkout", "--quiet", "-b", "gitops-mcp/more", "main")
    team.commit({"db.yaml": cluster(spec="{instances: 5}")})
    team.git("checkout", "--quiet", "main")
    team.merge("gitops-mcp/more")
    tip = team.git("rev-parse", "HEAD")
    found = live(instances=5)
    found["status"] |= {"instances": 5, "readyInstances": 5}
    found["metadata"]["annotations"] = {"argocd.argoproj.io/tracking-id": "db:postgresql.cnpg.io/Cluster:shop/db"}
    api.cluster("shop", "db", Answer(200, found))
    applications = [_application(f"other-{number}", tip) for number in range(others)]
    api.answers[f"{ARGO}?limit=500"] = listed(_application("db", tip), *applications)
    api.answers[f"{ARGO}/db"] = Answer(200, _application("db", tip))
    told = change_detail(team.app(), "more", detailed=False)
    assert (told.state, told.engine_revision) == ("healthy", tip)
    assert len(api.asked) <= 4, api.asked
    assert not [one for one in api.requests if "limit=" in one.path]


def _application(name: str, revision: str) -> dict[str, object]:
    source = {"repoURL": "https://forge.example.org/house.git", "path": ".", "targetRevision": "main"}
    return {
        "metadata": {"name": name, "namespace": "argocd"},
        "spec": {"source": source, "project": "default", "syncPolicy": {"automated": {}}},
        "status": {
            "sync": {"status": "Synced", "revision": revision},
            "health": {"status": "Healthy"},
            "operationState": {"phase": "Succeeded", "syncResult": {"revision": revision}},
        },
    }
