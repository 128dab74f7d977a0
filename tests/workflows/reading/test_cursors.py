from __future__ import annotations

import pytest

from gitops_mcp.answers.changes import LiveObject
from gitops_mcp.errors import InvalidRequest
from gitops_mcp.workflows.reading.cursors import decode_cursor, encode_cursor, page_of_rows, rows_to_skip

ROWS = [LiveObject(object=str(number), state="applied", detail="") for number in range(250)]
ASKED = ["db", None, "prod"]


def test_a_position_comes_back_as_it_was() -> None:
    assert decode_cursor(encode_cursor(["changes", None, 3, True]), 4, "list_changes") == ["changes", None, 3, True]


@pytest.mark.parametrize("cursor", ["", "é", "!!", encode_cursor([1, 2]), encode_cursor([1, 2, 3, 4])])
def test_a_cursor_that_is_none_of_the_tool_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidRequest, match="none of list_changes; leave it out to start again"):
        decode_cursor(cursor, 3, "list_changes")


def test_pages_hold_all_rows_once_and_the_last_has_no_cursor() -> None:
    shown, cursor, pages = [], None, 0
    while True:
        page, cursor = page_of_rows(ROWS, ASKED, skip=rows_to_skip(cursor, ASKED, "t"), limit=500)
        shown += page
        pages += 1
        if cursor is None:
            break
    assert shown == ROWS
    assert pages == 3


def test_a_limit_bounds_a_page() -> None:
    page, cursor = page_of_rows(ROWS, ASKED, skip=10, limit=2)
    assert [one.object for one in page] == ["10", "11"]
    assert rows_to_skip(cursor, ASKED, "t") == 12


@pytest.mark.parametrize(
    "position",
    [
        pytest.param(["other", None, "prod", 1], id="another question"),
        pytest.param([*ASKED, -1], id="before the first"),
        pytest.param([*ASKED, True], id="a boolean"),
        pytest.param([*ASKED, "1"], id="a text"),
    ],
)
def test_a_cursor_of_another_question_is_refused(position: list[object]) -> None:
    with pytest.raises(InvalidRequest, match="leave it out to start again"):
        rows_to_skip(encode_cursor(position), ASKED, "t")
