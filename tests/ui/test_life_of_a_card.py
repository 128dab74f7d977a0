"""What every card does, whatever it shows: from the first message to the host until the host takes it away."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from gitops_mcp.ui.cards import CARDS, Card
from tests.ui.host import open_card

EACH_CARD = pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)


@EACH_CARD
def test_a_card_begins_as_the_extension_says_and_loads_nothing(browser: Browser, card: Card) -> None:
    host = open_card(browser, card)
    host.begun()
    (begun,) = host.seen("ui/initialize")
    assert begun["params"]["protocolVersion"] == "2026-01-26"
    assert host.told == "Waiting for the answer…"
    host.result(None, "as text")
    expect(host.frame.locator("pre")).to_have_text("as text")
    host.page.wait_for_function("host.seen.some(m => m.method === 'ui/notifications/size-changed')")
    assert host.loaded == []
    host.page.close()


@pytest.mark.thorough
@EACH_CARD
def test_a_failed_call_is_told_as_it_came(browser: Browser, card: Card) -> None:
    host = open_card(browser, card)
    host.begun()
    host.result(None, "NotFound: <b>none</b>", is_error=True)
    expect(host.frame.locator("pre.refused")).to_have_text("NotFound: <b>none</b>")
    assert "failed" in host.told
    host.page.close()


@pytest.mark.thorough
@EACH_CARD
def test_a_host_that_never_begins_is_told_with_its_time_limit(browser: Browser, card: Card) -> None:
    host = open_card(browser, card, silent=True, clock=True)
    host.page.wait_for_function("host.seen.length > 0")
    host.page.clock.fast_forward(11_000)
    expect(host.frame.get_by_role("status")).to_contain_text("has not answered within 10 seconds")
    host.page.close()


@pytest.mark.thorough
@EACH_CARD
def test_an_answer_that_never_comes_is_told_with_its_time_limit_and_may_come_later(
    browser: Browser, card: Card
) -> None:
    host = open_card(browser, card, clock=True)
    host.begun()
    host.page.clock.fast_forward(121_000)
    expect(host.frame.get_by_role("status")).to_contain_text("within 120 seconds")
    host.result(None, "late")
    expect(host.frame.locator("pre")).to_have_text("late")
    host.page.close()


@pytest.mark.thorough
@EACH_CARD
def test_a_cancelled_call_and_a_farewell_are_taken(browser: Browser, card: Card) -> None:
    host = open_card(browser, card)
    host.begun()
    host.send("ui/notifications/tool-cancelled", reason="by the person")
    expect(host.frame.get_by_role("status")).to_have_text("The call was cancelled: by the person.")
    host.page.evaluate("host.send({id: 77, method: 'ui/resource-teardown', params: {}})")
    host.page.wait_for_function("host.seen.some(m => m.id === 77 && m.result)")
    host.page.close()
