"""The card beside the extension's own host bridge, which checks each message by its schema."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from gitops_mcp.ui.cards import CARDS
from tests.ui.answers import change
from tests.ui.host import HostPage, open_card

FOLDER = os.environ.get("GITOPS_MCP_TEST_EXT_APPS")
NODE = shutil.which("node")
BRIDGE = Path(__file__).with_name("bridge.mjs")
pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(not FOLDER, reason="GITOPS_MCP_TEST_EXT_APPS names no folder with @modelcontextprotocol/ext-apps"),
    pytest.mark.skipif(not NODE, reason="there is no Node"),
]  # fmt: skip


@pytest.fixture
def bridge() -> Iterator[subprocess.Popen[str]]:
    answer = {"content": [{"type": "text", "text": "as text"}], "structuredContent": change()}
    module = Path(str(FOLDER)) / "node_modules/@modelcontextprotocol/ext-apps/dist/src/app-bridge.js"
    command = [str(NODE), str(BRIDGE), module.as_uri(), json.dumps(answer)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        yield child
        child.kill()


def carried(host: HostPage, bridge: subprocess.Popen[str], method: str, answers: int) -> list[dict[str, Any]]:
    """Gives the bridge what the card has said last by this method, and the card as many messages as come back."""
    host.page.wait_for_function("method => host.seen.some(m => m.method === method)", arg=method)
    assert bridge.stdin
    assert bridge.stdout
    bridge.stdin.write(json.dumps(host.seen(method)[-1]) + "\n")
    bridge.stdin.flush()
    back: list[dict[str, Any]] = [json.loads(bridge.stdout.readline()) for _ in range(answers)]
    for one in back:
        host.page.evaluate("message => host.send(message)", one)
    return back


def test_the_bridge_takes_what_the_card_says_and_the_card_what_it_answers(
    browser: Browser, bridge: subprocess.Popen[str]
) -> None:
    host = open_card(browser, CARDS[0], silent=True)
    (begun,) = carried(host, bridge, "ui/initialize", 1)
    assert "error" not in begun
    told = carried(host, bridge, "ui/notifications/initialized", 2)
    assert [one["method"] for one in told] == ["ui/notifications/tool-input", "ui/notifications/tool-result"]
    expect(host.frame.get_by_role("heading", level=1)).to_have_text("Scale orders-db")
    assert host.frame.evaluate("document.documentElement.dataset.theme") == "dark"
    host.press("Refresh")
    carried(host, bridge, "tools/call", 1)
    expect(host.frame.get_by_text("asked by get_change")).to_be_visible()
    host.press("Open the pull request")
    carried(host, bridge, "ui/open-link", 1)
    expect(host.frame.get_by_role("status")).to_contain_text("Opened https://")
    host.page.close()
