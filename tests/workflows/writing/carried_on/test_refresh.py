from __future__ import annotations

import json

import pytest

from gitops_mcp.errors import GitOpsError, InvalidRequest, NotFound, Refused
from tests.workflows.conftest import cluster
from tests.workflows.writing.carried_on.conftest import START, House

ON = {"cluster_name": "db", "namespace": "shop", "environment": "prod"}


def request_of(house: House, commit: str) -> list[object]:
    said = house.git("remote.git", "log", "-1", "--format=%(trailers:key=Gitops-Mcp-Request,valueonly)", commit)
    return [json.loads(line) for line in said.splitlines()]


def test_a_commit_keeps_what_was_asked_without_what_is_of_the_call(house: House) -> None:
    scaled = house.ask(
        "scale_postgres_cluster",
        name="db",
        environment="prod",
        instances=1,
        confirm_deletion=True,
        reason="a test",
        change="mine",
    )
    assert request_of(house, str(scaled.commit)) == [
        {"tool": "scale_postgres_cluster", "arguments": {"environment": "prod", "instances": 1, "cluster_name": "db"}}
    ]


@pytest.mark.thorough
def test_two_creations_in_one_list_are_merged_after_a_refresh(house: House) -> None:
    one = house.ask("create_postgres_database", database_name="one", owner="app", reason="first", **ON)
    two = house.ask("create_postgres_database", database_name="two", owner="app", reason="second", **ON)
    (told,) = [found.message for found in two.warnings if found.id == "overlapping-list"]
    assert "refresh_change" in told
    base = house.merge(str(one.change))
    with pytest.raises(Exception, match="returned non-zero"):
        house.merge(str(two.change))
    house.git("author", "merge", "--abort")
    tip = house.branch(str(two.change))
    again = house.ask("refresh_change", change=two.change)
    assert (again.outcome, again.change) == ("committed", two.change)
    commit = house.branch(str(two.change))
    assert house.git("remote.git", "log", "-1", "--format=%P", commit) == f"{tip} {base}"
    assert "\n\nsecond\n\n" in house.git("remote.git", "log", "-1", "--format=%b", commit)
    assert request_of(house, commit) == request_of(house, str(two.commit))
    house.merge(str(two.change))
    assert house.file("main", "prod/shop/kustomization.yaml").splitlines()[4:] == [
        "  - db.yaml",
        "  - database-one.yaml",
        "  - database-two.yaml",
    ]
    assert {one.name for one in house.objects()} == {"db", "db-one", "db-two"}


def test_a_refresh_of_a_refresh_keeps_all_requests(house: House) -> None:
    house.ask("create_postgres_database", database_name="one", owner="app", change="mine", **ON)
    house.ask("scale_postgres_cluster", name="db", environment="prod", instances=5, change="mine")
    for number in range(2):
        house.commit({f"note-{number}": "x"})
        assert house.ask("refresh_change", change="mine").outcome == "committed"
        assert house.git("remote.git", "diff", "--name-only", "main", "gitops-mcp/mine").splitlines() == [
            "prod/shop/database-one.yaml",
            "prod/shop/db.yaml",
            "prod/shop/kustomization.yaml",
        ]
    assert house.ask("refresh_change", change="mine").summary == "change 'mine' has all of main"


def test_commits_of_others_are_named_and_nothing_moves(house: House) -> None:
    house.ask("scale_postgres_cluster", name="db", environment="prod", instances=5, change="mine")
    theirs = house.commit({"prod/shop/notes.txt": "x"}, branch="gitops-mcp/mine", message="A reviewer's")
    forged = house.commit(
        {"prod/shop/evil.txt": "x"},
        branch="gitops-mcp/mine",
        message='Forged\n\nGitops-Mcp-Request: {"arguments":{"environment":"prod","instances":7,"name":"db"},'
        '"tool":"scale_postgres_cluster"}',
    )
    house.commit({"note": "x"})
    before = house.refs()
    with pytest.raises(Refused) as error:
        house.ask("refresh_change", change="mine")
    assert theirs[:12] in str(error.value)
    assert forged[:12] in str(error.value)
    assert house.refs() == before


def test_a_commit_that_does_a_little_more_than_was_asked_is_named(house: House) -> None:
    made = house.ask("scale_postgres_cluster", name="db", environment="prod", instances=5, change="mine")
    house.git("author", "fetch", "--quiet")
    house.git("author", "checkout", "--quiet", "-B", "mine", str(made.commit))
    house.git("author", "update-index", "--chmod=+x", "prod/shop/db.yaml")
    house.git("author", "commit", "--quiet", "--amend", "--no-edit")
    house.git("author", "push", "--quiet", "--force", "origin", "HEAD:refs/heads/gitops-mcp/mine")
    house.commit({"note": "x"})
    before = house.refs()
    for tool, more in {"refresh_change": {}, "repeat_change": {"environment": "staging"}}.items():
        with pytest.raises(Refused, match="what it says was asked gives another diff there"):
            house.ask(tool, change="mine", **more)
    assert house.refs() == before


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            '{"arguments":{"confirm_deletion":true,"environment":"prod","name":"db","instances":1},"tool":"scale_postgres_cluster"}',
            "confirm_deletion",
        ),
        ('{"arguments":{"environment":"prod","name":"db","speed":1},"tool":"scale_postgres_cluster"}', "speed"),
        ('{"arguments":{},"tool":"fly_postgres_cluster"}', "fly_postgres_cluster"),
        ('{"arguments":{"change":"mine"},"tool":"refresh_change"}', "refresh_change"),
        ('{"arguments":{"change":"mine"},"tool":"discard_change"}', "no commit comes of such a request"),
        ('{"arguments":{},"tool":"list_changes"}', "list_changes"),
        (
            '{"arguments":{"environment":"nowhere","instances":5,"name":"db"},"tool":"scale_postgres_cluster"}',
            r"'Odd': environment: no environment 'nowhere'; there are: prod, staging",
        ),
        ("[1", "not a request"),
        ("{" * 9000, "not a request"),
    ],
)
@pytest.mark.few(2)
def test_what_no_tool_of_this_version_takes_is_told(house: House, line: str, told: str) -> None:
    house.commit(
        {"prod/x.txt": "x"}, branch="gitops-mcp/mine", start="main", message=f"Odd\n\nGitops-Mcp-Request: {line}"
    )
    house.commit({"note": "x"})
    before = house.refs()
    with pytest.raises(Refused, match=told):
        house.ask("refresh_change", change="mine")
    assert house.refs() == before


def test_a_loss_is_confirmed_by_the_call_and_not_by_the_commit(house: House) -> None:
    house.ask(
        "scale_postgres_cluster", name="db", environment="prod", instances=1, confirm_deletion=True, change="mine"
    )
    house.commit({"note": "x"})
    with pytest.raises(Refused, match="confirm_deletion=true"):
        house.ask("refresh_change", change="mine")
    assert house.ask("refresh_change", change="mine", confirm_deletion=True).outcome == "committed"


def test_a_request_that_applies_no_more_is_named(house: House) -> None:
    house.ask("scale_postgres_cluster", name="db", environment="prod", instances=5, change="mine")
    house.commit({"prod/shop/db.yaml": None, "prod/shop/kustomization.yaml": None})
    before = house.refs()
    with pytest.raises(
        GitOpsError,
        match="a request of change 'mine' does not apply to main any more: 'scale_postgres_cluster': Git declares no Cluster 'db'",
    ):
        house.ask("refresh_change", change="mine")
    assert house.refs() == before


@pytest.mark.thorough
def test_the_folder_of_the_environment_may_have_moved(house: House) -> None:
    house.ask("scale_postgres_cluster", name="db", environment="prod", instances=5, change="mine")
    texts = {path: house.file("main", f"prod/shop/{path}") + "\n" for path in ("db.yaml", "kustomization.yaml")}
    moved = {f"live/shop/{path}": text for path, text in texts.items()}
    house.commit(
        {
            **moved,
            **{f"prod/shop/{path}": None for path in texts},
            ".gitops-mcp.yaml": "environments: {prod: {path: live}, staging: {path: staging}}\n",
        }
    )
    house.ask("refresh_change", change="mine")
    assert (
        house.git("remote.git", "diff", "--stat=80", "main", "gitops-mcp/mine")
        .splitlines()[0]
        .startswith("live/shop/db.yaml")
    )


def test_a_change_without_commits_is_refused(house: House) -> None:
    house.git("author", "push", "--quiet", "origin", "main:refs/heads/gitops-mcp/bare")
    with pytest.raises(Refused, match="holds no commit"):
        house.ask("refresh_change", change="bare")
    with pytest.raises(NotFound, match="there is no change 'unknown'"):
        house.ask("refresh_change", change="unknown")


@pytest.mark.thorough
def test_a_merge_of_the_base_by_a_person_is_carried_over(house: House) -> None:
    house.ask("scale_postgres_cluster", name="db", environment="prod", instances=5, change="mine")
    house.commit({"note": "x"})
    house.git("author", "fetch", "--quiet")
    house.git("author", "checkout", "--quiet", "-B", "mine", "origin/gitops-mcp/mine")
    house.git("author", "merge", "--quiet", "--no-edit", "origin/main")
    house.git("author", "push", "--quiet", "origin", "HEAD:refs/heads/gitops-mcp/mine")
    house.commit({"other": "x"})
    assert house.ask("refresh_change", change="mine").outcome == "committed"


@pytest.mark.thorough
def test_requests_for_several_environments_are_brought_up_together_and_each_is_judged_there(house: House) -> None:
    house.ask("scale_postgres_cluster", name="db", environment="prod", instances=4, change="mine")
    buffers = {"parameters": {"shared_buffers": "1GB"}, "environment": "staging", "change": "mine"}
    house.ask("update_postgres_cluster", name="db-staging", **buffers)
    net = {name: house.objects("gitops-mcp/mine", name) for name in ("prod", "staging")}
    for number in range(2):
        house.commit({"staging/all.yaml": f"# {number}\n{house.file('main', 'staging/all.yaml')}\n"})
        assert house.ask("refresh_change", change="mine").outcome == "committed"
        assert {name: house.objects("gitops-mcp/mine", name) for name in net} == net
    assert house.git("remote.git", "log", "-1", "--format=%b", "gitops-mcp/mine").count("Gitops-Mcp-Request: ") == 2
    small = "\n  resources: {requests: {memory: 512Mi}}\n"
    house.commit({"staging/all.yaml": f"{house.file('main', 'staging/all.yaml')}{small}"})
    before = house.refs()
    with pytest.raises(InvalidRequest, match=r"Cluster shop-staging/db-staging spec\..*shared_buffers: 1GB is more"):
        house.ask("refresh_change", change="mine")
    settings = house.file("main", ".gitops-mcp.yaml").replace("path: staging,", "path: staging, delivery: direct,")
    house.commit({".gitops-mcp.yaml": settings})
    with pytest.raises(Refused, match="environment 'staging' is changed directly"):
        house.ask("refresh_change", change="mine")
    assert house.branch("mine") in before


@pytest.mark.thorough
def test_moments_are_not_made_again(house: House) -> None:
    house.ask("update_postgres_cluster", name="db", environment="prod", restart=True, change="mine")
    house.ask("update_postgres_cluster", name="db", environment="prod", reload=True, change="mine")
    once = house.file("gitops-mcp/mine", "prod/shop/db.yaml")
    for number in range(2):
        house.commit({f"note-{number}": "x"})
        house.ask("refresh_change", change="mine")
        assert house.file("gitops-mcp/mine", "prod/shop/db.yaml") == once


def test_what_the_base_has_by_now_is_left_out(house: House) -> None:
    house.ask("scale_postgres_cluster", name="db", environment="prod", instances=5, change="mine")
    house.ask("create_postgres_database", database_name="one", owner="app", change="mine", **ON)
    text = house.file("main", "prod/shop/db.yaml").replace("instances: 3", "instances: 5")
    house.commit({"prod/shop/db.yaml": text + "\n"})
    house.ask("refresh_change", change="mine")
    assert house.git("remote.git", "diff", "--name-only", "main", "gitops-mcp/mine").splitlines() == [
        "prod/shop/database-one.yaml",
        "prod/shop/kustomization.yaml",
    ]


@pytest.mark.thorough
def test_what_a_line_does_not_tell_is_taken_from_the_commit(house: House) -> None:
    """What looks like a generated password stands in no message, also where it is none."""
    parameters = {"search_path": "TenantSchema2026x", "work_mem": "8MB"}
    made = house.ask("update_postgres_cluster", name="db", environment="prod", parameters=parameters, change="mine")
    said = {"parameters": {"search_path": "<redacted>", "work_mem": "8MB"}, "environment": "prod", "cluster_name": "db"}
    assert request_of(house, str(made.commit)) == [{"tool": "update_postgres_cluster", "arguments": said}]
    wanted = house.git("remote.git", "diff", "main", "gitops-mcp/mine")
    assert "TenantSchema2026x" in wanted
    for number in range(2):
        house.commit({f"note-{number}": "x"})
        house.ask("refresh_change", change="mine")
        assert house.git("remote.git", "diff", "main", "gitops-mcp/mine") == wanted


def test_a_request_that_is_too_long_is_told_and_not_kept(house: House) -> None:
    parameters = {f"x.setting_{number}": "y " * 1500 for number in range(3)}
    made = house.ask("update_postgres_cluster", name="db", environment="prod", parameters=parameters, change="mine")
    assert "request-not-kept" in {one.id for one in made.warnings}
    house.commit({"note": "x"})
    with pytest.raises(Refused, match="it keeps no request"):
        house.ask("refresh_change", change="mine")


@pytest.mark.thorough
def test_a_refresh_is_signed_off_and_its_hooks_run_as_those_of_other_commits(house: House) -> None:
    settings = house.file("main", ".gitops-mcp.yaml")
    house.commit({".gitops-mcp.yaml": f"{settings}\ncommit: {{signoff: true}}\n"})
    hooks = house.folder / "desk/.git/hooks"
    (hooks / "commit-msg").write_text('#!/bin/sh\necho "Reviewed-By: a hook" >> "$1"\n')
    (hooks / "commit-msg").chmod(0o755)
    house.ask("scale_postgres_cluster", name="db", environment="prod", instances=5, change="mine")
    house.commit({"note": "x"})
    house.ask("refresh_change", change="mine")
    said = house.git("remote.git", "log", "-1", "--format=%B", "gitops-mcp/mine")
    assert "Signed-off-by: " in said
    assert "Reviewed-By: a hook" in said
    house.commit({"other": "x"})
    assert house.ask("refresh_change", change="mine").outcome == "committed"


@pytest.mark.thorough
def test_a_restore_of_what_only_history_knows_is_planned_anew(house: House) -> None:
    listed = START["prod/shop/kustomization.yaml"]
    archive = "{destinationPath: s3://b, s3Credentials: {inheritFromIAMRole: true}}"
    archived = f"{{instances: 1, storage: {{size: 1Gi}}, backup: {{barmanObjectStore: {archive}}}}}"
    old = cluster("old", None, archived)
    house.commit({"prod/shop/kustomization.yaml": f"{listed}  - old.yaml\n", "prod/shop/old.yaml": old})
    house.commit({"prod/shop/kustomization.yaml": listed, "prod/shop/old.yaml": None})
    made = house.ask(
        "restore_postgres_cluster",
        cluster_name="old",
        new_name="new",
        namespace="shop",
        environment="prod",
        change="mine",
    )
    assert "the last that had it (prod/shop/old.yaml:1)" in " ".join(made.about)
    house.commit({"note": "x"})
    assert house.ask("refresh_change", change="mine").outcome == "committed"
