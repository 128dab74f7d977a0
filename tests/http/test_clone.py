"""Servers that keep a clone of their own: what is theirs alone is the cache, and the push is the commit point."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.team import Team
from tests.http.served import Served, http_client, served

SCALE = "scale_postgres_cluster"


def cluster(name: str) -> str:
    return (
        f"apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {{name: {name}, namespace: shop}}\n"
        f"spec: {{instances: 2, storage: {{size: 1Gi}}}}\n"
    )


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team.of(tmp_path / "team", {f"{name}.yaml": cluster(name) for name in ("db", "a", "b", "c", "d")})


def flags(team: Team, cache: Path) -> tuple[str, ...]:
    return "--repo", team.remote.as_uri(), "--cache-dir", str(cache)


def test_a_change_is_made_without_anybodys_checkout(team: Team, tmp_path: Path) -> None:
    with (
        served(*flags(team, tmp_path / "cache"), env=team.environment, cwd=tmp_path) as server,
        http_client(server.url) as client,
    ):
        done = client.answer(SCALE, name="db", instances=3)
        assert team.branches()[done["branch"]] == done["commit"]
        assert team.changed("main", done["branch"]) == ["1 1 db.yaml"]
        team.merge(done["branch"])
        assert client.answer("get_change", change=done["change"])["state"] == "merged"
        team.commit({"e.yaml": cluster("e")})
        assert client.answer(SCALE, name="e", instances=3)["outcome"] == "committed"


def _cut(clone: Path) -> None:
    for pack in (clone / ".git/objects/pack").glob("*.pack"):
        pack.chmod(0o600)
        os.truncate(pack, 20)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(_cut, id="objects cut off"),
        pytest.param(lambda clone: shutil.rmtree(clone / ".git/objects/pack"), id="objects gone"),
        pytest.param(shutil.rmtree, id="all of it gone"),
        pytest.param(lambda clone: (clone / ".git/HEAD").write_bytes(b"\0" * 41), id="HEAD of zeros"),
    ],
)
def test_a_clone_that_breaks_under_a_server_is_made_anew_before_long(
    team: Team, tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    """The call that meets it may fail, and then nothing is half done."""
    with (
        served(*flags(team, tmp_path / "cache"), env=team.environment, cwd=tmp_path) as server,
        http_client(server.url) as client,
    ):
        client.answer(SCALE, name="db", instances=3)
        (clone,) = [one for one in (tmp_path / "cache").iterdir() if one.is_dir()]
        spoil(clone)
        before = team.branches()
        met = client.call(SCALE, name="a", instances=3)
        assert not met.is_error or team.branches() == before
        assert client.answer(SCALE, name="b", instances=3)["outcome"] == "committed"
        team.git(clone, "fsck", "--no-dangling")


def test_two_replicas_lose_nothing_of_each_other(team: Team, tmp_path: Path) -> None:
    with (
        served(*flags(team, tmp_path / "one"), env=team.environment, cwd=tmp_path) as one,
        served(*flags(team, tmp_path / "two"), env=team.environment, cwd=tmp_path) as two,
        http_client(one.url, "legacy") as first,
        http_client(two.url) as second,
        ThreadPoolExecutor(4) as pool,
    ):
        asked = [
            pool.submit(who.answer, SCALE, name=name, instances=5, change="all")
            for who, name in zip((first, second) * 2, "abcd", strict=True)
        ]
        assert [one.result()["outcome"] for one in asked] == ["committed"] * 4
    assert len(team.commits("main", "gitops-mcp/all")) == 4
    assert team.changed("main", "gitops-mcp/all") == [f"1 1 {name}.yaml" for name in "abcd"]


@pytest.mark.thorough
def test_replicas_that_are_killed_and_started_again_in_turn_lose_nothing(team: Team, tmp_path: Path) -> None:
    """A caller asks again, of whichever replica is there, until it is answered: each write is there once."""
    committed: dict[str, list[str]] = {}

    def write(name: str, ports: list[str]) -> None:
        for instances in (3, 4, 5, 6):
            commit = None
            while commit is None:
                for url in ports if name == "a" else reversed(ports):
                    with suppress(Exception), http_client(url) as client:
                        found = client.answer(
                            SCALE, name=name, instances=instances, change=f"of-{name}", confirm_deletion=True
                        )
                        commit = found.get("commit") or team.branches()[f"gitops-mcp/of-{name}"]
                        break
            committed.setdefault(name, []).append(commit)

    with ThreadPoolExecutor(3) as pool:
        ports: list[str] = ["", ""]
        running = [Served(*flags(team, tmp_path / one), env=team.environment, cwd=tmp_path) for one in ("one", "two")]
        ports[:] = [one.url for one in running]
        asked = [pool.submit(write, name, ports) for name in "abc"]
        for turn in range(4):
            which = turn % 2
            wait(asked, timeout=2)
            running[which].signal(9)
            running[which].wait()
            running[which] = Served(*flags(team, tmp_path / ("one", "two")[which]), env=team.environment, cwd=tmp_path)
            ports[which] = running[which].url
        for one in asked:
            one.result()
        for server in running:
            server.signal(15)
            assert server.wait() == 0
    for name in "abc":
        branch = f"gitops-mcp/of-{name}"
        assert set(committed[name]) <= set(team.commits("main", branch))
        assert b"instances: 6" in (team.file(branch, f"{name}.yaml") or b"")
        assert team.changed("main", branch) == [f"1 1 {name}.yaml"]
    # A replica that is killed while it clones leaves a folder that the next clone takes away.
    places = [place for cache in ("one", "two") for place in (tmp_path / cache).glob("*") if place.is_dir()]
    clones = [place for place in places if ".new-" not in place.name]
    assert len(clones) == 2
    for clone in clones:
        team.git(clone, "fsck", "--no-dangling")


@pytest.mark.parametrize(
    "url",
    [
        "https://me:s3cretpass@git.example.com/fleet.git",
        "https://s3cretpass@git.example.com/fleet.git",
        "https://git.example.com/fleet.git?token=s3cretpass",
        "ssh://git:s3cretpass@git.example.com/fleet.git",
        "git:s3cretpass@git.example.com:fleet.git",
        "http://git.example.com/s3cretpass.git",
        "ext::sh -c s3cretpass",
        "git://git.example.com/s3cretpass",
        "ssh://-oProxyCommand=s3cretpass/x",
        "-u@s3cretpass:x",
    ],
)
def test_an_address_with_credentials_or_another_protocol_ends_the_start_unrepeated(
    team: Team, tmp_path: Path, url: str
) -> None:
    with (
        pytest.raises(RuntimeError, match="it ended with 2") as told,
        served(f"--repo={url}", env=team.environment, cwd=tmp_path),
    ):
        pass
    assert "--repo: expected an address without a password or token" in str(told.value)
    assert "s3cretpass" not in str(told.value)
