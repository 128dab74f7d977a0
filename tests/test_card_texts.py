"""The texts of a card's script are found, and nothing else of it."""

from __future__ import annotations

import pytest

from tests.card_texts import is_shown, texts_of_script


@pytest.mark.parametrize(
    ("script", "texts"),
    [
        pytest.param('say("Waiting for the answer\\u2026");', ["Waiting for the answer…"], id="a string"),
        pytest.param("say(`${number} more ${part} left off`);", ["{…} more {…} left off"], id="a template"),
        pytest.param(
            'say(`a ${one ? `b ${"c"}` : ""} d`);', ["a {…} d", "b {…}", "c", ""], id="texts inside of values"
        ),
        pytest.param('say({ a: "b" }, `c ${{ d: "e" }.d}`);', ["b", "c {…}", "e"], id="braces"),
        pytest.param('// it\'s "not" one\nsay(1); /* `nor` this */', [], id="comments"),
        pytest.param('text.split(/`([^`"]+)`/).map(one => "code");', ["code"], id="a regular expression with quotes"),
        pytest.param('const half = a / b; say("c / d");', ["c / d"], id="a division"),
    ],
)
def test_each_string_and_template_is_found(script: str, texts: list[str]) -> None:
    assert texts_of_script(script) == texts


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Nothing was discarded", True),
        ("Refresh", True),
        ("{…} of the diff left off", True),
        ("div.top", False),
        ("aria-label", False),
        ("get_change", False),
        ("UTC", False),
    ],
)
def test_what_a_person_reads_is_told_from_names(text: str, shown: bool) -> None:
    assert is_shown(text) is shown
