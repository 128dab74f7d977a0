"""Takes the pictures of the cards for the docs, from answers of a server beside the sandbox: `make pictures`."""

from __future__ import annotations

import base64
import functools
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import anyio
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from playwright.sync_api import sync_playwright

from gitops_mcp.sandbox.run import World, start_sandbox
from gitops_mcp.ui.cards import card_beside
from tests.e2e.conftest import call, structure
from tests.ui.host import ARGUMENTS, CHROMIUM, NO_BROWSER, HostPage, open_card

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
    ):
        answers = anyio.run(functools.partial(asked, world))
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        for name, (answer, followed) in answers.items():
            card = card_beside("get_cluster_status" if name.startswith("cluster-") else "get_change", writes=False)
            assert card
            for theme in ("light", "dark"):
                for width in (360, 1200):
                    host = open_card(browser, card, theme=theme, width=width)
                    host.begun()
                    host.answers("get_change", followed)
                    host.result(answer)
                    take(host, PICTURES / f"{name}-{theme}-{width}.webp", width=width)
        browser.close()


async def asked(world: World) -> dict[str, tuple[Answer, Answer]]:
    """By the name of the picture an answer, and what get_change says of it.

    A change that arrives, one that fails, and one that loses data; a cluster that is well, and one that is not.
    """
    configured = json.loads(world.mcp.read_text())["mcpServers"]["gitops-mcp"]
    # A home of its own: the git configuration of whoever runs this plays no part.
    env = {**configured["env"], "HOME": str(world.directory.parent), "PATH": os.environ["PATH"]}
    started = StdioServerParameters(command=configured["command"], args=configured["args"], env=env)
    async with Client(stdio_client(started)) as client:
        whole = {**ON, "detail_level": "detailed"}
        well = structure(await call(client, "get_cluster_status", **whole))
        scaled = await written(client, "scale_postgres_cluster", name="orders-db", instances=4, reason="more readers")
        healthy = await arrived(world, client, scaled, "healthy")
        orphan = await written(client, "create_postgres_database", **ON, database_name="reports", owner="analyst")
        failed = await arrived(world, client, orphan, "failed")
        unwell = structure(await call(client, "get_cluster_status", **whole))
        kept = await written(client, "create_postgres_database", **ON, database_name="audit", owner="orders_app")
        await arrived(world, client, kept, "healthy")
        step = await written(client, "delete_postgres_database", **ON, database_name="audit", drop=True, confirm_deletion=True)  # fmt: skip
        seen = structure(await call(client, "get_change", change=step["change"]))
        return {
            "healthy": (healthy, healthy),
            "failing": (failed, failed),
            "destructive": (step, seen),
            "cluster-healthy": (well, well),
            "cluster-failing": (unwell, unwell),
        }


async def written(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
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
    """Of all of the card, once it asks for nothing any more."""
    host.frame.locator("main:not([aria-busy]) h1").wait_for()
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
