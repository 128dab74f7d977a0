from __future__ import annotations

import pytest

from gitops_mcp.domain.editing.placing.name_patterns import file_word


@pytest.mark.parametrize("said", ["../x", "a b", "ünï", "..", "x" * 64, "{name}", "a:b", "", None, 7])
def test_a_name_in_postgresql_that_is_none_of_a_file_gives_way_to_the_objects_own(said: object) -> None:
    assert file_word(said, "Database", "db-sales", "db") == "sales"
    assert file_word(said, "Database", "db", "db") == "db"
    assert file_word(said, "Database", "sales", None) == "sales"


def test_a_name_in_postgresql_that_may_be_one_of_a_file_is_one() -> None:
    assert file_word("my_db", "Database", "db-sales", "db") == "my_db"
