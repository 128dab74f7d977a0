"""What is stored under attributes: what the user's own git would have stored, and never a line more than the edit."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gitops_mcp.errors import Refused, Unavailable
from tests.adapters.git.conftest import commit_all, git, write
from tests.adapters.git.publishing import ORDERS, SCALED, alone, changed, content, everything, executable, published

SECRET = "secrets/password.yaml"
PLAIN = b"password: hunter2-of-the-test\n"
ROTATE = "tr A-Za-z N-ZA-Mn-za-m"
ATTRIBUTES = ["", "text", "text=auto", "-text", "eol=crlf", "eol=lf", "text eol=crlf", "text=auto eol=crlf"]
_AUTOCRLF = pytest.mark.parametrize("autocrlf", ["false", "true", pytest.param("input", marks=pytest.mark.thorough)])


@pytest.mark.parametrize("eol", ["\n", "\r\n"], ids=["LF", "CRLF"])
@_AUTOCRLF
@pytest.mark.parametrize("attribute", ATTRIBUTES)
@pytest.mark.few(8)
def test_a_one_line_edit_is_a_one_line_diff(attribute: str, autocrlf: str, eol: str, tmp_path: Path) -> None:
    here = alone(tmp_path, {"x.yaml": eol.join(["a: 1", "b: 2", "c: 3", ""])})
    write(here / ".gitattributes", f"*.yaml {attribute}\n")
    git(here, "add", ".gitattributes")
    git(here, "commit", "--quiet", "--message", "Say what ends a line")
    git(here, "config", "core.autocrlf", autocrlf)
    git(here, "config", "core.safecrlf", "true")
    edited = content(here, "main", "x.yaml").replace(b"b: 2", b"b: 3")

    done = published(here, {"x.yaml": edited})

    assert content(here, done.commit, "x.yaml") == edited
    assert git(here, "diff", "--numstat", "main", done.commit) == "1\t1\tx.yaml"


@_AUTOCRLF
@pytest.mark.parametrize("attribute", ATTRIBUTES)
@pytest.mark.few(4)
def test_an_edit_of_a_blob_with_plain_line_ends_is_stored_as_git_add_would(
    attribute: str, autocrlf: str, tmp_path: Path
) -> None:
    here = alone(tmp_path, {".gitattributes": f"*.yaml {attribute}\n", "x.yaml": "a: 1\nb: 2\n"})
    git(here, "config", "core.autocrlf", autocrlf)

    done = published(here, {"x.yaml": b"a: 1\nb: 3\n"})

    # As a person would do it: check out, edit a line, add.
    (here / "x.yaml").unlink()
    git(here, "checkout", "--quiet", "--", "x.yaml")
    (here / "x.yaml").write_bytes((here / "x.yaml").read_bytes().replace(b"b: 2", b"b: 3"))
    git(here, "add", "x.yaml")
    assert git(here, "rev-parse", f"{done.commit}:x.yaml") == git(here, "rev-parse", ":x.yaml")


@_AUTOCRLF
@pytest.mark.parametrize("attribute", [*ATTRIBUTES, "binary", "ident", "ident text"])
@pytest.mark.few(6)
def test_a_new_file_is_stored_as_git_add_would(attribute: str, autocrlf: str, tmp_path: Path) -> None:
    here = alone(tmp_path, {".gitattributes": f"*.yaml {attribute}\n"})
    git(here, "config", "core.autocrlf", autocrlf)
    files = {
        "new/lf.yaml": b"a: 1\n",
        "new/crlf.yaml": b"a: 1\r\nb: 2\r\n",
        "new/mixed.yaml": b"a: 1\r\nb: 2\n",
        "new/ident.yaml": b"id: $Id: 123 $\n",
        "new/cr.yaml": b"\r",
        "new/nul.yaml": b"\0\r\n",
    }

    done = published(here, files)

    (here / "new").mkdir()
    for path, data in files.items():
        (here / path).write_bytes(data)
    git(here, "add", "new")
    assert git(here, "ls-tree", "-r", done.commit, "new") == git(here, "ls-tree", "-r", git(here, "write-tree"), "new")


def test_a_file_kept_in_another_encoding_is_stored_in_utf_8(tmp_path: Path) -> None:
    here = alone(tmp_path)
    write(here / ".gitattributes", "*.yaml text working-tree-encoding=UTF-16\n")
    git(here, "add", ".gitattributes")
    git(here, "commit", "--quiet", "--message", "Keep manifests in UTF-16")

    done = published(here, {ORDERS: SCALED, "new.yaml": "ü: 1\r\n".encode()})

    assert content(here, done.commit, "new.yaml") == "ü: 1\r\n".encode()
    assert changed(here, done) == [f"1\t1\t{ORDERS}", "1\t0\tnew.yaml"]


def test_a_person_who_has_git_refuse_to_convert_their_files_still_gets_a_new_one(tmp_path: Path) -> None:
    here = alone(tmp_path, {".gitattributes": "*.yaml text eol=lf\n"})
    git(here, "config", "core.safecrlf", "true")

    done = published(here, {"new.yaml": b"a: 1\r\n"})

    assert content(here, done.commit, "new.yaml") == b"a: 1\n"


def test_a_new_file_under_a_filter_is_stored_filtered_and_its_text_is_nowhere(tmp_path: Path) -> None:
    here = _with_filter(tmp_path)

    done = published(here, {SECRET: PLAIN, ORDERS: SCALED})

    assert content(here, done.commit, SECRET) == b"cnffjbeq: uhagre2-bs-gur-grfg\n"
    assert b"hunter2" not in everything(here)
    assert content(here, done.commit, ORDERS) == SCALED
    # git-crypt and LFS never see it on a disk either: the filter looked when it ran.
    assert (here.parent / "found").read_text() == ""
    assert _leftovers(here) == []


def test_a_filter_that_speaks_gits_process_protocol_is_used(tmp_path: Path) -> None:
    here = alone(tmp_path, {".gitattributes": "secrets/** filter=rot\n"})
    script = tmp_path / "rot.py"
    write(script, FILTER_PROCESS)
    git(here, "config", "filter.rot.process", f"python3 {script}")

    done = published(here, {SECRET: PLAIN})

    assert content(here, done.commit, SECRET) == b"cnffjbeq: uhagre2-bs-gur-grfg\n"
    assert b"hunter2" not in everything(here)


def test_a_filter_that_fails_stores_nothing_even_where_git_would_not_mind(tmp_path: Path) -> None:
    """Without `filter.<name>.required` git stores the text unfiltered when the filter fails."""
    here = _with_filter(tmp_path)
    executable(tmp_path / "rot", "echo 'no key' >&2; exit 1")

    with pytest.raises(Unavailable, match=r"(?s)no key.*secrets/password\.yaml: clean filter 'rot' failed"):
        published(here, {SECRET: PLAIN})

    assert b"hunter2" not in everything(here)
    assert git(here, "for-each-ref", "--format=%(refname)") == "refs/heads/main"


@pytest.mark.parametrize(
    ("name", "command"),
    [("git-crypt", "git-crypt unlock"), ("lfs", "git lfs install --local"), ("vault", "git config filter.vault.clean")],
)
def test_a_filter_that_is_not_set_up_here_is_refused(name: str, command: str, tmp_path: Path) -> None:
    here = alone(tmp_path, {".gitattributes": f"secrets/** filter={name} diff={name}\n"})
    git(here, "config", "filter.other.clean", "cat")

    with pytest.raises(Refused) as refused:
        published(here, {SECRET: PLAIN})

    assert str(refused.value).startswith(
        f"secrets/password.yaml has filter={name} in .gitattributes, and no such filter"
    )
    assert command in str(refused.value)
    assert b"hunter2" not in everything(here)


def test_a_filter_whose_command_is_empty_is_none(tmp_path: Path) -> None:
    here = _with_filter(tmp_path)
    git(here, "config", "filter.rot.clean", "")

    with pytest.raises(Refused, match="no such filter is configured"):
        published(here, {SECRET: PLAIN})


def test_a_file_that_is_stored_filtered_cannot_be_edited(tmp_path: Path) -> None:
    here = _with_filter(tmp_path)
    write(here / SECRET, PLAIN.decode())
    tip = commit_all(here, "Keep a password")
    assert content(here, tip, SECRET) == b"cnffjbeq: uhagre2-bs-gur-grfg\n"

    with pytest.raises(Refused, match=r"secrets/password\.yaml is stored through the filter rot"):
        published(here, {SECRET: content(here, tip, SECRET) + b"more: 1\n"})


def test_a_file_that_is_stored_filtered_can_be_deleted(tmp_path: Path) -> None:
    here = _with_filter(tmp_path)
    write(here / SECRET, PLAIN.decode())
    commit_all(here, "Keep a password")

    assert changed(here, published(here, {SECRET: None})) == [f"0\t1\t{SECRET}"]


def test_attributes_are_those_of_the_commit_not_of_the_index_or_the_working_files(tmp_path: Path) -> None:
    here = _with_filter(tmp_path)
    write(here / ".gitattributes", "secrets/** -filter\n")
    git(here, "add", ".gitattributes")
    (here / ".gitattributes").unlink()

    published(here, {SECRET: PLAIN})

    assert b"hunter2" not in everything(here)


def test_attributes_that_are_only_in_the_index_do_not_count(tmp_path: Path) -> None:
    here = alone(tmp_path)
    write(here / ".gitattributes", "secrets/** filter=not-committed\n")
    git(here, "add", ".gitattributes")

    done = published(here, {SECRET: b"not: secret\n"})

    assert content(here, done.commit, SECRET) == b"not: secret\n"


def test_the_attributes_of_a_sub_folder_come_after_those_above_it(tmp_path: Path) -> None:
    here = _with_filter(tmp_path, attributes="secrets/**/*.yaml filter=rot\n")
    write(here / "secrets/open/.gitattributes", "*.yaml -filter\n")
    write(here / "clusters/prod/.gitattributes", "sealed-*.yaml filter=rot\n")
    commit_all(here, "Except some")

    done = published(here, {"secrets/open/x.yaml": b"abc\n", "clusters/prod/shop/sealed-x.yaml": b"abc\n"})

    assert content(here, done.commit, "secrets/open/x.yaml") == b"abc\n"
    assert content(here, done.commit, "clusters/prod/shop/sealed-x.yaml") == b"nop\n"


@pytest.mark.parametrize("where", ["info/attributes", "global, absolute", "global, relative", "from the home folder"])
@pytest.mark.few(2)
def test_attributes_of_the_person_count_too(where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = _with_filter(tmp_path, attributes="")
    text = "secrets/** filter=rot\n"
    match where:
        case "info/attributes":
            write(here / ".git/info/attributes", text)
        case "global, absolute":
            write(tmp_path / "attributes", text)
            git(here, "config", "core.attributesFile", str(tmp_path / "attributes"))
        case "global, relative":
            write(here / "my/attributes", text)
            git(here, "config", "core.attributesFile", "my/attributes")
        case _:
            monkeypatch.setenv("HOME", str(tmp_path))
            write(tmp_path / "attributes", text)
            git(here, "config", "core.attributesFile", "~/attributes")

    published(here, {SECRET: PLAIN})

    assert b"hunter2" not in everything(here)


def test_a_filter_is_found_in_a_linked_worktrees_own_configuration(tmp_path: Path) -> None:
    here = alone(tmp_path, {".gitattributes": "secrets/** filter=rot\n"})
    git(here, "config", "extensions.worktreeConfig", "true")
    git(here, "worktree", "add", "--quiet", str(tmp_path / "linked"))
    git(tmp_path / "linked", "config", "--worktree", "filter.rot.clean", ROTATE)

    done = published(tmp_path / "linked", {SECRET: PLAIN})

    assert content(here, done.commit, SECRET) == b"cnffjbeq: uhagre2-bs-gur-grfg\n"
    with pytest.raises(Refused, match="no such filter is configured"):
        published(here, {SECRET: PLAIN}, branch="gitops-mcp/from-the-main-worktree")
    assert b"hunter2" not in everything(here)


def test_gits_own_index_writer_would_store_the_same(tmp_path: Path) -> None:
    here = _with_filter(tmp_path)

    done = published(here, {SECRET: PLAIN})

    write(here / SECRET, PLAIN.decode())
    assert git(here, "rev-parse", f"{done.commit}^{{tree}}") == git(
        here, "rev-parse", f"{commit_all(here, 'By hand')}^{{tree}}"
    )


FILTER_PROCESS = """
import sys, codecs
def read():
    packets = []
    while size := int(sys.stdin.buffer.read(4) or b"0", 16):
        packets.append(sys.stdin.buffer.read(size - 4))
    return packets
def write(*packets):
    for packet in packets:
        sys.stdout.buffer.write(b"%04x" % (len(packet) + 4) + packet)
    sys.stdout.buffer.write(b"0000")
    sys.stdout.buffer.flush()
read()
write(b"git-filter-server\\n", b"version=2\\n")
read()
write(b"capability=clean\\n")
while read():
    text = b"".join(read()).decode()
    write(b"status=success\\n")
    write(codecs.encode(text, "rot13").encode())
    write()
"""


def _with_filter(folder: Path, *, attributes: str = "secrets/** filter=rot\n") -> Path:
    """A repository with a filter that turns letters, and notes where in the git folder it finds the password."""
    here = alone(folder, {".gitattributes": attributes or "# none\n"})
    executable(folder / "rot", f'grep -rl hunter2 "$GIT_DIR" "$PWD" >> {folder}/found\n{ROTATE}')
    git(here, "config", "filter.rot.clean", str(folder / "rot"))
    git(here, "config", "filter.rot.smudge", ROTATE)
    return here


def _leftovers(repository: Path) -> list[str]:
    found = subprocess.run(
        ["grep", "-rl", "hunter2", str(repository)], capture_output=True, text=True, check=False
    ).stdout
    return found.splitlines()
