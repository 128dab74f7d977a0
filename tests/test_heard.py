"""A text that the server says is found among the rows of the golden file, and one that is not there is not."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

import gitops_mcp
from gitops_mcp.answers.setup import CheckRow
from gitops_mcp.domain.impact.level import Level, impact
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.rules.rule import Fault
from gitops_mcp.errors import GitOpsError
from tests.heard import Rows, taken, texts_of_answer, unmatched
from tests.said import VALUE

ROWS = Rows([
    f"no cluster {VALUE} in {VALUE}; there are: {VALUE}",
    f"{VALUE} is suspended",
    f"{VALUE} of {VALUE}",
    VALUE,
    f"{VALUE} {VALUE}",
    f"the API refused it ({VALUE}): change the request",
    "the chart in the root folder",
    f"{VALUE}: leave it out",
    "live object",
])  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("no cluster 'ordres' in prod; there are: orders, billing", id="one row"),
        pytest.param(
            "Kustomization flux-system/apps is suspended; no cluster 'a' in b; there are: c", id="two sentences"
        ),
        pytest.param("the chart in the root folder of team-a", id="a row as the value of one with few words"),
        pytest.param("the API refused it (whatever somebody else has said here): change the request", id="many words"),
        pytest.param("- **spec.size**: leave it out", id="with the marks of a list"),
        pytest.param("3 live objects", id="what is counted"),
        pytest.param("spec.postgresql.parameters", id="no prose"),
    ],
)
def test_what_is_made_of_rows_is_matched(text: str) -> None:
    assert ROWS.explain(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("the server says something new", id="a sentence of its own"),
        pytest.param("something new of the server", id="in the value of a row with few words"),
        pytest.param("the end is near is suspended", id="before a row with few words"),
        pytest.param("apps is suspended; something new comes after", id="after a sentence that there is"),
        pytest.param("something new comes before: leave it out", id="before one"),
        pytest.param("no cluster 'ordres' in prod, there are: orders", id="another mark between"),
    ],
)
def test_what_is_not_made_of_rows_is_caught(text: str) -> None:
    assert not ROWS.explain(text)


NEW = "the server says something new"
MAKERS = {
    "error": "raise GitOpsError(NEW)",
    "notice": "Notice('new', NEW)",
    "fault": "Fault(('spec',), NEW)",
    "impact": "impact(Level.RELOAD, NEW)",
    "answer": "CheckRow(subject='git', check='git', state='ok', found=NEW)",
}
NAMES = {"NEW": NEW, **{one.__name__: one for one in (GitOpsError, Notice, Fault, impact, Level, CheckRow)}}


@pytest.mark.parametrize("made", MAKERS.values(), ids=MAKERS)
def test_a_sentence_that_is_not_in_the_golden_file_is_caught_where_the_package_says_it(made: str) -> None:
    taken()
    run(made, f"{Path(gitops_mcp.__file__).parent}/new.py")
    assert unmatched(taken()) == [NEW]


def test_what_a_test_makes_itself_is_not_said_by_the_server() -> None:
    taken()
    run(MAKERS["error"], __file__)
    assert taken() == set()


def run(made: str, module: str) -> None:
    """As if the module did it."""
    with suppress(GitOpsError):
        exec(compile(made, module, "exec"), NAMES)  # noqa: S102 - the text is one of ours


def test_of_an_answer_the_words_around_its_values_are_said() -> None:
    structure = {"items": [{"name": "orders-db-1", "subject": "words of a commit", "ready": True}], "diff": "- a b c"}
    text = (
        "1 instance shown\n\n- name orders-db-1, ready yes\n- last changed by words of a commit\n\n```diff\n- a b c\n```\n"
        "| what it does | 3 |"
    )
    said = {one.strip() for one in texts_of_answer(text, structure)}
    assert said - {""} == {"1 instance shown", "- last changed by ''", "what it does", "3"}
