"""The card of a change in a real browser: what it shows, what its buttons ask for, and what it withstands."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from gitops_mcp.ui.cards import CARDS, static_page
from tests.ui.answers import URL, change, discarded, opened, review, written
from tests.ui.host import HostPage, open_card

CARD, *_ = CARDS
HOSTILE = "</script><img src=x onerror=\"document.title='ran'\"><a href=javascript:alert(1)>\u202e\u0007`x`"
Answer = dict[str, Any]


def shown(browser: Browser, answer: Answer, followed: Answer | None = None, **more: Any) -> HostPage:
    """`followed`: what get_change answers."""
    host = open_card(browser, CARD, **more)
    host.begun()
    host.answers("get_change", followed or change())
    host.result(answer)
    expect(host.frame.get_by_role("heading", level=1)).to_be_visible()
    return host


def test_a_change_is_shown_with_its_road_impact_and_words_that_differ(browser: Browser) -> None:
    host = shown(browser, change())
    road = host.frame.get_by_role("list", name="Road of the change").get_by_role("listitem")
    expect(road).to_have_count(6)
    assert host.frame.locator("[aria-current=step]").inner_text().startswith("in review")
    assert host.frame.locator(".diff mark").all_inner_texts() == ["3", "4"]
    assert "spec.instances 3 -> 4: adds 1 replica" in host.text
    for told in ("Instances restart one after another", "few-nodes", "Ask a person to review", "ada", "lint"):
        assert told in host.text
    host.page.close()


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("state", "last", "steps"),
    [("draft", "draft", 6), ("healthy", "healthy", 6), ("failed", "failed", 5), ("closed", "closed", 4), ("empty", "empty", 2)],
)  # fmt: skip
def test_the_road_ends_where_the_change_stands(browser: Browser, state: str, last: str, steps: int) -> None:
    host = shown(browser, change(state=state))
    expect(host.frame.locator(".road li")).to_have_count(steps)
    assert host.frame.locator("[aria-current=step]").inner_text().startswith(last)
    host.page.close()


@pytest.mark.thorough
def test_a_write_shows_its_fields_and_asks_where_its_change_stands(browser: Browser) -> None:
    host = shown(browser, written())
    expect(host.frame.locator("h2", has_text="Live")).to_be_visible()
    assert host.calls() == [("get_change", {"change": "scale-orders"})]
    row = host.frame.locator("table.by-field, .by-field tbody tr").last
    assert re.split(r"\s+", row.inner_text()) == ["spec.instances", "3", "4"]
    assert "Argo CD applies it" in host.text
    host.page.close()


@pytest.mark.thorough
def test_a_dry_run_asks_for_nothing_and_offers_nothing_to_press(browser: Browser) -> None:
    host = shown(browser, written(outcome="dry_run", pull_request=None, commit=None))
    assert "dry run" in host.text
    assert host.calls() == []
    assert host.frame.get_by_role("button").count() == 0
    host.page.close()


@pytest.mark.thorough
def test_a_review_shows_findings_before_fields(browser: Browser) -> None:
    host = shown(browser, review())
    told = ("storage-shrink", "no-kubeconfig", "spec.storage.size", "20Gi", "10Gi")
    assert sorted(told, key=host.text.index) == list(told)
    host.page.close()


@pytest.mark.thorough
def test_the_text_of_a_pull_request_is_shown(browser: Browser) -> None:
    host = shown(browser, opened())
    host.frame.locator("summary").click()
    assert "more load" in host.text
    host.page.close()


def test_discarding_names_what_is_lost_and_is_pressed_twice(browser: Browser) -> None:
    host = shown(browser, change())
    host.answers("discard_change", discarded(outcome="dry_run"))
    host.press("Discard…")
    asked = host.frame.get_by_role("alertdialog")
    expect(asked).to_contain_text("Branch gitops-mcp/scale-orders with 2 commits, the last one cccccccccccc")
    expect(asked).to_contain_text("Pull request #7 is closed")
    assert host.calls() == [("discard_change", {"change": "scale-orders", "dry_run": True})]
    host.answers("discard_change", discarded())
    host.press("Discard 2 commits for good")
    expect(host.frame.get_by_role("status")).to_have_text("Discarded")
    assert host.calls()[1:] == [("discard_change", {"change": "scale-orders", "confirm_deletion": True})]
    assert host.frame.get_by_role("button").all_inner_texts() == ["Open the pull request"]
    host.page.close()


@pytest.mark.thorough
def test_a_change_that_is_kept_stays_as_it_was(browser: Browser) -> None:
    host = shown(browser, change())
    host.answers("discard_change", discarded(outcome="dry_run"))
    host.press("Discard…")
    expect(host.frame.get_by_role("button", name="Keep it")).to_be_focused()
    host.page.keyboard.press("Enter")
    expect(host.frame.get_by_role("alertdialog")).to_have_count(0)
    assert len(host.calls()) == 1
    host.page.close()


@pytest.mark.thorough
def test_what_is_behind_is_brought_up_and_read_again_by_keyboard(browser: Browser) -> None:
    host = shown(browser, change(behind=2))
    host.answers("refresh_change", written(summary="Planned again"))
    host.frame.get_by_role("button", name="Bring up to the base").focus()
    host.page.keyboard.press("Enter")
    expect(host.frame.get_by_role("status")).to_have_text("Planned again")
    assert host.calls() == [("refresh_change", {"change": "scale-orders"}), ("get_change", {"change": "scale-orders"})]
    assert host.frame.get_by_role("button", name="Bring up to the base").count() == 0
    host.page.close()


@pytest.mark.thorough
def test_fields_of_a_change_are_compared_by_a_review(browser: Browser) -> None:
    host = shown(browser, change())
    host.answers("review_change", review())
    host.press("Compare fields")
    expect(host.frame.locator("td ins")).to_have_text("10Gi")
    assert host.calls() == [("review_change", {"ref": "gitops-mcp/scale-orders"})]
    host.page.close()


def test_an_error_of_the_host_is_told_and_what_was_shown_stays(browser: Browser) -> None:
    host = shown(browser, change())
    host.answers("get_change", error="no server")
    host.press("Refresh")
    expect(host.frame.get_by_role("status")).to_have_text(
        "Refresh: no server. The card still shows what was known before."
    )
    assert "Scale orders-db" in host.text
    host.press("Open the pull request")
    expect(host.frame.get_by_role("status")).to_have_text(f"Opened {URL}")
    assert [one["params"] for one in host.seen("ui/open-link")] == [{"url": URL}]
    host.page.close()


@pytest.mark.thorough
def test_a_host_that_never_answers_a_button_is_told_with_its_time_limit(browser: Browser) -> None:
    host = shown(browser, change(), clock=True)
    host.answers("get_change")
    host.press("Refresh")
    host.page.wait_for_function("host.seen.some(m => m.method === 'tools/call')")
    host.page.clock.fast_forward(121_000)
    expect(host.frame.get_by_role("status")).to_contain_text("has not answered within 120 seconds")
    host.answers("get_change", change(state="merged"))
    host.press("Refresh")
    expect(host.frame.get_by_role("status")).to_have_text("Read again: merged")
    host.page.close()


@pytest.mark.thorough
def test_a_host_that_only_shows_gets_no_buttons_that_cannot_work(browser: Browser) -> None:
    host = shown(browser, written(), capabilities={})
    assert host.frame.get_by_role("button").count() == 0
    assert URL in host.text
    assert host.calls() == []
    host.page.close()


def planted(value: Any, text: str = HOSTILE) -> Any:
    """The same with a hostile text in place of each string, but for what chooses what is drawn."""
    if isinstance(value, dict):
        kept = {"state", "verdict", "outcome", "level", "action"}
        return {name: one if name in kept else planted(one, text) for name, one in value.items()}
    if isinstance(value, list):
        return [planted(one, text) for one in value]
    return text if isinstance(value, str) else value


THOROUGH = [pytest.param(one, marks=pytest.mark.thorough) for one in (written, review)]


@pytest.mark.parametrize("made", [change, *THOROUGH])
def test_markup_and_script_in_every_field_stay_text(browser: Browser, made: Callable[[], Answer]) -> None:
    host = shown(browser, planted(made()), planted(change()))
    assert host.frame.locator("img, a, iframe, object, form").count() == 0
    assert host.frame.evaluate("document.querySelectorAll('script').length") == 2
    assert "<img src=x onerror=" in host.text
    assert "\u2039U+202E\u203a\u2039U+0007\u203a" in host.text
    assert "\u202e" not in host.text
    # Nor is an address opened that is none of the web.
    assert host.frame.get_by_role("button", name="Open the pull request").count() == 0
    assert host.loaded == []
    assert host.frame.evaluate("document.title") == "Card of a change"
    host.page.close()


@pytest.mark.thorough
def test_an_address_that_is_a_script_is_no_button(browser: Browser) -> None:
    host = shown(browser, planted(change(), "javascript:parent.postMessage(1,'*')"))
    assert host.frame.get_by_role("button", name="Open the pull request").count() == 0
    host.page.close()


@pytest.mark.thorough
@pytest.mark.parametrize(
    "answer",
    [
        {"change": "scale-orders", "state": "paused", "why": "a state of another version", "cost": {"euros": 3}},
        {"state": 5, "impact": "none", "files": {"a": 1}, "commits": [None, 3], "next": "later", "cost": {"euros": 3}},
        {"pull_request": [1], "objects": [{"fields": 3}], "verdict": "fine", "impact": {"level": "new"}, "cost": {"euros": 3}},
    ],
)  # fmt: skip
def test_an_answer_of_another_version_is_shown_as_far_as_it_is_known(browser: Browser, answer: Answer) -> None:
    host = shown(browser, answer)
    host.frame.get_by_text("Fields that this card does not know").click()
    assert '"euros": 3' in host.text
    assert "does not know; it is shown as it came" not in host.text
    host.page.close()


@pytest.mark.thorough
def test_two_hundred_files_are_listed_and_few_are_unfolded(browser: Browser) -> None:
    one = "--- a/{0}.yaml\n+++ b/{0}.yaml\n@@ -1,9 +1,9 @@\n-size: 1Gi\n+size: 2Gi\n" + " kept\n" * 8
    diff = "".join(one.format(f"clusters/prod/{number}") for number in range(200))
    files = [{"path": f"clusters/prod/{number}.yaml", "action": "modified", "line": 1} for number in range(200)]
    host = shown(browser, {**change(), "diff": diff, "files": files})
    assert host.frame.locator("details").count() >= 200
    assert 20 <= host.frame.locator("details[open]").count() <= 50
    assert "clusters/prod/199.yaml" in host.text
    host.page.close()


@pytest.mark.thorough
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_card_fits_a_narrow_frame_in_both_themes(browser: Browser, theme: str) -> None:
    host = shown(browser, written(summary="Scale " + "x" * 300), theme=theme, width=360)
    assert host.frame.evaluate("document.documentElement.scrollWidth") <= 360
    dark = host.frame.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 24, 29)"
    assert dark == (theme == "dark")
    host.send("ui/notifications/host-context-changed", theme="dark" if theme == "light" else "light")
    host.frame.wait_for_function(f"document.documentElement.dataset.theme !== {theme!r}")
    host.page.close()


@pytest.mark.thorough
@pytest.mark.parametrize("scripts", [True, False])
def test_a_static_page_says_it_with_scripts_and_without(browser: Browser, *, scripts: bool) -> None:
    page = browser.new_page(java_script_enabled=scripts)
    page.set_content(static_page(CARD, planted(review()), f"The comment. {HOSTILE}"))
    text = page.locator("body").inner_text()
    assert ("data loss" if scripts else "The comment. </script><img") in text
    assert page.locator("img, a").count() == 0
    assert page.title() == "Card of a change"
    page.close()
