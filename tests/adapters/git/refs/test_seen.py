from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from gitops_mcp.adapters.git.commits import Commit, Patches
from gitops_mcp.adapters.git.lock import hold_lock
from gitops_mcp.adapters.git.refs.seen import SeenChange, SeenChanges, first_seen

COMMIT = Commit("a" * 40, ("b" * 40,), "Scale", "", "Ann <ann@example.com>", "2026-01-01T00:00:00+00:00",
                (("Gitops-Mcp-Change", "one"),), "2026-01-01T00:00:00+00:00")  # fmt: skip
ONE = SeenChange(
    "a" * 40,
    "origin",
    "2026-01-01T00:00:00+00:00",
    former=("c" * 40,),
    start="b" * 40,
    patches=Patches("d" * 40, ("d" * 40,)),
    commits=(COMMIT,),
    files=("db.yaml",),
    objects=("Cluster shop/db",),
    merged="e" * 40,
    why="main holds its last commit",
)


def note(common: Path, changes: dict[str, SeenChange]) -> SeenChanges:
    seen = SeenChanges(common)
    with hold_lock(common, timeout=1) as lock:
        seen.note(lock, changes)
    return seen


def test_what_is_noted_is_read_by_the_next_server(tmp_path: Path) -> None:
    note(tmp_path, {"gitops-mcp/one": ONE})
    found = SeenChanges(tmp_path).read()
    assert found == {"gitops-mcp/one": ONE}
    assert found["gitops-mcp/one"].commits[0].authored == COMMIT.authored
    assert [one.name for one in tmp_path.iterdir()] == ["gitops-mcp-seen.json"]


def test_two_servers_keep_what_either_has_seen(tmp_path: Path) -> None:
    early = SeenChanges(tmp_path)
    assert early.read() == {}
    note(tmp_path, {"gitops-mcp/one": ONE})
    with hold_lock(tmp_path, timeout=1) as lock:
        early.note(lock, {"gitops-mcp/two": ONE})
    assert set(SeenChanges(tmp_path).read()) == {"gitops-mcp/one", "gitops-mcp/two"}


def test_the_last_thousand_are_kept(tmp_path: Path) -> None:
    many = {f"gitops-mcp/n{n}": first_seen(f"{n:040x}", "origin").at(f"{n:040x}", "origin") for n in range(999)}
    note(tmp_path, {"gitops-mcp/old": SeenChange("a" * 40, "origin", "2001-01-01T00:00:00+00:00"), **many})
    assert "gitops-mcp/old" in SeenChanges(tmp_path).read()
    note(tmp_path, {"gitops-mcp/new": first_seen("f" * 40, "origin")})
    found = SeenChanges(tmp_path).read()
    assert (len(found), "gitops-mcp/old" in found, "gitops-mcp/new" in found) == (1000, False, True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"changes": []}',
        '{"changes": {"x": {"tip": 1}}}',
        '{"changes": {"x": 1}}',
        json.dumps({"changes": {"x": {**asdict(ONE), "tip": "--all"}}}),
    ],
)
def test_a_file_that_is_none_of_ours_is_as_none_and_is_replaced(tmp_path: Path, text: str) -> None:
    (tmp_path / "gitops-mcp-seen.json").write_text(text)
    assert SeenChanges(tmp_path).read() == {}
    note(tmp_path, {"gitops-mcp/one": ONE})
    assert json.loads((tmp_path / "gitops-mcp-seen.json").read_text())["changes"]["gitops-mcp/one"]["tip"] == ONE.tip


def test_a_tip_that_moved_keeps_those_before_it(tmp_path: Path) -> None:
    moved = ONE.at("f" * 40, "origin")
    assert (moved.tip, moved.former, moved.start, moved.merged) == ("f" * 40, ("a" * 40, "c" * 40), None, "")
    assert ONE.at(ONE.tip, "origin") is ONE
