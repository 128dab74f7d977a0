"""Text with variables, expanded as Flux does."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.engines import envsubst
from gitops_mcp.domain.engines.envsubst import Malformed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("plain", "plain", id="no variable"),
        pytest.param("${V}", "abcABCabc", id="a variable"),
        pytest.param("x-${V}-y", "x-abcABCabc-y", id="within text"),
        pytest.param("$V and $(V)", "$V and $(V)", id="without braces it is text"),
        pytest.param("$${V}", "${V}", id="escaped"),
        pytest.param("cost: $$5", "cost: $5", id="two dollars are one anywhere"),
        pytest.param("$${A=${V}}", "${A=abcABCabc}", id="an escape ends before the next variable"),
        pytest.param("${NONE}", "", id="not defined"),
        pytest.param("${NONE:=a b}", "a b", id="default"),
        pytest.param("${NONE:-a}", "a", id="default with a dash"),
        pytest.param("${NONE=a}", "a", id="default without a colon"),
        pytest.param("${EMPTY:=a}", "a", id="default of what is empty"),
        pytest.param("${EMPTY=a}", "a", id="empty counts as not set without a colon too"),
        pytest.param("${V:+a}", "abcABCabc", id="plus is read as a default"),
        pytest.param("${NONE:=${V}-x}", "abcABCabc-x", id="a variable in a default"),
        pytest.param("${NONE:=}", "", id="an empty default"),
        pytest.param("${V:3}", "ABCabc", id="from a position"),
        pytest.param("${V:3:2}", "AB", id="position and length"),
        pytest.param("${V:1:-1}", "bcABCab", id="a length from the end"),
        pytest.param("${V: -3}", "abcABCabc", id="a position after a space is not a number"),
        pytest.param("${V:NAME}", "abcABCabc", id="nor is a word"),
        pytest.param("${podselector:NAME}", "", id="CNPG's own braces vanish"),
        pytest.param("${V:20}", "", id="a position behind the end"),
        pytest.param("${V/abc/x}", "xABCabc", id="replace the first"),
        pytest.param("${V//abc/x}", "xABCx", id="replace all"),
        pytest.param("${V/#abc/x}", "xABCabc", id="replace at the start"),
        pytest.param("${V/%abc/x}", "abcABCx", id="replace at the end"),
        pytest.param("${V/#/x}", "xabcABCabc", id="put before"),
        pytest.param("${V/abc/}", "ABCabc", id="replace by nothing"),
        pytest.param("${P/\\//-}", "a-b/c", id="an escaped slash"),
        pytest.param("${P#*/}", "b/c", id="shortest start"),
        pytest.param("${P##*/}", "c", id="longest start"),
        pytest.param("${P%/*}", "a/b", id="shortest end"),
        pytest.param("${P%%/*}", "a", id="longest end"),
        pytest.param("${#V}", "9", id="length"),
        pytest.param("${V^^}${V,,}", "ABCABCABCabcabcabc", id="cases"),
        pytest.param("${V^}", "AbcABCabc", id="case of the first"),
    ],
)
def test_text_is_expanded_as_the_engine_does(text: str, expected: str) -> None:
    values = {"V": "abcABCabc", "P": "a/b/c", "EMPTY": ""}
    assert envsubst.expand_parts(envsubst.parse_parts(text), lambda name: values.get(name, "")) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("${", id="nothing after the brace"),
        pytest.param("${}", id="no name"),
        pytest.param("${V", id="not closed"),
        pytest.param("${ V }", id="spaces"),
        pytest.param("${V-a}", id="a dash without a colon"),
        pytest.param("${a.b}", id="a dot"),
        pytest.param("${V:}", id="no position"),
        pytest.param("${V/a}", id="a replacement without its second slash"),
        pytest.param("${V:=" * 30 + "}" * 30, id="too deep"),
    ],
)
def test_what_the_engine_fails_on_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        envsubst.parse_parts(text)
