"""The card of a cluster in a real browser: findings first, what runs where, and what can be restored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from gitops_mcp.ui.cards import card_beside, static_page
from tests.ui.answers import cluster
from tests.ui.host import HostPage, open_card

CARD = card_beside("get_cluster_status", writes=False)
HOSTILE = "</script><img src=x onerror=\"document.title='ran'\"><a href=javascript:alert(1)>\u202e\u0007`x`"
CONCISE = ("instances", "volumes", "services", "poolers", "databases", "certificates", "events")
Answer = dict[str, Any]


def shown(browser: Browser, answer: Answer, **more: Any) -> HostPage:
    assert CARD
    host = open_card(browser, CARD, **more)
    host.begun()
    host.result(answer)
    expect(host.frame.get_by_role("heading", level=1)).to_be_visible()
    return host


def test_findings_come_first_with_what_to_do_and_then_what_runs_where(browser: Browser) -> None:
    host = shown(browser, cluster())
    told = ("2/3 ready", "orders-3 is not ready", "look at its pod", "node node-1", "orders-rw.shop.svc:5432", "orders.yaml:2", "403 of the store", "10Gi of 20Gi asked for", "orders-ca")  # fmt: skip
    assert sorted(told, key=host.text.index) == list(told)
    assert host.frame.locator(".instance.primary b.mono").all_inner_texts() == ["orders-1"]
    host.page.close()


@pytest.mark.thorough
def test_backups_are_a_line_of_time_with_what_can_be_restored(browser: Browser) -> None:
    host = shown(browser, cluster())
    line = host.frame.locator("svg.timeline")
    assert (line.get_attribute("aria-label") or "").startswith("Backups from 2026-01-20T02:10:00.000Z to 2099-")
    assert line.locator("circle").count() == 3
    assert line.locator("circle.bad title").text_content() == "orders-2: failed, 2026-01-30T02:00:00.000Z"
    told = line.locator("rect.window title")
    assert told.text_content() == "Restorable from here on; the end is not known"
    assert float(line.locator("rect.window").get_attribute("width") or 0) < 5
    host.page.close()
    window = {"server": "orders", "first": "2026-01-20T02:10:00Z (11d)", "last_success": "2026-01-29T02:10:00Z (2d)"}
    backups = {**cluster()["backups"], "recovery_windows": [{**window, "last_failure": "2026-01-30T02:00:00Z (1d)"}]}
    host = shown(browser, cluster(backups=backups))
    assert "last failure 2026-01-30T02:00:00Z (1d)" in host.text
    assert (host.frame.locator("rect.window title").text_content() or "").endswith("to the last at least")
    host.page.close()


def test_of_a_concise_answer_everything_can_be_asked_for(browser: Browser) -> None:
    host = shown(browser, cluster(**dict.fromkeys(CONCISE)))
    assert "Primary" in host.text
    host.answers("get_cluster_status", cluster())
    host.press("Show everything")
    expect(host.frame.locator(".instance")).to_have_count(3)
    asked = {"cluster_name": "orders", "namespace": "shop", "environment": "prod", "detail_level": "detailed"}
    host.press("Refresh")
    expect(host.frame.get_by_role("status")).to_have_text("")
    assert host.calls() == [("get_cluster_status", asked)] * 2
    host.page.close()


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("more", "told"),
    [
        pytest.param({"problems": [], "healthy": True}, "Nothing wrong was found.", id="healthy"),
        pytest.param({"problems": [], "not_read": ["logs"]}, "Not looked at: logs.", id="not all read"),
        pytest.param({"problems": [], "omitted": {"problems": 2}}, "2 more findings left off", id="left off"),
        pytest.param({"summary": {"fenced": ["orders-1"]}}, "fenced: orders-1", id="fenced"),
        pytest.param({"live": "unavailable", "phase": None, "healthy": None}, "the API did not answer", id="no API"),
        pytest.param({"live": "absent", "phase": None, "healthy": None}, "not live", id="not live"),
    ],
)
def test_what_is_not_wrong_or_not_there_is_said(browser: Browser, more: Answer, told: str) -> None:
    host = shown(browser, cluster(**more))
    assert told in host.text
    host.page.close()


def _leaves(value: Any, into: Callable[[str], Any]) -> Any:
    if isinstance(value, dict):
        return {name: _leaves(one, into) for name, one in value.items()}
    if isinstance(value, list):
        return [_leaves(one, into) for one in value]
    return into(value) if isinstance(value, str) else value


@pytest.mark.thorough
def test_text_from_outside_stays_text_wherever_it_stands(browser: Browser) -> None:
    kept = {"live", "severity", "role", "phase_class"}
    answer = {
        name: one if name in kept else _leaves(one, lambda text: text + HOSTILE) for name, one in cluster().items()
    }
    host = shown(browser, answer)
    assert host.page.title() == ""
    assert host.frame.evaluate("document.title") == "Card of a cluster"
    assert host.frame.locator("main img, main a, main script").count() == 0
    assert host.loaded == []
    assert "\u2039U+202E\u203a\u2039U+0007\u203a" in host.text
    host.page.close()


@pytest.mark.thorough
@pytest.mark.parametrize("wrong", [None, 7, "text", [], {}, [None, 7, "x", {"name": {}}]], ids=repr)
def test_an_answer_of_another_version_is_shown_as_far_as_it_is_known(browser: Browser, wrong: Any) -> None:
    answer = {
        **{name: wrong for name in cluster() if name not in {"name", "namespace"}},
        "name": "orders",
        "new": "field",
    }
    host = shown(browser, answer)
    assert "orders" in host.frame.get_by_role("heading", level=1).inner_text()
    host.frame.locator("summary", has_text="does not know").click()
    assert '"new": "field"' in host.text
    host.page.close()


@pytest.mark.thorough
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_narrow_card_is_as_wide_as_its_place(browser: Browser, theme: str) -> None:
    host = shown(browser, cluster(), theme=theme, width=360)
    assert host.frame.evaluate("document.documentElement.scrollWidth") <= 360
    host.page.close()


@pytest.mark.thorough
def test_a_page_with_the_answer_in_it_needs_no_host(browser: Browser) -> None:
    assert CARD
    page = browser.new_page()
    page.set_content(static_page(CARD, cluster(), "as text"))
    expect(page.locator(".instance")).to_have_count(3)
    assert page.get_by_role("button").count() == 0
    page.close()
