from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from gitops_mcp.adapters.kube.go_json import as_go_writes


def test_a_value_goes_out_in_the_bytes_in_which_the_server_keeps_it() -> None:
    """A server tests a patch's values by their bytes, and writes them as Go does."""
    value = {"comment": 'Zähler & <b>"x"\u2028\n\t'}
    assert as_go_writes(value) == (b'{"comment": "Z\xc3\xa4hler \\u0026 \\u003cb\\u003e\\"x\\"\\u2028\\n\\t"}')


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.text() | st.integers() | st.none()))
def test_what_it_means_is_the_same(value: dict[str, object]) -> None:
    assert json.loads(as_go_writes(value)) == {
        key: one.encode(errors="replace").decode() if isinstance(one, str) else one for key, one in value.items()
    }
