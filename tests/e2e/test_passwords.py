"""Passwords by each provider: from the request to a Secret that the operator can use, a new one, and what is left."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyrage
import pytest
import yaml

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object
from gitops_mcp.sandbox.run import World, start_sandbox
from gitops_mcp.sandbox.sealed_secrets import KeyPair
from gitops_mcp.sandbox.store.resources import NAMESPACE
from tests.adapters.git.conftest import CLUSTER, write
from tests.e2e.dev import CONFIGURATION, Dev, dev
from tests.e2e.instants import Ended, Instants, Victims
from tests.e2e.team import Files, Shop, Team, assistant, configuration, ids, look, shop, text, until
from tests.e2e.wire import Wire

FOLDER = "clusters/prod/shop/orders-db"
ON: dict[str, Any] = {"cluster_name": "orders-db"}
WORD: dict[str, Any] = {**ON, "confirm_deletion": True}


@dataclass(frozen=True)
class Safe:
    """A shop, and the age key that its engine decrypts with."""

    shop: Shop
    recipient: str

    def uses(self, provider: str, *, protected: bool = True) -> None:
        """From now on the configuration names it."""
        more: Files = {".sops.yaml": None}
        if provider == "sops":
            more = {".sops.yaml": f"creation_rules:\n  - path_regex: \\.sops\\.yaml$\n    age: {self.recipient}\n"}
        files = {".gitops-mcp.yaml": configuration(f"{{provider: {provider}}}", protected=protected), **more}
        self.shop.team.commit({path: text for path, text in files.items() if self._said(path) != text})

    def _said(self, path: str) -> str | None:
        found = self.shop.team.file("main", path)
        return None if found is None else found.decode()

    def everything_in_git(self) -> bytes:
        return self.shop.team.objects(self.shop.team.remote)


@pytest.fixture(scope="module")
def safe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Safe]:
    place = tmp_path_factory.mktemp("passwords")
    identity = pyrage.x25519.Identity.generate()
    (place / "age.key").write_text(f"{identity}\n")
    with shop(place, {}, age_key=place / "age.key") as here:
        yield Safe(here, str(identity.to_public()))


def is_reconciled(here: Shop, role: str) -> bool:
    seen = here.roles().get(role)
    return seen is not None and seen["state"] == "reconciled"


def forms(password: str) -> tuple[bytes, bytes]:
    return password.encode(), base64.b64encode(password.encode())


def left_in_git(here: Shop, slug: str) -> list[str]:
    """Files of the base that belong to a role."""
    listed = here.team.git(here.team.remote, "ls-tree", "-r", "--name-only", "main", f"{FOLDER}/").splitlines()
    names = [path.removeprefix(f"{FOLDER}/") for path in listed]
    return [name for name in names if f"-{slug}." in name]


@pytest.mark.parametrize(
    ("provider", "role", "slug", "file"),
    [
        pytest.param("external-secrets", "ext {{ }}", "ext", "secret-ext.yaml", id="external-secrets"),
        pytest.param("sealed-secrets", "My Sealed", "my-sealed", "secret-my-sealed.yaml", id="sealed-secrets"),
        pytest.param("sops", 'so"ps', "so-ps", "secret-so-ps.sops.yaml", id="sops"),
    ],
)
@pytest.mark.few(1)
def test_a_password_that_git_holds_sealed(safe: Safe, provider: str, role: str, slug: str, file: str) -> None:
    here = safe.shop
    safe.uses(provider)
    before = len(here.written())
    done = here.applied("create_postgres_role", **ON, role_name=role)
    assert {one["path"].removeprefix(f"{FOLDER}/") for one in done["files"]} == {
        "clusters/prod/shop/kustomization.yaml",
        f"role-{slug}.yaml",
        file,
    }
    until(here.world, lambda: is_reconciled(here, role))
    first = here.password(f"orders-db-{slug}-password", role=role)
    assert here.postgres().roles[role].password is not None

    rotated = here.proposed("update_postgres_role", **ON, role_name=role, rotate_password=True)
    here.team.merge(rotated["branch"])
    moved = provider == "external-secrets"
    secret = f"orders-db-{slug}-password-2" if moved else f"orders-db-{slug}-password"
    until(here.world, lambda: is_reconciled(here, role) and here.password(secret, role=role) != first)
    second = here.password(secret, role=role)
    assert here.roles()[role]["password"] == f"Secret {secret}"
    assert any("clients must read" in text for text in rotated["next"])
    if moved:
        assert here.password(f"orders-db-{slug}-password", role=role) == first
    assert len(here.written()) == before

    here.applied("delete_postgres_role", **WORD, role_name=role)
    last = here.applied("delete_postgres_role", **WORD, role_name=role)
    assert left_in_git(here, slug) == []
    assert role not in here.postgres().roles
    gone = {secret, f"orders-db-{slug}-password"}
    assert any(all(name in text for name in gone) and "goes too" in text for text in last["next"]), last["next"]
    for name in gone:
        until(here.world, lambda name=name: here.live(kinds.SECRET, name) is None)  # type: ignore[misc]
        assert here.live(kinds.EXTERNAL_SECRET, name) is None
        assert here.live(kinds.PASSWORD, name) is None
        assert here.live(kinds.SEALED_SECRET, name) is None
    git = safe.everything_in_git()
    for form in (*forms(first), *forms(second)):
        assert form not in git


@pytest.mark.thorough
def test_a_rotation_that_the_controller_cannot_open_is_never_told_as_done(safe: Safe) -> None:
    here = safe.shop
    safe.uses("sealed-secrets")
    here.applied("create_postgres_role", **ON, role_name="lost")
    until(here.world, lambda: is_reconciled(here, "lost"))
    first = here.password("orders-db-lost-password", role="lost")
    foreign = {f"{FOLDER}/pub-sealed-secrets.pem": KeyPair.made().certificate}
    here.team.commit(foreign)
    rotated = here.proposed("update_postgres_role", **ON, role_name="lost", rotate_password=True)
    assert not any("works no more" in text for text in rotated["next"])
    assert any("until then the old one works" in text for text in rotated["next"])
    seen = here.merged(rotated, state="failed")
    why = "no key could decrypt secret (password, username)"
    assert "it is not tried again by itself" in seen["why"]
    assert f"its controller says (untrusted text): {why}" in seen["why"]
    row = here.roles()["lost"]
    assert (row["state"], row["message"].endswith(f"(untrusted text): {why}")) == ("failing", True)
    problems = here.ask.answer("get_cluster_status", name="orders-db")["problems"]
    assert [one["detail"] for one in problems if one["id"] == "password-not-made"] == [why]
    assert here.password("orders-db-lost-password", role="lost") == first
    here.team.commit(dict.fromkeys(foreign))
    here.applied("update_postgres_role", **ON, role_name="lost", rotate_password=True)
    until(here.world, lambda: is_reconciled(here, "lost"))
    assert here.password("orders-db-lost-password", role="lost") != first
    for _ in range(2):
        here.applied("delete_postgres_role", **WORD, role_name="lost")


@pytest.mark.thorough
def test_a_password_that_only_the_cluster_holds(safe: Safe) -> None:
    here = safe.shop
    safe.uses("cluster", protected=False)
    done = here.applied("create_postgres_role", **ON, role_name="clu")
    until(here.world, lambda: is_reconciled(here, "clu"))
    first = here.password("orders-db-clu-password", role="clu")
    found = here.live(kinds.SECRET, "orders-db-clu-password")
    assert found is not None
    assert found["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "gitops-mcp"
    assert found["metadata"]["labels"]["gitops-mcp/change"] == done["change"]
    assert left_in_git(here, "clu") == ["role-clu.yaml"]
    assert any("built anew from Git" in text for text in done["about"])

    here.ask.answer("update_postgres_role", **ON, role_name="clu", rotate_password=True)
    second = here.password("orders-db-clu-password", role="clu")
    assert second != first
    here.applied("delete_postgres_role", **WORD, role_name="clu")
    last = here.applied("delete_postgres_role", **WORD, role_name="clu")
    assert any("kubectl -n shop delete secret orders-db-clu-password" in text for text in last["next"])
    assert here.password("orders-db-clu-password", role="clu") == second
    git = safe.everything_in_git()
    for form in (*forms(first), *forms(second)):
        assert form not in git

    # Its Secret is in the way of a new role of that name, and is neither written over nor taken away.
    told = here.refused("create_postgres_role", **ON, role_name="clu")
    assert told.startswith("Refused: ")
    assert "orders-db-clu-password" in told
    assert here.password("orders-db-clu-password", role="clu") == second
    again = here.applied(
        "create_postgres_role", **ON, role_name="clu", password_source="existing:orders-db-clu-password"
    )
    until(here.world, lambda: is_reconciled(here, "clu"))
    here.applied("delete_postgres_role", **ON, role_name="clu", drop=False)
    assert again["outcome"] == "committed"


@pytest.mark.thorough
def test_a_password_that_somebody_else_provides(safe: Safe) -> None:
    here = safe.shop
    safe.uses("existing")
    told = here.refused("create_postgres_role", **ON, role_name="theirs")
    assert told.startswith("InvalidRequest: password_source: passwords.provider is 'existing'")
    value = "Provided0by1another2team3in4advance5"
    data = {"username": "theirs", "password": value}
    here.world.store.create(
        kinds.SECRET,
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "vaulted", "namespace": "shop", "labels": {"cnpg.io/reload": "true"}},
            "type": "kubernetes.io/basic-auth",
            "data": {key: base64.b64encode(text.encode()).decode() for key, text in data.items()},
        },
    )
    done = here.applied("create_postgres_role", **ON, role_name="theirs", password_source="existing:vaulted")
    until(here.world, lambda: is_reconciled(here, "theirs"))
    assert "secret-missing" not in ids(done)
    assert any("was not looked into" in text for text in done["next"])
    assert {one["path"].removeprefix(f"{FOLDER}/") for one in done["files"]} == {
        "clusters/prod/shop/kustomization.yaml",
        "role-theirs.yaml",
    }
    assert "data" not in json.dumps(done["about"])
    told = here.refused("update_postgres_role", **ON, role_name="theirs", rotate_password=True)
    assert told.startswith("Refused: nothing in Git makes Secret vaulted")
    here.applied("delete_postgres_role", **WORD, role_name="theirs")
    last = here.applied("delete_postgres_role", **WORD, role_name="theirs")
    assert any(text.startswith("Secret vaulted is not made by Git and stays") for text in last["next"])
    assert here.password("vaulted", role="theirs") == value


def test_what_is_made_for_a_change_goes_when_it_is_discarded(safe: Safe) -> None:
    here = safe.shop
    safe.uses("cluster", protected=False)
    done = here.proposed("create_postgres_role", **ON, role_name="fleeting", change="not-now")
    here.proposed("create_postgres_role", **ON, role_name="passing", change="not-now")
    gone = here.ask.answer("discard_change", change="not-now", confirm_deletion=True)
    assert sorted(text for text in gone["next"] if text.startswith("Removed")) == [
        f"Removed Secret shop/orders-db-{name}-password, which was made for this change"
        for name in ("fleeting", "passing")
    ]
    assert here.live(kinds.SECRET, "orders-db-fleeting-password") is None
    assert here.live(kinds.SECRET, "orders-db-passing-password") is None
    assert done["branch"] not in here.team.branches()


@pytest.mark.thorough
def test_what_somebody_put_in_its_place_stays_when_the_change_is_discarded(safe: Safe) -> None:
    here = safe.shop
    safe.uses("cluster", protected=False)
    here.proposed("create_postgres_role", **ON, role_name="usurped", change="usurped")
    here.world.store.delete(kinds.SECRET, "shop", "orders-db-usurped-password")
    theirs = here.world.store.create(
        kinds.SECRET,
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "orders-db-usurped-password", "namespace": "shop"},
            "data": {"password": base64.b64encode(b"theirs").decode()},
        },
    )
    gone = here.ask.answer("discard_change", change="usurped", confirm_deletion=True)
    (warned,) = [one["message"] for one in gone["warnings"] if one["id"] == "secret-left"]
    assert "was not made by this server" in warned
    assert "kubectl -n shop delete secret orders-db-usurped-password" in warned
    assert here.live(kinds.SECRET, "orders-db-usurped-password") == theirs


@dataclass
class Stage:
    """A repository behind an ssh of ours, an API without an operator, and servers that come and go."""

    world: World
    team: Team
    instants: Instants
    temporary: Path

    def server(self) -> Wire:
        env = self.instants.environment(self.team.environment)
        env |= {"KUBECONFIG": str(self.world.kubeconfig), "TMPDIR": str(self.temporary)}
        return Wire(self.team.checkout, env=env, log=self.team.log)

    @property
    def secrets(self) -> list[Object]:
        return list(self.world.store.list(kinds.SECRET, "shop"))

    @property
    def notes(self) -> list[Path]:
        return list((self.team.checkout / ".git/gitops-mcp-secrets").glob("*"))

    def killed(self, server: Wire, at: str, victims: Victims, **asked: Any) -> Ended:
        try:
            return self.instants.killed(server, "create_postgres_role", at=at, victims=victims, **asked)
        finally:
            server.end()


ASKED: dict[str, Any] = {"cluster_name": "orders", "role_name": "reader", "change": "add-reader"}
BRANCH = "gitops-mcp/add-reader"


@pytest.mark.thorough
def test_with_the_rights_that_are_shipped_a_name_is_not_taken_for_free_and_conditions_are_missed_once(
    tmp_path: Path,
) -> None:
    files: Files = {
        ".gitops-mcp.yaml": configuration("{provider: external-secrets}"),
        "clusters/prod/shop/orders.yaml": CLUSTER,
    }
    team = Team.of(tmp_path / "team", files)
    rules = list(yaml.safe_load_all((Path(__file__).parents[2] / "rbac/read-only.yaml").read_text()))
    with start_sandbox(tmp_path / "world", api_only=True, rules=rules) as world:
        world.store.create(NAMESPACE, {"metadata": {"name": "shop"}})
        world.store.create(kinds.SECRET, {"metadata": {"name": "orders-reader-password", "namespace": "shop"}})
        with assistant(team, kubeconfig=world.kubeconfig) as ask:
            told = text(ask.call("create_postgres_role", cluster_name="orders", role_name="reader", dry_run=True))
    assert "Mind: Whether there is a Secret shop/orders-reader-password already" in told.partition("\n")[0]
    assert "the External Secrets Operator makes it its own, keeps the password that it has" in told.partition("\n")[0]


@contextmanager
def stage(place: Path) -> Iterator[Stage]:
    files: Files = {".gitops-mcp.yaml": configuration("{provider: cluster}"), "clusters/prod/shop/orders.yaml": CLUSTER}
    team = Team.of(place / "team", files)
    team.git(team.checkout, "remote", "set-url", "origin", f"ssh://far{team.remote}")
    write(team.checkout / "notes.txt", "mine\n")
    temporary = place / "temporary"
    temporary.mkdir()
    instants = Instants(place / "instants", config=team.folder / "home/gitconfig")
    with start_sandbox(place / "world", api_only=True) as world:
        world.store.create(
            world.store.resource_for("v1", "Namespace") or pytest.fail("no namespaces"), {"metadata": {"name": "shop"}}
        )
        yield Stage(world, team, instants, temporary)


@pytest.mark.parametrize(
    ("at", "victims", "keeps"),
    [
        pytest.param("begin commit-tree 1", "tree", False, id="after the Secret, before the commit"),
        pytest.param("begin push 1", "tree", False, id="before the push", marks=pytest.mark.thorough),
        pytest.param(
            "far pre-receive refs/heads/gitops-mcp/add-reader", "machine", False, id="while the remote decides"
        ),
        pytest.param("begin push 1", "server", True, id="while a push goes on that lands", marks=pytest.mark.thorough),
        pytest.param("end push 1", "tree", True, id="after the push"),
    ],
)
@pytest.mark.few(1)
def test_a_server_that_is_killed_leaves_a_secret_only_with_the_commit_that_needs_it(
    tmp_path: Path, at: str, victims: Victims, keeps: bool
) -> None:
    with stage(tmp_path) as here, here.server() as server, here.server() as following:
        before = look(here.team.checkout)
        here.killed(server, at, victims, **ASKED)
        assert len(here.secrets) == 1, "killed before there was anything to clean up"
        assert len(here.notes) == 1
        assert (BRANCH in here.team.branches()) == keeps

        listed = following.answer("list_changes")
        assert [one["change"] for one in listed["items"]] == (["add-reader"] if keeps else [])
        assert len(here.secrets) == int(keeps)
        assert here.notes == []
        again = following.answer("create_postgres_role", **ASKED)
        assert again["outcome"] == ("unchanged" if keeps else "committed")
        assert len(here.secrets) == 1
        ours = (".git/gitops-mcp-secrets/", "notes.txt")
        assert {path for path in look(here.team.checkout) if path not in before and not path.startswith(ours)} == set()
        assert not (here.team.checkout / ".git/gitops-mcp-secrets").exists()
        assert list(here.temporary.iterdir()) == []


@pytest.mark.thorough
def test_what_somebody_put_in_the_place_of_a_dead_servers_secret_stays(tmp_path: Path) -> None:
    with stage(tmp_path) as here, here.server() as server, here.server() as following:
        here.killed(server, "begin push 1", "tree", **ASKED)
        (made,) = here.secrets
        here.world.store.delete(kinds.SECRET, "shop", made["metadata"]["name"])
        metadata = {"name": made["metadata"]["name"], "namespace": "shop"}
        theirs = here.world.store.create(kinds.SECRET, {"metadata": metadata, "data": {}})
        following.answer("list_changes")
        assert here.secrets == [theirs]
        assert here.notes == []
        told = following.call("create_postgres_role", **ASKED)
        assert told["isError"]
        assert here.secrets == [theirs]
        assert BRANCH not in here.team.branches()


HOOK = "#!/bin/sh\necho 'not on a Friday: password=hunter2' >&2\nexit 1\n"
LOST = "#!/bin/sh\nkill -9 $PPID\n"


@pytest.mark.parametrize(
    ("hook", "text", "keeps"),
    [
        pytest.param("pre-receive", HOOK, False, id="the remote refuses", marks=pytest.mark.thorough),
        pytest.param("post-receive", LOST, True, id="the answer of a push that landed is lost"),
    ],
)
def test_a_push_that_fails_takes_the_secret_back_unless_it_has_landed(
    tmp_path: Path, hook: str, text: str, keeps: bool
) -> None:
    with stage(tmp_path) as here, here.server() as server:
        path = here.team.remote / "hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        (tmp_path / "instants/far").write_text("")  # its hooks are the remote's own
        told = server.call("create_postgres_role", **ASKED)
        landed = BRANCH in here.team.branches()
        assert landed == keeps
        assert len(here.secrets) == int(keeps)
        assert here.notes == []
        if not keeps:
            assert told["isError"]
            assert "hunter2" not in json.dumps(told)
        path.unlink()
        again = server.answer("create_postgres_role", **ASKED)
        assert again["outcome"] == ("unchanged" if keeps else "committed")
        assert len(here.secrets) == 1


DB: dict[str, Any] = {"cluster_name": "db"}


@contextmanager
def direct(place: Path, provider: str) -> Iterator[Dev]:
    """A Cluster `db` in an environment with direct delivery."""
    said = CONFIGURATION.replace("direct}", f"direct, passwords: {{provider: {provider}}}}}")
    with dev(place, files={".gitops-mcp.yaml": said}, whole=True) as here:
        here.put(kinds.CLUSTER, "db", instances=1, storage={"size": "1Gi"})
        yield here


def password_of(here: Dev, secret: str) -> str:
    found = until(here.world, lambda: here.live(kinds.SECRET, secret))
    return base64.b64decode(found["data"]["password"]).decode()


def dropped(here: Dev, role: str) -> dict[str, Any]:
    """The answer to the last step."""
    here.applied("delete_postgres_role", **DB, role_name=role, confirm_deletion=True)
    return here.applied("delete_postgres_role", **DB, role_name=role, confirm_deletion=True)


@pytest.mark.thorough
def test_direct_delivery_gives_a_role_another_external_secret_and_takes_both_away_with_the_role(tmp_path: Path) -> None:
    with direct(tmp_path, "external-secrets") as here:
        here.applied("create_postgres_role", **DB, role_name="dave")
        first = password_of(here, "db-dave-password")
        rotated = here.applied("update_postgres_role", **DB, role_name="dave", rotate_password=True)
        assert [one.partition(",")[0] for one in rotated["applied"]] == [
            "create Password dev/db-dave-password-2",
            "create ExternalSecret dev/db-dave-password-2",
            "change spec.passwordSecret.name of DatabaseRole dev/db-dave",
        ]
        assert password_of(here, "db-dave-password-2") != first
        assert password_of(here, "db-dave-password") == first

        theirs = here.put(kinds.EXTERNAL_SECRET, "db-dave-password-3", dataFrom=[{"extract": {"key": "dave"}}])
        last = dropped(here, "dave")
        gone = [f"{kind} dev/db-dave-password{n}" for kind in ("ExternalSecret", "Password") for n in ("", "-2")]
        assert {f"delete {one}" for one in gone} < set(last["applied"])
        assert any("Secret db-dave-password, db-dave-password-2 goes too" in text for text in last["next"])
        for kind in (kinds.EXTERNAL_SECRET, kinds.PASSWORD, kinds.SECRET):
            until(here.world, lambda kind=kind: here.live(kind, "db-dave-password") is None)  # type: ignore[misc]
            until(here.world, lambda kind=kind: here.live(kind, "db-dave-password-2") is None)  # type: ignore[misc]
        left = here.live(kinds.EXTERNAL_SECRET, "db-dave-password-3")
        assert left is not None
        assert left["metadata"]["uid"] == theirs["metadata"]["uid"]


@pytest.mark.thorough
def test_direct_delivery_seals_a_new_password_in_the_sealed_secret_that_it_made(tmp_path: Path) -> None:
    with direct(tmp_path, "sealed-secrets") as here:
        here.applied("create_postgres_role", **DB, role_name="sea")
        first = password_of(here, "db-sea-password")
        rotated = here.applied("update_postgres_role", **DB, role_name="sea", rotate_password=True)
        (done,) = rotated["applied"]
        assert done.startswith(
            "change spec.encryptedData.username, spec.encryptedData.password of SealedSecret dev/db-sea"
        )
        until(here.world, lambda: password_of(here, "db-sea-password") != first)
        last = dropped(here, "sea")
        assert "delete SealedSecret dev/db-sea-password" in last["applied"]


@pytest.mark.thorough
def test_direct_delivery_takes_the_secret_that_it_wrote_away_with_its_role_which_can_be_made_again(
    tmp_path: Path,
) -> None:
    with direct(tmp_path, "cluster") as here:
        tried = here.ask.answer("create_postgres_role", **DB, role_name="clu", dry_run=True)
        assert here.live(kinds.SECRET, "db-clu-password") is None
        assert not [one for one in tried["about"] if "was generated" in one or "Secret dev/db-clu-password to" in one]
        done = here.applied("create_postgres_role", **DB, role_name="clu")
        assert done["applied"][0] == "create Secret dev/db-clu-password"
        first = password_of(here, "db-clu-password")

        asked = {**DB, "role_name": "clu", "confirm_deletion": True}
        here.applied("delete_postgres_role", **asked)
        last = here.ask.answer("delete_postgres_role", **asked, dry_run=True)
        assert "Secret db-clu-password goes too, which this server wrote to the API" in last["next"]
        assert here.live(kinds.SECRET, "db-clu-password") is not None
        last = here.applied("delete_postgres_role", **asked)
        assert last["applied"][-1] == "delete Secret dev/db-clu-password"
        assert here.live(kinds.SECRET, "db-clu-password") is None

        until(here.world, lambda: here.live(kinds.DATABASE_ROLE, "db-clu") is None)
        here.applied("create_postgres_role", **DB, role_name="clu")
        assert password_of(here, "db-clu-password") != first


@pytest.mark.thorough
def test_direct_delivery_leaves_a_secret_that_somebody_else_wrote_and_says_so_in_a_dry_run(tmp_path: Path) -> None:
    with direct(tmp_path, "cluster") as here:
        here.put(kinds.SECRET, "db-eve-password", labels={"app.kubernetes.io/managed-by": "gitops-mcp"})
        for tried in (True, False):
            told = here.refused("create_postgres_role", **DB, role_name="eve", dry_run=tried)
            assert told.startswith("Refused: there is a live Secret dev/db-eve-password")
        here.applied("create_postgres_role", **DB, role_name="eve", password_source="existing:db-eve-password")
        last = dropped(here, "eve")
        assert any("makes Secret db-eve-password, so it stays" in text for text in last["next"])
        assert here.live(kinds.SECRET, "db-eve-password") is not None


@pytest.mark.thorough
def test_direct_delivery_does_not_take_over_an_external_secret_of_somebody_elses(tmp_path: Path) -> None:
    with direct(tmp_path, "external-secrets") as here:
        vault = {
            "secretStoreRef": {"name": "vault", "kind": "SecretStore"},
            "data": [{"secretKey": "password", "remoteRef": {"key": "carol"}}],
        }
        theirs = here.put(kinds.EXTERNAL_SECRET, "db-carol-password", manager="kubectl-client-side-apply", **vault)
        told = here.refused("create_postgres_role", **DB, role_name="carol")
        assert told.startswith("Refused: there is a live ExternalSecret dev/db-carol-password that this server did not")
        found = here.live(kinds.EXTERNAL_SECRET, "db-carol-password")
        assert found is not None
        assert (found["spec"], found["metadata"].get("labels")) == (theirs["spec"], None)

        here.applied("create_postgres_role", **DB, role_name="carol", password_source="existing:db-carol-password")
        told = here.refused("update_postgres_role", **DB, role_name="carol", rotate_password=True)
        assert told.startswith("Refused: no object of this server's that could be read makes Secret db-carol-password")
        last = dropped(here, "carol")
        assert any("makes Secret db-carol-password, so it stays" in text for text in last["next"])
        assert here.live(kinds.EXTERNAL_SECRET, "db-carol-password") is not None


@pytest.mark.thorough
def test_direct_delivery_goes_on_with_what_a_request_has_made_that_failed_half_way(tmp_path: Path) -> None:
    with direct(tmp_path, "external-secrets") as here:
        for number, left in ((2, 2), (3, 1)):
            here.wires.cut(number, "before")
            told = here.ask.refusal("create_postgres_role", **DB, role_name=f"half_{number}")
            assert "Repeat the request for what is left" in told
            done = here.applied("create_postgres_role", **DB, role_name=f"half_{number}")
            assert any(one.startswith(f"create DatabaseRole dev/db-half-{number}") for one in done["applied"])
            assert len(done["applied"]) >= left
            password_of(here, f"db-half-{number}-password")
