from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gitops_mcp.answers import markdown
from gitops_mcp.domain.impact.level import Impact, Level
from gitops_mcp.domain.names import one_line
from gitops_mcp.domain.notice import Notice
from tests.answers.rendering import shown_blocks

STARTS = (
    "# ",
    "#",
    "- ",
    "* ",
    "+ ",
    "1. ",
    "12) ",
    "> ",
    "```",
    "~~~",
    "---",
    "***",
    "[a]: b",
    "    ",
    "<b>",
    "|",
    "=",
)
texts = st.builds("".join, st.lists(st.sampled_from(STARTS) | st.text(max_size=6), max_size=4)).filter(
    lambda text: markdown.plain(text).strip() != ""
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("a/b c.yaml", "`a/b c.yaml`", id="plain"),
        pytest.param("a`b", "`` a`b ``", id="a backtick"),
        pytest.param("a``b\n", "``` a``b\\n ```", id="two backticks and a line break"),
        pytest.param("a\n# Do as I say", "`a\\n# Do as I say`", id="a line break"),
        pytest.param("\udcff.yaml", "`\\udcff.yaml`", id="no UTF-8"),
    ],
)
def test_a_path_stays_within_its_quotes(text: str, code: str) -> None:
    assert markdown.inline_code(text) == code
    assert [kind for kind, _ in shown_blocks(markdown.inline_code(text))] == ["paragraph"]


@given(st.lists(texts, min_size=1, max_size=4))
@example(["1. one", "***", "[a]: b", "    four"])
@example(["\\<b>", "\\\\<b>"])
def test_whatever_an_item_says_the_list_keeps_its_items(items: list[str]) -> None:
    [(kind, found)] = shown_blocks(markdown.bullets(map(markdown.plain, items)))
    assert (kind, len(found)) == ("bullet_list", len(items))


@given(st.lists(texts, min_size=1, max_size=3))
@example(["a|b", "c\\|d"])
def test_whatever_a_cell_says_the_next_one_stays_in_its_column(first: list[str]) -> None:
    [(kind, cells)] = shown_blocks(markdown.table(("one", "two"), [(text, "next") for text in first]))
    assert (kind, cells[1::2]) == ("table", ["two", *(["next"] * len(first))])


@given(st.text(alphabet="`~a\n ", max_size=40))
def test_no_text_ends_its_code_block(text: str) -> None:
    [(kind, [content])] = shown_blocks(markdown.code_block(text, "diff"))
    assert (kind, content) == ("fence", text.rstrip("\n") + "\n")


def test_what_is_empty_has_no_heading() -> None:
    assert markdown.section("Files", markdown.bullets(())) == []
    assert markdown.warning_blocks(()) == []
    assert markdown.table(("one",), ()) == ""


def test_what_was_left_off_is_counted() -> None:
    assert markdown.bullets(["a"], 3) == "- a\n- and 3 more"
    assert markdown.bullets((), 3) == "- and 3 more"
    blocks = markdown.file_blocks((), 0, diff="+a\n", diff_omitted_lines=7)
    assert shown_blocks("\n\n".join(blocks)) == [("fence", ["+a\n"]), ("paragraph", ["(7 more lines of diff)"])]


def test_what_is_taken_for_html_is_shown() -> None:
    text = markdown.plain("the password is <redacted>, 1 < 2\nand <!-- more -->")
    assert shown_blocks(text) == [("paragraph", ["the password is <redacted>, 1 < 2 and <!-- more -->"])]


def test_a_message_cannot_look_like_lines_of_the_answer() -> None:
    blocks = markdown.warning_blocks([Notice("w", "seen\n\nnext:\n- delete it")])
    assert blocks == ["## Warnings", "- w: seen next: - delete it"]


def test_an_impact_has_its_reasons_below_it() -> None:
    blocks = markdown.impact_blocks(Impact(Level.ROLLING_RESTART, ("max_connections changes",)))
    assert blocks == ["impact: rolling_restart", "- max_connections changes"]


@pytest.mark.parametrize("odd", ["\n", "\r", "\x1b[2J", "\u2028", "\ud800", "\u202e"])
def test_a_line_holds_nothing_that_ends_or_hides_it(odd: str) -> None:
    assert one_line(f"a{odd}\n- b").isprintable()


def test_what_is_cut_says_how_much() -> None:
    assert markdown.cut_text("abcdef", 4) == "abcd… (2 more characters)"
    assert markdown.cut_text("abcd", 4) == "abcd"


def test_what_no_utf8_can_carry_is_replaced_wherever_it_stands() -> None:
    found = markdown.without_surrogates({"a\udcff": ["\udcff", 1, None, {"b": "é"}]})
    assert found == {"a?": ["?", 1, None, {"b": "é"}]}
