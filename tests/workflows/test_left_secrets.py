"""The Secret of provider `cluster` and the commit that needs it: both, or neither."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App, Ground
from gitops_mcp.config import Flags
from gitops_mcp.domain import kinds
from gitops_mcp.domain.names import check_change_name
from gitops_mcp.domain.objects import Identity, Object
from gitops_mcp.domain.plans.plan import Plan, SecretWrite
from gitops_mcp.errors import GitOpsError, InvalidRequest, MayArrive, Refused, Unavailable
from gitops_mcp.sandbox.run import World, start_sandbox
from gitops_mcp.sandbox.store.resources import NAMESPACE
from gitops_mcp.workflows.left_secrets import DIRECT, take_back_secrets
from gitops_mcp.workflows.reading.changes.questions import page_of_changes
from gitops_mcp.workflows.writing import roles
from gitops_mcp.workflows.writing.delivery.secrets import write_secrets
from gitops_mcp.workflows.writing.discard import discard_branch
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.workflows.conftest import Team, cluster

CONFIGURATION = "environments: {prod: {path: prod}}\npasswords: {provider: cluster}\n"
REFUSING = '#!/bin/sh\nread -r old new ref\ncase "$1 $ref" in "prepared refs/heads/gitops-mcp/"*) exit 1 ;; esac\n'


@dataclass(frozen=True)
class Here:
    world: World
    team: Team

    def app(self) -> App:
        return App.open(Flags(repo=self.team.root))

    @property
    def secrets(self) -> list[Object]:
        return list(self.world.store.list(kinds.SECRET, "shop"))

    @property
    def notes(self) -> list[Path]:
        return list((self.team.root / ".git/gitops-mcp-secrets").glob("*"))

    def branches(self) -> str:
        return self.team.git("for-each-ref", "refs/heads/gitops-mcp")


@pytest.fixture
def here(team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Here]:
    """A repository without a remote, whose changes are local branches, and an API without an operator."""
    team.commit({".gitops-mcp.yaml": CONFIGURATION, "prod/db.yaml": cluster()})
    with start_sandbox(tmp_path / "world", api_only=True) as world:
        world.store.create(NAMESPACE, {"metadata": {"name": "shop"}})
        monkeypatch.setenv("KUBECONFIG", str(world.kubeconfig))
        yield Here(world, team)


def made(app: App, name: str = "reader", *, change: str = "mine", dry_run: bool = False) -> WriteResult:
    request = WriteRequest("create_postgres_role", None, change=change, dry_run=dry_run)
    return roles.create_role(app, request, roles.WhichRole("db", name, None), {}, password_source="auto", adopt=False)


def rotated(app: App, name: str = "reader", *, change: str = "mine") -> WriteResult:
    request = WriteRequest("update_postgres_role", None, change=change)
    return roles.update_role(app, request, roles.WhichRole("db", name, None), {}, rotate=True)


def request_of(secret: Object) -> str:
    found: str = secret["metadata"]["annotations"]["gitops-mcp/request"]
    return found


def test_the_commit_names_its_secret_and_the_attempt_that_made_it(here: Here) -> None:
    done = made(here.app())
    (secret,) = here.secrets
    assert here.team.git("log", "-1", "--format=%(trailers:key=Gitops-Mcp-Secret,valueonly)", str(done.branch)) == (
        f"prod shop/db-reader-password {request_of(secret)}"
    )
    assert here.notes == []


def test_a_dry_run_makes_no_secret(here: Here) -> None:
    assert made(here.app(), dry_run=True).outcome == "dry_run"
    assert here.secrets == []
    assert here.branches() == ""


def test_a_commit_that_is_refused_takes_its_secret_back(here: Here) -> None:
    hook = here.team.root / ".git/hooks/reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(REFUSING)
    hook.chmod(0o755)
    with pytest.raises(GitOpsError):
        made(here.app())
    assert here.branches() == ""
    assert here.secrets == []
    assert here.notes == []
    hook.unlink()
    assert made(here.app()).outcome == "committed"
    assert len(here.secrets) == 1


def test_a_secret_that_could_not_be_taken_back_is_taken_by_the_next_call_that_may(here: Here) -> None:
    hook = here.team.root / ".git/hooks/reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(REFUSING)
    hook.chmod(0o755)
    here.world.api.deny("delete", "", "secrets")
    with pytest.raises(GitOpsError):
        made(here.app())
    assert len(here.secrets) == 1
    assert len(here.notes) == 1
    app = here.app()
    take_back_secrets(app, app.ground(fetch=True))
    assert (len(here.secrets), len(here.notes)) == (1, 1)
    here.world.api._access._denied.clear()
    take_back_secrets(app, app.ground(fetch=True))
    assert (here.secrets, here.notes) == ([], [])


def test_a_secret_of_that_name_which_somebody_else_made_is_left_as_it_is(here: Here) -> None:
    theirs = here.world.store.create(
        kinds.SECRET, {"metadata": {"name": "db-reader-password", "namespace": "shop"}, "data": {"password": "eA=="}}
    )
    with pytest.raises(Refused, match="there is a live Secret shop/db-reader-password that this server did not make"):
        made(here.app())
    assert here.secrets == [theirs]
    assert here.branches() == ""
    assert here.notes == []


def test_a_password_is_rotated_only_in_a_secret_of_this_servers_making(here: Here) -> None:
    made(here.app())
    (before,) = here.secrets
    assert rotated(here.app()).outcome == "applied"
    (after,) = here.secrets
    assert after["data"]["password"] != before["data"]["password"]
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    here.world.store.merge(
        kinds.SECRET, "shop", "db-reader-password", {"metadata": {"labels": {"app.kubernetes.io/managed-by": None}}}
    )
    (theirs,) = here.secrets
    with pytest.raises(Refused, match="was not made by this server"):
        rotated(here.app())
    assert here.secrets == [theirs]


def test_what_a_server_that_lives_is_about_to_commit_is_not_taken_from_it(here: Here) -> None:
    one, other = here.app(), here.app()
    ground = one.ground(fetch=True)
    environment = ground.settings.environments["prod"]
    plan = Plan("x", Identity("Cluster", "shop", "db"), writes=(write(),))
    with write_secrets(one, ground, environment, plan, change="mine"):
        take_back_secrets(other, other.ground(fetch=True))
        assert len(here.secrets) == 1
        assert len(here.notes) == 1


def write() -> SecretWrite:
    return SecretWrite("create", "shop", "db-reader-password", "reader")


def abandoned(here: Here, ground: Ground, app: App) -> Object:
    """The Secret and the note that a server leaves which dies before its commit."""
    environment = ground.settings.environments["prod"]
    plan = Plan("x", Identity("Cluster", "shop", "db"), writes=(write(),))
    with write_secrets(app, ground, environment, plan, change="mine"):
        (note,) = here.notes
        text = note.read_text()
        (secret,) = here.secrets
    note.parent.mkdir(exist_ok=True)
    note.write_text(text)
    return secret


def test_what_a_dead_server_left_is_taken_back_once_and_only_it(here: Here) -> None:
    app = here.app()
    secret = abandoned(here, app.ground(fetch=True), app)
    bystander = here.world.store.create(
        kinds.SECRET, {"metadata": {"name": "bystander", "namespace": "shop"}, "data": {}}
    )
    assert here.secrets == [bystander, secret]
    take_back_secrets(app, app.ground(fetch=True))
    assert here.secrets == [bystander]
    assert here.notes == []
    take_back_secrets(app, app.ground(fetch=True))
    assert here.secrets == [bystander]


def test_a_secret_of_the_same_name_that_another_attempt_made_stays_when_a_dead_one_is_swept(here: Here) -> None:
    app = here.app()
    abandoned(here, app.ground(fetch=True), app)
    here.world.store.delete(kinds.SECRET, "shop", "db-reader-password")
    (note,) = here.notes
    text = note.read_text()
    note.unlink()
    made(here.app())
    (later,) = here.secrets
    note.parent.mkdir(exist_ok=True)
    note.write_text(text)
    take_back_secrets(app, app.ground(fetch=True))
    assert here.secrets == [later]
    assert here.notes == []


def test_where_nobody_knows_whether_the_commit_arrived_the_secret_stays_until_somebody_does(
    here: Here, tmp_path: Path
) -> None:
    remote = tmp_path / "remote.git"
    here.team.git("init", "--quiet", "--bare", str(remote))
    here.team.git("remote", "add", "origin", str(remote))
    here.team.git("push", "--quiet", "origin", "main")
    here.team.git("remote", "set-head", "origin", "main")
    app = here.app()
    abandoned(here, app.ground(fetch=True), app)
    remote.rename(tmp_path / "away.git")
    later = here.app()
    take_back_secrets(later, later.ground(fetch=True))
    assert (len(here.secrets), len(here.notes)) == (1, 1)
    (tmp_path / "away.git").rename(remote)
    take_back_secrets(later, later.ground(fetch=True))
    assert (here.secrets, here.notes) == ([], [])


def killed_after_commit(here: Here) -> WriteResult:
    """What a server leaves that dies when its commit is published and its note still there."""
    done = made(here.app())
    (secret,) = here.secrets
    fields = ["prod", "shop", secret["metadata"]["name"], request_of(secret)]
    folder = here.team.root / ".git/gitops-mcp-secrets"
    folder.mkdir()
    (folder / f"{request_of(secret)}.json").write_text(json.dumps({"made": fields, "change": done.change}))
    return done


def test_a_secret_that_the_base_names_stays_whatever_became_of_the_commit_that_it_was_made_for(here: Here) -> None:
    done = killed_after_commit(here)
    here.team.merge(str(done.branch), squash=True)
    here.team.git("branch", "-D", str(done.branch))
    app = here.app()
    take_back_secrets(app, app.ground(fetch=True))
    assert (len(here.secrets), len(here.notes)) == (1, 0)


def test_a_secret_that_a_live_role_names_stays_although_git_says_nothing_of_it(here: Here) -> None:
    done = killed_after_commit(here)
    here.team.git("branch", "-D", str(done.branch))
    spec = {"cluster": {"name": "db"}, "name": "reader", "passwordSecret": {"name": "db-reader-password"}}
    role = {"apiVersion": kinds.DATABASE_ROLE.api_version, "kind": kinds.DATABASE_ROLE.kind, "spec": spec}
    here.world.store.create(kinds.DATABASE_ROLE, {**role, "metadata": {"name": "db-reader", "namespace": "shop"}})
    app = here.app()
    take_back_secrets(app, app.ground(fetch=True))
    assert (len(here.secrets), len(here.notes)) == (1, 0)


def test_where_the_live_roles_cannot_be_read_a_secret_stays_until_they_can(here: Here) -> None:
    done = killed_after_commit(here)
    here.team.git("branch", "-D", str(done.branch))
    here.world.api.deny("list", kinds.DATABASE_ROLE.group, kinds.DATABASE_ROLE.plural)
    app = here.app()
    take_back_secrets(app, app.ground(fetch=True))
    assert (len(here.secrets), len(here.notes)) == (1, 1)
    here.world.api._access._denied.clear()
    take_back_secrets(app, app.ground(fetch=True))
    assert (here.secrets, here.notes) == ([], [])


def test_where_the_repository_cannot_be_looked_at_again_after_a_failed_push_the_secret_stays(here: Here) -> None:
    app = here.app()
    ground = app.ground(fetch=True)
    environment = ground.settings.environments["prod"]
    plan = Plan("x", Identity("Cluster", "shop", "db"), writes=(write(),))
    with (  # noqa: PT012 - what happens meanwhile is the point
        pytest.raises(Unavailable, match="the answer was lost"),
        write_secrets(app, ground, environment, plan, change="mine"),
    ):
        here.team.commit({".gitops-mcp.yaml": "nonsense: true\n"})
        raise Unavailable("the answer was lost")
    assert (len(here.secrets), len(here.notes)) == (1, 1)
    here.team.commit({".gitops-mcp.yaml": CONFIGURATION})
    app = here.app()
    take_back_secrets(app, app.ground(fetch=True))
    assert (here.secrets, here.notes) == ([], [])


def test_no_change_can_be_taken_for_direct_delivery() -> None:
    with pytest.raises(InvalidRequest):
        check_change_name(DIRECT)


@pytest.mark.thorough
def test_writers_that_race_for_one_branch_leave_the_secret_of_each_commit_and_no_other(
    here: Here, tmp_path: Path
) -> None:
    remote = tmp_path / "remote.git"
    here.team.git("init", "--quiet", "--bare", str(remote))
    here.team.git("remote", "add", "origin", str(remote))
    here.team.git("push", "--quiet", "origin", "main")
    second = Team(tmp_path / "second")
    here.team.git("clone", "--quiet", str(remote), str(second.root))
    apps = (here.app(), App.open(Flags(repo=second.root)))
    start = threading.Barrier(2)

    def half(which: int) -> None:
        start.wait()
        for number in range(which, 8, 2):
            assert made(apps[which], f"reader_{number}").outcome == "committed"

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(half, (0, 1)))
    log = here.team.git(
        "-C", str(remote), "log", "--format=%(trailers:key=Gitops-Mcp-Secret,valueonly)", "gitops-mcp/mine"
    )
    named = {tuple(line.split(" ")[1:]) for line in log.splitlines() if line}
    live = {(f"shop/{one['metadata']['name']}", request_of(one)) for one in here.secrets}
    assert len(live) == 8
    assert named == live
    assert here.notes == []


def test_a_server_that_only_reads_takes_nothing_back(here: Here) -> None:
    done = killed_after_commit(here)
    here.team.git("branch", "-D", str(done.branch))
    app = App.open(Flags(repo=here.team.root, read_only=True))
    take_back_secrets(app, app.ground(fetch=True))
    page_of_changes(app, state="all", limit=9, cursor=None)
    assert (len(here.secrets), len(here.notes)) == (1, 1)


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"made": [], "change": "x"}',
        '{"made": [1, 2, 3, 4], "change": "x"}',
        '{"made": ["prod", "shop", "x", "y"], "change": {}}',
        '{"made": ["prod", "shop", "x", "y"]}',
        "[" * 50_000 + "}",
        "no json}",
        "\ud800}",
    ],
)
@pytest.mark.few(2)
def test_a_note_that_is_no_note_is_left_and_hinders_nobody(text: str, here: Here) -> None:
    folder = here.team.root / ".git/gitops-mcp-secrets"
    folder.mkdir()
    (folder / "x.json").write_bytes(text.encode(errors="surrogatepass"))
    assert made(here.app()).outcome == "committed"
    assert [path.name for path in here.notes] == ["x.json"]


@pytest.mark.parametrize("kind", ["a link", "a pipe", "a folder"])
@pytest.mark.few(1)
def test_what_is_no_file_among_the_notes_is_passed_over(kind: str, here: Here, tmp_path: Path) -> None:
    folder = here.team.root / ".git/gitops-mcp-secrets"
    folder.mkdir()
    outside = tmp_path / "outside.json"
    outside.write_text('{"made": ["prod", "shop", "x", "y"], "change": "x"}')
    match kind:
        case "a link":
            (folder / "x.json").symlink_to(outside)
        case "a pipe":
            os.mkfifo(folder / "x.json")
        case _:
            (folder / "x.json").mkdir()
    assert made(here.app()).outcome == "committed"
    assert ([path.name for path in here.notes], outside.exists()) == (["x.json"], True)


def test_a_linked_folder_of_notes_is_refused(here: Here, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (here.team.root / ".git/gitops-mcp-secrets").symlink_to(tmp_path / "outside")
    with pytest.raises(Unavailable, match=r"gitops-mcp-secrets: it is a symbolic link"):
        made(here.app())
    assert (list((tmp_path / "outside").iterdir()), here.secrets, here.branches()) == ([], [], "")


@pytest.mark.parametrize("named", ["merged", "live in a role", "live in a Cluster"])
@pytest.mark.few(1)
def test_discarding_keeps_a_secret_that_something_merged_or_live_names(named: str, here: Here) -> None:
    done = made(here.app())
    secret = "db-reader-password"
    role = {"cluster": {"name": "db"}, "name": "reader", "passwordSecret": {"name": secret}}
    match named:
        case "merged":
            # Somebody merged it by hand, with a change of their own beside it: the branch does not look merged.
            here.team.commit({"prod/other.yaml": cluster("other", spec=f"{{superuserSecret: {{name: {secret}}}}}")})
        case "live in a role":
            head = {"apiVersion": kinds.DATABASE_ROLE.api_version, "kind": "DatabaseRole"}
            here.world.store.create(
                kinds.DATABASE_ROLE, {**head, "spec": role, "metadata": {"name": "r", "namespace": "shop"}}
            )
        case _:
            spec = {"instances": 1, "storage": {"size": "1Gi"}, "superuserSecret": {"name": secret}}
            head = {"apiVersion": kinds.CLUSTER.api_version, "kind": "Cluster"}
            here.world.store.create(
                kinds.CLUSTER, {**head, "spec": spec, "metadata": {"name": "db", "namespace": "shop"}}
            )

    discarded = discard_branch(here.app(), str(done.change), confirmed=True, dry_run=False)

    assert len(here.secrets) == 1
    assert [one.message for one in discarded.warnings] == [
        f"Secret shop/{secret} stays: what is live or merged names it"
    ]


def test_discarding_removes_a_secret_that_nothing_else_names(here: Here) -> None:
    done = made(here.app())
    discarded = discard_branch(here.app(), str(done.change), confirmed=True, dry_run=False)
    assert (here.secrets, discarded.warnings) == ([], [])


@pytest.mark.thorough
def test_what_a_push_needs_that_may_still_arrive_stays_until_that_is_over(here: Here, tmp_path: Path) -> None:
    remote = tmp_path / "remote.git"
    here.team.git("init", "--quiet", "--bare", str(remote))
    here.team.git("remote", "add", "origin", str(remote))
    here.team.commit({".gitops-mcp.yaml": f"{CONFIGURATION}timeouts: {{git: 1}}\n"})
    here.team.git("push", "--quiet", "origin", "main")
    here.team.git("remote", "set-head", "origin", "main")
    os.mkfifo(remote / "never")
    hook = remote / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ncat never\n")
    hook.chmod(0o755)
    with pytest.raises(MayArrive) as told:
        made(here.app())
    assert "same request again does what is missing" not in str(told.value)
    assert str(told.value).endswith(
        "may still accept it: list_changes shows whether it did, and Secret shop/db-reader-password, which was made for "
        "it, is kept until that is known: meanwhile the same request goes on with "
        "password_source='existing:db-reader-password'"
    )
    app = here.app()
    take_back_secrets(app, app.ground(fetch=True))
    assert (len(here.secrets), len(here.notes)) == (1, 1)
    hook.unlink()
    (secret,) = here.secrets
    with pytest.raises(Refused, match=r"made for change 'mine'.*say password_source='existing:db-reader-password'"):
        made(here.app())
    which, again = roles.WhichRole("db", "reader", None), WriteRequest("create_postgres_role", None, change="mine")
    existing = "existing:db-reader-password"
    done = roles.create_role(here.app(), again, which, {}, password_source=existing, adopt=False)
    assert (done.outcome, here.secrets) == ("committed", [secret])
    here.team.git("fetch", "--quiet", "origin")
    here.team.git("merge", "--quiet", "--no-edit", f"origin/{done.branch}")
    here.team.git("push", "--quiet", "origin", "main")
    os.utime(here.notes[0], (0, 0))
    take_back_secrets(app, app.ground(fetch=True))
    assert (here.secrets, here.notes) == ([secret], [])
