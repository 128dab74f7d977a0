"""A card in a real browser, beside a host of ours that speaks the messages of the MCP Apps extension."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Frame, Page, Route

from gitops_mcp.ui.cards import Card, card_page

HOST = (Path(__file__).parent / "host.js").read_text()
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_HOST, _CARD = "http://host.test/", "http://card.test/"
"""Answered by the browser itself: no network is there."""
NO_BROWSER = "there is no Chromium on PATH"
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--force-color-profile=srgb", "--hide-scrollbars", "--disable-lcd-text")
"""Root, as in a container, gets no sandbox of Chromium; nothing but pages of ours is opened."""


@dataclass(frozen=True)
class HostPage:
    """One card in its frame; `loaded` keeps what the card has asked of any network."""

    page: Page
    frame: Frame
    loaded: list[str]

    def send(self, method: str, **params: Any) -> None:
        self.page.evaluate("message => host.send(message)", {"method": method, "params": params})

    def result(self, structured: Mapping[str, Any] | None, text: str = "", *, is_error: bool = False) -> None:
        """The answer of the call that the card belongs to."""
        told = {"content": [{"type": "text", "text": text}], "isError": is_error}
        self.send("ui/notifications/tool-result", **told, **({"structuredContent": structured} if structured else {}))

    def answers(self, tool: str, structured: Mapping[str, Any] | None = None, *, error: str | None = None) -> None:
        """What the host says to a call of this tool; without either it never answers."""
        answer = {"error": {"code": -32000, "message": error}} if error else None
        if structured is not None:
            answer = {"result": {"content": [], "structuredContent": structured}}
        self.page.evaluate("([tool, answer]) => { host.answers[tool] = answer; }", [tool, answer])

    def calls(self) -> list[tuple[str, dict[str, Any]]]:
        """The tools that the card has had called."""
        asked = [one["params"] for one in self.seen("tools/call")]
        return [(one["name"], one["arguments"]) for one in asked]

    def seen(self, method: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.page.evaluate("method => host.seen.filter(m => m.method === method)", method)
        return found

    def press(self, label: str) -> None:
        self.frame.get_by_role("button", name=label, exact=True).click()

    @property
    def text(self) -> str:
        return self.frame.locator("body").inner_text()

    @property
    def told(self) -> str:
        """What a screen reader is told of the state of the card."""
        return self.frame.get_by_role("status").inner_text()

    def begun(self) -> None:
        """Waits until the card has said that it is ready."""
        self.page.wait_for_function("host.seen.some(m => m.method === 'ui/notifications/initialized')")


def open_card(
    browser: Browser,
    card: Card,
    *,
    theme: str = "light",
    width: int = 800,
    capabilities: Mapping[str, Any] | None = None,
    silent: bool = False,
    clock: bool = False,
) -> HostPage:
    """The card as a host shows it; with `clock` its time passes only where a test says so."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    told = f"host.context.theme = {theme!r}; host.silent = {'true' if silent else 'false'};"
    if capabilities is not None:
        told += f"host.capabilities = {dict(capabilities)!r};"
    style = "<style>body{margin:0}iframe{border:0;width:100%;height:100vh;display:block}</style>"
    around = f'<iframe sandbox="allow-scripts" src="{_CARD}"></iframe>'
    pages = {_HOST: f"<!doctype html>{style}<script>{HOST}{told}</script>{around}", _CARD: card_page(card)}
    loaded: list[str] = []

    def served(route: Route) -> None:
        if (text := pages.get(route.request.url)) is not None:
            route.fulfill(body=text, content_type="text/html")
            return
        loaded.append(route.request.url)
        route.abort()

    page.route("**/*", served)
    if clock:
        page.clock.install()
    page.goto(_HOST)
    shown = next(one for one in page.frames if one is not page.main_frame)
    return HostPage(page, shown, loaded)
