from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gitops_mcp.domain.review_text.markers import find_marked, has_marker, marked_part

OLD = marked_part("three instances\n\n- one", title="Scale", of="0123456789ab")
NEW = marked_part("five instances", title="Scale more", of="ba9876543210")
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)


@given(words, words)
def test_only_our_part_is_written_anew(before: str, after: str) -> None:
    assume("gitops-mcp" not in before + after)
    found = find_marked(f"{before}{OLD}{after}")
    assert found is not None
    assert found.with_part(NEW) == f"{before}{NEW}{after}"
    again = find_marked(found.with_part(NEW))
    assert again is not None
    assert again.with_part(OLD) == f"{before}{OLD}{after}"
    assert found.others == len(before) + len(after)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(None, id="none"),
        pytest.param("A person's own words", id="opened by hand"),
        pytest.param(f"{OLD}\n{OLD}", id="pasted twice"),
        pytest.param(OLD.replace("<!-- gitops-mcp:end -->", ""), id="without its end"),
        pytest.param(OLD.partition("\n")[2], id="without its begin"),
        pytest.param(f"{OLD}\n<!-- gitops-mcp:end -->", id="ended twice"),
        pytest.param("<!-- gitops-mcp:end -->\n<!-- gitops-mcp:begin title=0123456789ab -->", id="upside down"),
    ],
)
def test_where_it_is_not_sure_what_is_ours_nothing_is(body: str | None) -> None:
    assert find_marked(body) is None


def test_whether_a_body_ever_was_ours_is_told_by_any_marker() -> None:
    assert has_marker(OLD.partition("\n")[2])
    assert not has_marker("A person's own words <!-- a comment -->")


def test_line_ends_of_a_forge_are_no_difference_and_stay_in_what_people_wrote() -> None:
    body = f"Before\n\n{OLD}\n\nAfter".replace("\n", "\r\n")
    found = find_marked(body)
    assert found is not None
    assert found.says(OLD)
    assert not found.says(NEW)
    assert found.with_part(NEW) == f"Before\r\n\r\n{NEW}\r\n\r\nAfter"


def test_the_title_is_ours_as_long_as_it_is_as_we_wrote_it() -> None:
    found = find_marked(OLD)
    assert found is not None
    assert found.wrote_title("Scale")
    assert found.of == "0123456789ab"
    assert not found.wrote_title("Scale, please")
    bare = find_marked("<!-- gitops-mcp:begin -->\nx\n<!-- gitops-mcp:end -->")
    assert bare is not None
    assert not bare.wrote_title("Scale")
