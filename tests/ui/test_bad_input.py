"""What no server of ours sends, and what no host should do: both cards show what can be shown, and nothing runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from gitops_mcp.ui.cards import CARDS, Card, card_page
from tests.ui.answers import change, cluster, discarded, metrics, review, written
from tests.ui.host import HostPage, open_card

CHANGE, CLUSTER = CARDS
ODD: tuple[Any, ...] = (None, -1, 1e308, "text", [], [None, "x", {"x": 1}, [[]]], {"x": [1]})
LONG = "\u202eevil\u2066" + "x" * 10_000
"""Turned around by its marks, and wider than any frame."""
Answer = dict[str, Any]


def begun(browser: Browser, card: Card, **more: Any) -> HostPage:
    host = open_card(browser, card, **more)
    host.begun()
    return host


def with_one_odd(value: Any) -> Iterator[Any]:
    """The same with each of its parts in turn replaced by what is of another form."""
    yield from ODD
    if isinstance(value, dict):
        for name, one in value.items():
            yield from ({**value, name: odd} for odd in with_one_odd(one))
    if isinstance(value, list) and value:
        yield from ([odd, *value[1:]] for odd in with_one_odd(value[0]))


def with_text(value: Any, text: str) -> Any:
    """The same with this in place of each text."""
    if isinstance(value, dict):
        return {name: with_text(one, text) for name, one in value.items()}
    if isinstance(value, list):
        return [with_text(one, text) for one in value]
    return text if isinstance(value, str) else value


def longest(value: Any) -> Any:
    """The same with each text made long, and each number large."""
    if isinstance(value, dict):
        kept = {"state", "verdict", "outcome", "level", "action", "live", "severity", "role"}
        return {name: one if name in kept else longest(one) for name, one in value.items()}
    if isinstance(value, list):
        return [longest(one) for one in value]
    if isinstance(value, str):
        return f"{value} {LONG}"
    return 2**53 if isinstance(value, int) and not isinstance(value, bool) else value


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("card", "answers"),
    [(CHANGE, (change(), written(), review(), discarded())), (CLUSTER, (cluster(),))],
    ids=("change", "cluster"),
)
def test_no_form_of_any_field_halts_a_card(browser: Browser, card: Card, answers: tuple[Answer, ...]) -> None:
    host = begun(browser, card, capabilities={})
    odd = [one for answer in answers for one in with_one_odd(answer) if isinstance(one, dict)]
    failed: list[str] = []
    host.page.on("console", lambda said: failed.append(said.text) if said.type == "error" else None)
    host.page.evaluate(
        """async answers => {
          for (const [at, structuredContent] of answers.entries()) {
            host.send({ method: "ui/notifications/tool-result", params: { content: [], structuredContent } });
            if (at % 20 === 0) await new Promise(done => setTimeout(done));
          }
        }""",
        odd,
    )
    host.result({"name": "the last", "namespace": "of all", "title": "the last of all"})
    expect(host.frame.get_by_role("heading", level=1)).to_contain_text("the last")
    # A word that every object of JavaScript knows is a word like others.
    host.result(with_text(answers[0], "toString"))
    expect(host.frame.get_by_role("heading", level=1)).to_contain_text("toString")
    assert "native code" not in host.text
    assert failed == []
    host.page.close()


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("card", "answer", "press"),
    [(CHANGE, change(), "Compare fields"), (CLUSTER, cluster(), "Measure lag and volumes")],
    ids=("change", "cluster"),
)
def test_long_texts_marks_of_direction_and_huge_numbers_stay_in_their_frame(
    browser: Browser, card: Card, answer: Answer, press: str
) -> None:
    host = begun(browser, card, width=360)
    for tool, given in (("review_change", review()), ("get_postgres_metrics", metrics())):
        host.answers(tool, longest(given))
    host.result(longest(answer))
    host.press(press)
    expect(host.frame.locator("main")).not_to_have_attribute("aria-busy", "true")
    host.frame.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert host.frame.evaluate("document.documentElement.scrollWidth") <= 360
    assert "\u2039U+202E\u203aevil\u2039U+2066\u203ax" in host.text
    assert not {"\u202e", "\u2066"} & set(host.frame.content())
    host.page.close()


@pytest.mark.parametrize(
    "card", [CHANGE, pytest.param(CLUSTER, marks=pytest.mark.thorough)], ids=lambda card: card.name
)
def test_only_the_host_is_heard(browser: Browser, card: Card) -> None:
    """Another frame beside the card can send to it; the browser says who did."""
    host = begun(browser, card)
    host.result({"name": "true", "title": "true"})
    expect(host.frame.get_by_role("heading", level=1)).to_have_text("true")
    host.page.evaluate(
        """async () => {
          const other = document.body.appendChild(document.createElement("iframe"));
          const params = { structuredContent: { name: "forged", title: "forged" }, reason: "forged", theme: "dark" };
          for (const told of ["tool-result", "tool-cancelled", "host-context-changed"]) {
            const message = { jsonrpc: "2.0", method: `ui/notifications/${told}`, params };
            other.contentWindow.eval(`parent.frames[0].postMessage(${JSON.stringify(message)}, "*")`);
          }
        }"""
    )
    # Whatever is no message of the protocol is passed over too.
    host.page.evaluate(
        "['x', null, 7, {jsonrpc: '1.0', method: 'x'}].forEach(one => host.frame().postMessage(one, '*'))"
    )
    host.send("ui/notifications/no-such-thing", a=1)
    host.page.evaluate("host.send({ id: 99, method: 'no-such-thing', params: {} })")
    host.page.wait_for_function("host.seen.some(one => one.id === 99 && one.error.code === -32601)")
    assert "forged" not in host.text
    assert host.frame.evaluate("document.documentElement.dataset.theme") == "light"
    host.page.close()


@pytest.mark.thorough
def test_a_host_that_refuses_or_never_answers_leaves_the_card_of_a_cluster_as_it_was(browser: Browser) -> None:
    host = begun(browser, CLUSTER, clock=True)
    host.result(cluster())
    for label, tool in (("Refresh", "get_cluster_status"), ("Measure lag and volumes", "get_postgres_metrics")):
        host.answers(tool, error=f"no {tool}")
        host.press(label)
        expect(host.frame.get_by_role("status")).to_have_text(
            f"{label}: no {tool}. The card still shows what was known before."
        )
        host.answers(tool)
        host.press(label)
        host.page.wait_for_function("tool => host.seen.filter(m => m.params?.name === tool).length === 2", arg=tool)
        host.page.clock.fast_forward(121_000)
        expect(host.frame.get_by_role("status")).to_contain_text("has not answered within 120 seconds")
    expect(host.frame.locator(".instance")).to_have_count(3)
    host.page.close()


@pytest.mark.thorough
@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_a_card_without_scripts_names_the_text_of_the_answer(browser: Browser, card: Card) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.set_content(card_page(card))
    assert "The text of the answer says the same." in page.locator("body").inner_text()
    page.close()
