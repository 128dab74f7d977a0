"""Takes the pictures of the cards for the docs, from answers of a server beside the sandbox: `make pictures`."""

from __future__ import annotations

import base64
import functools
import json
import os
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from playwright.sync_api import sync_playwright

from gitops_mcp.sandbox.run import World, start_sandbox
from gitops_mcp.ui.cards import card_beside
from tests.e2e.conftest import call, structure
from tests.fakes.api import ReplayingApi
from tests.ui.host import ARGUMENTS, CHROMIUM, NO_BROWSER, HostPage, open_card
from tests.ui.pictured_cluster import add_past, break_it, with_prometheus

PICTURES = Path(__file__).parents[2] / "docs" / "pictures" / "cards"
ON = {"cluster_name": "orders-db"}
PACKED = """async address => {
  const image = new Image();
  image.src = address;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
  canvas.getContext("2d").drawImage(image, 0, 0);
  return canvas.toDataURL("image/webp", 0.7);
}"""
"""A third of the browser's own PNG, which packs little."""
Answer = dict[str, Any]


def main() -> None:
    if CHROMIUM is None:
        sys.exit(NO_BROWSER)
    with (
        tempfile.TemporaryDirectory() as folder,
        start_sandbox(Path(folder) / "world", step=0.02, poll=0.02, forge="github") as world,
        with_prometheus(world) as prometheus,
    ):
        pictures = anyio.run(functools.partial(asked, world, prometheus))
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        for one in pictures:
            card = card_beside(one.tool, writes=one.tool.startswith("delete"))
            assert card
            for theme in ("light", "dark"):
                for width in (360, 1200):
                    host = open_card(browser, card, theme=theme, width=width)
                    host.begun()
                    for tool, answer in one.answers.items():
                        host.answers(tool, answer)
                    host.send("ui/notifications/tool-input", arguments=one.arguments)
                    host.result(one.answers[one.tool])
                    host.frame.locator("main:not([aria-busy]) h1").wait_for()
                    if one.press:
                        host.press(one.press)
                        host.frame.locator("main:not([aria-busy])").wait_for()
                    take(host, PICTURES / f"{one.name}-{theme}-{width}.webp", width=width)
        browser.close()


@dataclass(frozen=True)
class Picture:
    name: str
    tool: str
    """Whose answer the card belongs to."""
    answers: dict[str, Answer]
    """By tool, what it has answered."""
    arguments: dict[str, Any] = field(default_factory=dict)
    press: str = ""
    """The button that is pressed before it is taken."""


async def asked(world: World, prometheus: ReplayingApi) -> list[Picture]:
    """A cluster that is well; changes that arrive, fail and lose data; a cluster that is not well."""
    configured = json.loads(world.mcp.read_text())["mcpServers"]["gitops-mcp"]
    # A home of its own: the git configuration of whoever runs this plays no part.
    env = {**configured["env"], "HOME": str(world.directory.parent), "PATH": os.environ["PATH"]}
    started = StdioServerParameters(command=configured["command"], args=configured["args"], env=env)
    async with Client(stdio_client(started)) as client:
        whole = {**ON, "detail_level": "detailed"}
        tools = {"get_cluster_status": whole, "get_postgres_metrics": ON}

        async def looked_at(name: str) -> Picture:
            answers = {tool: await answered(client, tool, **given) for tool, given in tools.items()}
            return Picture(name, "get_cluster_status", answers, whole, press="Measure lag and volumes")

        add_past(world, prometheus)
        well = await looked_at("cluster-healthy")
        scaled = await answered(client, "scale_postgres_cluster", name="orders-db", instances=4, reason="more readers")
        healthy = await arrived(world, client, scaled, "healthy")
        orphan = await answered(client, "create_postgres_database", **ON, database_name="reports", owner="analyst")
        failed = await arrived(world, client, orphan, "failed")
        kept = await answered(client, "create_postgres_database", **ON, database_name="audit", owner="orders_app")
        await arrived(world, client, kept, "healthy")
        step = await answered(client, "delete_postgres_database", **ON, database_name="audit", drop=True, confirm_deletion=True)  # fmt: skip
        seen = await answered(client, "get_change", change=step["change"])
        lost = await answered(client, "discard_change", change=step["change"], dry_run=True)
        break_it(world, prometheus)
        unwell = await looked_at("cluster-failing")
        return [
            well,
            unwell,
            Picture("healthy", "get_change", {"get_change": healthy}),
            Picture("failing", "get_change", {"get_change": failed}),
            Picture("destructive", "delete_postgres_database", {"delete_postgres_database": step, "get_change": seen}),
            Picture("discarding", "get_change", {"get_change": seen, "discard_change": lost}, press="Discard\u2026"),
        ]


async def answered(client: Client, tool: str, **arguments: Any) -> Answer:
    return structure(await call(client, tool, **arguments))


async def arrived(world: World, client: Client, done: dict[str, Any], state: str) -> dict[str, Any]:
    """What get_change answers once a person has merged it."""
    assert world.forge
    forge = world.forge.server.forge
    forge.observe()
    pull = forge.find_open(forge.repository, done["branch"])
    assert pull
    forge.approve(pull)
    forge.merge(pull, "merge", delete=True)
    with anyio.fail_after(60):
        while True:
            seen = structure(await call(client, "get_change", change=done["change"]))
            if seen["state"] == state:
                return seen
            await anyio.sleep(0.1)


def take(host: HostPage, place: Path, *, width: int) -> None:
    """Of all of the card."""
    height = host.frame.evaluate("Math.ceil(document.documentElement.getBoundingClientRect().height)")
    host.page.set_viewport_size({"width": width, "height": height})
    host.frame.wait_for_function("height => innerHeight === height", arg=height)
    host.frame.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    taken = base64.b64encode(host.page.screenshot()).decode()
    packed = host.page.evaluate(PACKED, f"data:image/png;base64,{taken}")
    place.write_bytes(base64.b64decode(packed.partition(",")[2]))
    host.page.close()


if __name__ == "__main__":
    main()
