"""The card of a cluster in a real browser: findings first, what runs where, and what can be restored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from gitops_mcp.ui.cards import card_beside, static_page
from tests.ui.answers import cluster, metrics
from tests.ui.host import HostPage, open_card

CARD = card_beside("get_cluster_status", writes=False)
HOSTILE = "</script><img src=x onerror=\"document.title='ran'\"><a href=javascript:alert(1)>\u202e\u0007`x`"
CONCISE = ("instances", "volumes", "services", "poolers", "databases", "certificates", "events", "conditions", "roles")
ASKED = {"cluster_name": "orders", "namespace": "shop", "environment": "prod"}
Answer = dict[str, Any]


def shown(
    browser: Browser,
    answer: Answer,
    *,
    now: str = "",
    width: int = 800,
    theme: str = "light",
    asked: Answer | None = None,
) -> HostPage:
    """`asked`: the arguments of the call, where the host tells them; `now`: what time it is then."""
    assert CARD
    host = open_card(browser, CARD, width=width, theme=theme)
    host.begun()
    if now:
        host.page.clock.set_fixed_time(now)
    if asked:
        host.send("ui/notifications/tool-input", arguments=asked)
    host.result(answer)
    expect(host.frame.get_by_role("heading", level=1)).to_be_visible()
    return host


def test_findings_come_first_with_what_to_do_and_then_what_runs_where(browser: Browser) -> None:
    host = shown(browser, cluster())
    told = ("2/3 ready", "orders-3 is not ready", "look at its pod", "node node-1", "orders-pooler", "orders-rw.shop.svc:5432", "orders.yaml:2", "11d", "403 of the store", "10Gi of 20Gi asked for", "orders-ca")  # fmt: skip
    assert sorted(told, key=host.text.index) == list(told)
    assert host.frame.locator(".instance.primary b.mono").all_inner_texts() == ["orders-1"]
    host.page.close()


def test_instances_stand_in_their_zones_and_are_measured_when_that_is_asked_for(browser: Browser) -> None:
    host = shown(browser, cluster())
    zones = host.frame.locator(".zone")
    assert [one.splitlines()[0] for one in zones.all_inner_texts()] == ["zone eu-1a", "zone eu-1b"]
    assert zones.first.locator(".instance").count() == 2
    host.answers("get_postgres_metrics", metrics())
    host.press("Measure lag and volumes")
    expect(host.frame.get_by_role("status")).to_have_text("Measured; source: the exporters, through the API server")
    assert host.calls() == [("get_postgres_metrics", ASKED)]
    found = host.frame.locator(".instance").all_inner_texts()
    assert "Archiving\nlast 41 s ago" in found[0]
    assert "Lag\n0.4 s" in found[1]
    assert "lag unknown, since its pod does not run" in found[2]
    assert [one.get_attribute("value") for one in host.frame.locator("meter").all()] == ["93"]
    assert "only the kubelet knows it" in host.text
    # What the status has found already is not told twice, and the worst stays first.
    assert host.frame.locator(".notes li.bad b:not(.do)").all_inner_texts() == [
        "critical: not-ready",
        "critical: volume-full",
    ]
    host.answers("get_cluster_status", cluster())
    host.answers("get_postgres_metrics", error="no such tool")
    host.press("Refresh")
    expect(host.frame.get_by_role("status")).to_have_text("Read again, and not measured: no such tool")
    assert "0.4 s" not in host.text
    host.page.close()


@pytest.mark.thorough
def test_backups_are_a_line_of_time_with_what_can_be_restored(browser: Browser) -> None:
    backups = cluster()["backups"]
    (nightly,), (window,) = backups["schedules"], backups["recovery_windows"]
    host = shown(browser, cluster(), now="2026-01-31T10:00:00Z")
    line = host.frame.locator(".timeline")
    # A window that began long before the backups that are named does not press them together.
    assert (line.get_attribute("aria-label") or "").startswith("Backups from 2026-01-22T")
    assert line.locator(".dot").count() == 2
    assert line.locator(".dot.bad").get_attribute("title") == "orders-2: failed, 2026-01-30T02:00:00.000Z"
    begun = line.locator(".window")
    assert begun.get_attribute("title") == "Restorable from here on; the end is not known"
    assert (begun.evaluate("one => one.style.width"), begun.evaluate("one => one.style.left")) == ("0%", "0%")
    host.page.close()
    told = {**window, "last_success": "2026-01-29T02:10:00Z (2d)", "last_failure": "2026-01-30T02:00:00Z (1d)"}
    soon = {**nightly, "next": "2026-02-01T02:00:00Z (in 16h)"}
    host = shown(browser, cluster(backups={**backups, "recovery_windows": [told], "schedules": [soon]}), now="2026-01-31T10:00:00Z")  # fmt: skip
    assert "last failure 2026-01-30T02:00:00Z (1d)" in host.text
    begun = host.frame.locator(".line .window")
    assert (begun.get_attribute("title") or "").endswith("to at least the last")
    assert round(float(begun.evaluate("one => parseFloat(one.style.width)"))) == 70
    assert host.frame.locator(".line .dot").last.get_attribute("title") == "nightly runs next, 2026-02-01T02:00:00.000Z"
    host.page.close()


@pytest.mark.thorough
def test_a_moment_that_cannot_be_is_listed_and_stretches_no_line(browser: Browser) -> None:
    backups = cluster()["backups"]
    recent = [
        {**backups["recent"][0], "stopped": when}
        for when in ("2999-01-01T00:00:00Z", "+275761-01-01T00:00:00Z", "soon")
    ]
    windows = [{**backups["recovery_windows"][0], "first": "2999-01-01T00:00:00Z"}]
    odd = {**backups, "recent": [*recent, backups["recent"][1]], "recovery_windows": windows}
    host = shown(browser, cluster(backups=odd), now="2026-01-31T10:00:00Z")
    line = host.frame.locator(".timeline")
    assert (line.get_attribute("aria-label") or "").startswith(
        "Backups from 2026-01-30T02:00:00.000Z to 2026-01-31T10:"
    )
    assert (line.locator(".dot").count(), line.locator(".window").count()) == (1, 0)
    for told in ("2999-01-01T00:00:00Z", "+275761-01-01T00:00:00Z", "soon"):
        assert told in host.text
    host.page.close()


def test_of_a_concise_answer_everything_can_be_asked_for(browser: Browser) -> None:
    host = shown(browser, cluster(**dict.fromkeys(CONCISE)))
    assert "Primary" in host.text
    assert (
        "Not asked for: conditions, services, poolers and events; instances; volumes; roles; databases; certificates."
        in host.text
    )
    host.answers("get_cluster_status", cluster())
    host.press("Show everything")
    expect(host.frame.locator(".instance")).to_have_count(3)
    assert "Not asked for" not in host.text
    host.press("Refresh")
    expect(host.frame.get_by_role("status")).to_have_text("Read again")
    assert host.calls() == [("get_cluster_status", {**ASKED, "detail_level": "detailed"})] * 2
    host.page.close()


@pytest.mark.thorough
def test_what_was_asked_for_is_asked_for_again(browser: Browser) -> None:
    some = {"sections": ["instances", "storage"], "detail_level": "concise"}
    kept = {"environment", "namespace", "name", "live", "healthy", "instances", "volumes"}
    host = shown(
        browser,
        {name: one for name, one in cluster().items() if name in kept},
        asked={"cluster_name": "orders", **some},
    )
    assert "Not asked for: conditions, services, poolers and events; roles; databases; backups; certificates; what Git says." in host.text  # fmt: skip
    host.answers("get_cluster_status", cluster())
    host.press("Refresh")
    expect(host.frame.get_by_role("status")).to_have_text("Read again")
    assert host.calls() == [("get_cluster_status", {**ASKED, **some})]
    host.page.close()


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("more", "told"),
    [
        pytest.param({"problems": [], "healthy": True}, "Nothing wrong was found.", id="healthy"),
        pytest.param({"problems": [], "not_read": ["logs"]}, "Not looked at: logs.", id="not all read"),
        pytest.param({"problems": [], "omitted": {"problems": 2}}, "2 more findings left off", id="left off"),
        pytest.param({"summary": {"fenced": ["orders-1"]}}, "fenced: orders-1", id="fenced"),
        pytest.param(
            {"problems": [], "live": "unavailable", "phase": None, "healthy": None},
            "What is wrong could not be seen: the API did not answer.",
            id="no API",
        ),
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
@pytest.mark.parametrize("wrong", [None, [None, 7, "x", {"name": {}}]], ids=repr)
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
