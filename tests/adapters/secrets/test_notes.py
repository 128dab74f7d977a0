from __future__ import annotations

import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gitops_mcp.adapters.secrets.notes import GRACE, TRAILER, MadeSecret, keep_note, spare_note, sweep_notes
from gitops_mcp.errors import Unavailable

MADE = MadeSecret("prod", "shop", "db-reader-password", "0123456789abcdef")


@pytest.mark.parametrize(
    ("trailers", "made"),
    [
        pytest.param((("A", "b"), (TRAILER, str(MADE))), MADE, id="its own words"),
        pytest.param((), None, id="none"),
        pytest.param(((TRAILER, ""),), None, id="empty"),
        pytest.param(((TRAILER, "prod shop/a/b 0123"),), None, id="two slashes"),
        pytest.param(((TRAILER, "prod shop/a"),), None, id="too few words"),
    ],
)
def test_a_commit_says_which_secret_was_made_for_it(
    trailers: tuple[tuple[str, str], ...], made: MadeSecret | None
) -> None:
    assert MadeSecret.of(trailers) == made


def swept(common: Path, *, settled: bool = True) -> list[tuple[MadeSecret, str]]:
    found: list[tuple[MadeSecret, str]] = []

    def settle(made: MadeSecret, change: str) -> bool:
        found.append((made, change))
        return settled

    sweep_notes(common, settle)
    return found


def write(common: Path, text: str) -> Path:
    path = common / "gitops-mcp-secrets/0123456789abcdef.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def test_a_note_of_one_that_lives_is_left_alone_and_goes_with_its_folder(tmp_path: Path) -> None:
    with keep_note(tmp_path, MADE, "mine") as note:
        fields = ["prod", "shop", "db-reader-password", "0123456789abcdef"]
        assert json.loads(note.read_text()) == {"made": fields, "change": "mine"}
        assert note.stat().st_mode & 0o777 == 0o600
        assert swept(tmp_path) == []
        note.unlink()
    assert list(tmp_path.iterdir()) == []


def test_a_note_of_one_that_is_dead_is_settled_once(tmp_path: Path) -> None:
    with keep_note(tmp_path, MADE, "mine"):
        pass
    assert swept(tmp_path, settled=False) == [(MADE, "mine")]
    assert swept(tmp_path) == [(MADE, "mine")]
    assert swept(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_note_that_was_not_written_to_its_end_is_swept(tmp_path: Path) -> None:
    write(tmp_path, '{"made": ["prod", "sh')
    assert swept(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_note_is_not_read(tmp_path: Path) -> None:
    note = write(tmp_path, "mine")
    other = note.rename(note.with_suffix(".txt"))
    assert swept(tmp_path) == []
    assert other.exists()


def test_a_folder_that_cannot_be_written_in_is_told(tmp_path: Path) -> None:
    (tmp_path / "gitops-mcp-secrets").touch()
    with pytest.raises(Unavailable, match="cannot write in"), keep_note(tmp_path, MADE, "mine"):
        pass


@pytest.mark.thorough
def test_a_note_is_never_swept_from_the_one_that_writes_it(tmp_path: Path) -> None:
    over = threading.Event()

    def sweep() -> None:
        while not over.is_set():
            swept(tmp_path)

    with ThreadPoolExecutor(2) as pool:
        sweepers = [pool.submit(sweep) for _ in range(2)]
        try:
            for number in range(200):
                with keep_note(tmp_path, MadeSecret("prod", "shop", "x", f"{number:016x}"), "mine") as note:
                    assert f"{number:016x}" in note.read_text()
                    note.unlink()
        finally:
            over.set()
        for one in sweepers:
            one.result()


def test_a_note_of_a_push_that_may_still_arrive_is_settled_once_that_is_over(tmp_path: Path) -> None:
    note = write(tmp_path, json.dumps({"made": ["prod", "shop", MADE.name, MADE.request], "change": "mine"}))
    spare_note(note)
    assert swept(tmp_path) == []
    (spared,) = note.parent.iterdir()
    written = spared.stat().st_mtime
    os.utime(spared, (written, written - GRACE))
    assert swept(tmp_path) == [(MADE, "mine")]
    assert list(tmp_path.iterdir()) == []
