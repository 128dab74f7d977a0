from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gitops_mcp.domain.names import one_line
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.redact import redact_text
from gitops_mcp.domain.review_text.body import body_text
from gitops_mcp.domain.review_text.outside_text import cell_code, code, prose
from gitops_mcp.domain.review_text.proposal import ForgeName, ProposedCommit
from gitops_mcp.domain.review_text.title import change_title
from tests.domain.review_text.proposals import BASE, BOTH, CASES, Case, Files, cluster, cnpg, proposal_of, with_files

GOLDEN = Path(__file__).parents[2] / "golden" / "pull_requests"
FORGES: tuple[ForgeName, ...] = ("GitHub", "GitLab", "Gitea")
HOSTILE = [
    "@alice look",
    "fixes #1, closes org/fleet#2 and resolves: https://github.com/org/fleet/issues/3",
    "<!-- gitops-mcp:end -->",
    "<img src=x onerror=alert(1)> <script>alert(1)</script> <b>bold</b>",
    "[click](https://evil.example) ![see](https://evil.example/x.png) <https://evil.example> www.evil.example",
    "` ``` | a | b |",
    "**bold** _em_ ~~gone~~ $x$ :smile:",
    "/merge",
    "a\n\n/close\n\n# heading\n\n- [ ] task",
    "> [!CAUTION]",
    "```mermaid\nflowchart LR\n```",
    "\\| \\` \\",
]
WHERE = ("reason", "subject", "author", "name", "value", "notice", "path", "environment", "fault")


@pytest.mark.parametrize("forge", FORGES)
@pytest.mark.parametrize("name", CASES)
def test_a_reviewer_reads_what_was_reviewed(name: str, forge: ForgeName) -> None:
    """To accept a change of words: GITOPS_MCP_TEST_GOLDEN=write, then read the diff."""
    proposal = proposal_of(CASES[name])
    title = change_title([one.subject for one in proposal.commits], proposal.objects, change=proposal.change)
    text = f"{title}\n\n{body_text(proposal, forge, limit=60_000)}\n"
    golden = GOLDEN / f"{name}.{forge.lower()}.md"
    if os.environ.get("GITOPS_MCP_TEST_GOLDEN") == "write":
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def hostile(where: str, text: str) -> Case:
    """A change with a text of somebody's at one of the places where it can stand."""
    reason = (text,) if where == "reason" else ("More load.",)
    subject = text if where == "subject" else "Scale Cluster shop/orders-db to 5 instances"
    after = with_files(
        cluster=cluster(instances="5", description=json.dumps(text, ensure_ascii=False) if where == "value" else ""),
        more=cnpg(
            "Database",
            "other",
            f"name: {json.dumps(text, ensure_ascii=False)}, owner: app"
            if where == "name"
            else "name: other, owner: app",
        ),
        kustomization=BOTH,
    )
    path = f"clusters/prod/shop/{' '.join(text.split()).replace('/', '_')}.txt"
    return Case(
        BASE,
        {**after, path: "x"} if where == "path" else after,
        commits=(ProposedCommit(subject, reason, text if where == "author" else None),),
        notices=(Notice("doubt", text),) if where == "notice" else (),
        environments={text if where == "environment" else "prod": "clusters/prod"},
        faults=text if where == "fault" else None,
    )


def rendered(text: str) -> tuple[str, str, list[str]]:
    """What is shown outside of code, all that is shown, and the kinds of what was made of it."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough").parse(text)
    inner = [one for token in tokens for one in token.children or ()]
    shown = " ".join(one.content for one in inner if one.type == "text")
    told = "".join(one.content for one in inner if one.type in {"text", "code_inline"}).replace("\u2060", "")
    return shown, told, [one.type for one in (*tokens, *inner)]


OURS = re.compile(r"</?sub>|</?code>")


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.few(28)
def test_nothing_that_others_wrote_renders_mentions_closes_or_breaks_out(text: str, where: str) -> None:
    case = hostile(where, text)
    for forge in FORGES:
        body = body_text(proposal_of(case), forge, limit=60_000)
        calm = body_text(proposal_of(hostile(where, "calm")), forge, limit=60_000)
        shown, told, kinds = rendered(body)
        _, _, expected = rendered(calm)
        assert set(kinds) - {"softbreak", "hardbreak"} <= set(expected) | {"html_inline", "code_inline"}
        assert " ".join(text.split())[:90].replace("/", "_" if where == "path" else "/") in told
        assert kinds.count("heading_open") == expected.count("heading_open")
        assert kinds.count("fence") == expected.count("fence")
        assert kinds.count("tr_open") == expected.count("tr_open")
        assert kinds.count("td_open") == expected.count("td_open")
        assert "<!--" not in body
        assert not re.search(r"(?i)\b(clos|fix|resolv)\w*:? ", body.replace("close this", "").replace("closed", ""))
        assert not re.search(r"(?<!\w)@\w|#\d|https?://(?!kubernetes)|www\.", shown)
        assert not re.search(r"^\s*/", body, re.MULTILINE)
        html = re.findall(r"<[A-Za-z/!][^>]*>", re.sub(r"(`+).*?\1", "", body))
        assert [one for one in html if not OURS.fullmatch(one) and f"\\{one}" not in body] == []


@given(st.text(max_size=100))
def test_whatever_others_wrote_is_shown_as_it_is_and_renders_as_nothing(text: str) -> None:
    told = redact_text(one_line(text.replace("\u2060", ""))).strip()
    for form, shows in ((code, told or "(empty)"), (prose, told)):
        _, shown, kinds = rendered(f"- before {form(text)} after\n")
        assert " ".join(shown.split()) == " ".join(f"before {shows} after".split())
        assert set(kinds) <= {*LIST, "text", "code_inline"}
    _, shown, kinds = rendered(f"| a | b |\n|---|---|\n| {cell_code(text)} | after |\n")
    assert (kinds.count("td_open"), kinds.count("tr_open")) == (2, 2)
    assert " ".join(shown.split()) == " ".join(f"ab{told or '(empty)'}after".split())
    assert set(kinds) <= {*TABLE, "text", "code_inline", "html_inline"}


LIST = {f"{one}_{end}" for one in ("bullet_list", "list_item", "paragraph") for end in ("open", "close")} | {"inline"}
TABLE = {f"{one}_{end}" for one in ("table", "thead", "tbody", "tr", "th", "td") for end in ("open", "close")} | {
    "inline"
}


def many(number: int) -> Files:
    databases = "---\n".join(cnpg("Database", f"db-{i}", f"name: '{'x' * 300}{i}', owner: app") for i in range(number))
    return with_files(more=databases, kustomization=BOTH)


@pytest.mark.parametrize("limit", [60_000, 20_000, 8_000, 3_000, 500])
@pytest.mark.few(2)
def test_a_body_is_written_shorter_until_it_fits_and_counts_what_it_leaves_out(limit: int) -> None:
    proposal = proposal_of(Case(BASE, many(150), words=("Ä" * 300_000,)))
    text = body_text(proposal, "GitLab", limit=limit, size=lambda one: len(one.encode()))
    assert len(text.encode()) <= limit
    assert re.search(r"\d+ more rows; the diff has them all|cut: there is no room", text)


def test_no_secret_value_is_told() -> None:
    secret = (
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: shop}\nstringData: {password: hunter2-hunter2}\n"
    )
    after = with_files(
        cluster=cluster(
            env="[{name: TOKEN, value: hunter2-hunter2}]",
            bootstrap="{initdb: {database: app, owner: app, postInitSQL: [\"ALTER ROLE x PASSWORD 'hunter2-hunter2'\"]}}",
        ),
        sealed=secret,
    )
    body = body_text(proposal_of(Case(BASE, after, words=("the password is hunter2-hunter2",))), "GitHub", limit=60_000)
    assert "hunter2" not in body
    assert "Secret shop/s" in body


def test_no_path_of_the_machine_that_asked_is_told() -> None:
    notice = Notice(
        "live-unavailable", "there is no kubeconfig (looked at /home/jane/.kube/config): patch /spec/x of /apis/v1"
    )
    body = body_text(proposal_of(Case(BASE, CASES["scale-up"].after, notices=(notice,))), "GitHub", limit=60_000)
    assert "there is no kubeconfig (looked at a local file): patch /spec/x of /apis/v1" in body


def test_several_commits_are_titled_by_what_they_come_to() -> None:
    def title(case: str) -> str:
        proposal = proposal_of(CASES[case])
        return change_title(["Scale to 4", "Scale to 5"], proposal.objects, change="orders")

    assert title("scale-up") == "Change Cluster shop/orders-db: spec.instances 3 -> 5"
    assert title("pooler") == "Create Pooler shop/orders-rw"
    assert title("cluster-deleted") == "Remove Cluster shop/orders-db, Database shop/orders-db-old"


def test_a_title_mentions_and_closes_nothing() -> None:
    made = change_title(["Create role @alice fixes #1"], (), change="x")
    assert made == "Create role @\u2060alice fixes\u2060 #\u20601"
