from __future__ import annotations

import pytest

from gitops_mcp.sandbox.templates import Unfillable, fill_template


@pytest.mark.parametrize(
    ("template", "result"),
    [
        pytest.param("writer", "writer", id="text"),
        pytest.param("{{ .password }}", "s3cret", id="a key"),
        pytest.param("a-{{.password}}-{{ .password }}", "a-s3cret-s3cret", id="keys in text"),
        pytest.param('{{ "a\\u007b\\u007bb\\"" }}', 'a{{b"', id="a literal with escapes"),
        pytest.param('{{ "}}" }}', "}}", id="a literal that ends code"),
        pytest.param("{{ `a\\n` }}", "a\\n", id="a raw literal"),
        pytest.param("}} $x", "}} $x", id="text that ends no code"),
    ],
)
def test_a_template_is_filled(template: str, result: str) -> None:
    assert fill_template(template, {"password": "s3cret"}) == result


@pytest.mark.parametrize(
    "template", ["{{ .other }}", "{{ .password | upper }}", "{{- .password }}", "{{", "{{ 1 }}", '{{ "\\x41" }}']
)
def test_what_is_beyond_this_is_refused_without_a_value(template: str) -> None:
    with pytest.raises(Unfillable) as caught:
        fill_template(template, {"password": "s3cret"})
    assert "s3cret" not in str(caught.value)
