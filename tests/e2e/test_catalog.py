"""Prompts, resources and completions, by the SDK's client over stdio beside the sandbox."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mcp import Client, MCPError
from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID
from mcp.types import (
    GetPromptResult,
    PromptReference,
    ReadResourceResult,
    ResourceTemplateReference,
    TextContent,
    TextResourceContents,
)

from gitops_mcp.catalog.prompts import PROMPTS
from gitops_mcp.sandbox.run import World
from gitops_mcp.ui.cards import CARDS
from tests.e2e.conftest import Mode, call, server, structure

PAGES = {path.stem for path in (Path(__file__).parents[2] / "docs").glob("*.md")}


async def read(client: Client, uri: str) -> str:
    found = await client.read_resource(uri)
    assert isinstance(found, ReadResourceResult)
    (contents,) = found.contents
    assert isinstance(contents, TextResourceContents)
    assert contents.mime_type == "text/markdown"
    return contents.text


async def completed(
    client: Client, ref: PromptReference | ResourceTemplateReference, name: str, value: str = "", **known: str
) -> list[str]:
    found = await client.complete(ref, {"name": name, "value": value}, context_arguments=known or None)
    return found.completion.values


@pytest.mark.anyio
async def test_what_is_there_can_be_read_by_its_address(world: World, mode: Mode) -> None:
    async with server(world, mode=mode) as client:
        listed = [str(one.uri) for one in (await client.list_resources()).resources]
        templates = [one.uri_template for one in (await client.list_resource_templates()).resource_templates]
        assert templates == ["gitops-mcp://changes/{change}", "gitops-mcp://docs/{page}"]
        assert listed[:2] == ["gitops-mcp://clusters", "gitops-mcp://configuration"]
        assert [uri for uri in listed if uri.startswith("ui:")] == [one.uri for one in CARDS]
        assert {uri.rpartition("/")[2] for uri in listed[2 : -len(CARDS)]} == PAGES
        assert "orders-db" in await read(client, "gitops-mcp://clusters")
        assert "| prod | clusters/prod |" in await read(client, "gitops-mcp://configuration")
        assert (await read(client, "gitops-mcp://docs/changes")).startswith("# ")
        made = structure(await call(client, "scale_postgres_cluster", name="orders-db", instances=5))
        shown = await read(client, f"gitops-mcp://changes/{made['change']}")
        assert "+  instances: 5" in shown


@pytest.mark.anyio
async def test_a_card_is_read_as_a_page_that_may_load_nothing(quiet: World, mode: Mode) -> None:
    async with server(quiet, mode=mode) as client:
        if mode == "auto":  # the older era has no word for extensions
            assert client.server_capabilities.extensions == {EXTENSION_ID: {}}
        offered = (await client.list_tools()).tools
        beside = {str((one.meta or {}).get("ui", {}).get("resourceUri")) for one in offered}
        assert beside == {"None", *(one.uri for one in CARDS)}
        assert all(one.meta for one in offered if one.annotations and not one.annotations.read_only_hint)
        for card in CARDS:
            found = await client.read_resource(card.uri)
            assert isinstance(found, ReadResourceResult)
            (contents,) = found.contents
            assert isinstance(contents, TextResourceContents)
            assert contents.mime_type == APP_MIME_TYPE
            assert not any((contents.meta or {})["ui"]["csp"].values())
            assert "default-src 'none'" in contents.text


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("gitops-mcp://clusters/orders-db", "there is no resource 'gitops-mcp://clusters/orders-db'; there are: "),
        ("gitops-mcp://docs/../README", "there is no resource "),
        ("gitops-mcp://docs/..%2FREADME", "docs: there is no page '../README'; there are: "),
        ("gitops-mcp://changes/none", "NotFound: "),
        ("file:///etc/passwd", "there is no resource "),
    ],
)
async def test_an_address_of_nothing_says_what_there_is(quiet: World, uri: str, said: str) -> None:
    async with server(quiet) as client:
        with pytest.raises(MCPError) as refused:
            await client.read_resource(uri)
        assert refused.value.error.code == -32602
        assert refused.value.error.message.startswith(said)


@pytest.mark.anyio
async def test_prompts_name_tools_that_are_there(quiet: World, mode: Mode) -> None:
    async with server(quiet, mode=mode) as client:
        tools = {one.name: one for one in (await client.list_tools()).tools}
        arguments = {name for one in tools.values() for name in one.input_schema["properties"]}
        prompts = (await client.list_prompts()).prompts
        assert [one.name for one in prompts] == ["review_health", "plan_change", "plan_upgrade", "rehearse_restore"]
        for one in prompts:
            given = {argument.name: "orders-db" for argument in one.arguments or () if argument.required}
            found = await client.get_prompt(one.name, given)
            assert isinstance(found, GetPromptResult)
            (message,) = found.messages
            assert isinstance(message.content, TextContent)
            words = set(re.findall(r"[a-z]+(?:_[a-z]+)+", message.content.text))
            named = next(prompt.tools for prompt in PROMPTS if prompt.name == one.name)
            assert set(named) <= set(tools)
            assert words <= set(tools) | arguments


@pytest.mark.anyio
async def test_a_prompt_whose_tools_are_not_offered_is_not_either(quiet: World) -> None:
    async with server(quiet, "--read-only") as client:
        assert [one.name for one in (await client.list_prompts()).prompts] == ["review_health"]
        with pytest.raises(MCPError, match="there is no prompt 'plan_change'; there are: review_health"):
            await client.get_prompt("plan_change", {"cluster_name": "orders-db", "what": "grow"})


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("plan_upgrade", {}, "plan_upgrade: cluster_name is missing: name of the Cluster"),
        (
            "plan_upgrade",
            {"cluster": "orders-db"},
            "plan_upgrade: there is no argument 'cluster'; there are: cluster_name",
        ),
        (
            "plan_upgrade",
            {"cluster_name": "a\nb"},
            "plan_upgrade: cluster_name: expected one line of at most 200 charac",
        ),
        ("no_such", {}, "there is no prompt 'no_such'; there are: "),
    ],
)
async def test_a_prompt_says_what_is_wrong_with_its_arguments(
    quiet: World, name: str, given: dict[str, str], said: str
) -> None:
    async with server(quiet) as client:
        with pytest.raises(MCPError) as refused:
            await client.get_prompt(name, given)
        assert refused.value.error.code == -32602
        assert refused.value.error.message.startswith(said)


@pytest.mark.anyio
async def test_names_are_completed_by_what_there_is(world: World, mode: Mode) -> None:
    upgrade = PromptReference(type="ref/prompt", name="plan_upgrade")
    change = ResourceTemplateReference(type="ref/resource", uri="gitops-mcp://changes/{change}")
    page = ResourceTemplateReference(type="ref/resource", uri="gitops-mcp://docs/{page}")
    async with server(world, mode=mode) as client:
        assert await completed(client, upgrade, "cluster_name", "ord") == ["orders-db"]
        assert await completed(client, upgrade, "cluster_name", namespace="billing") == ["invoices-db"]
        assert await completed(client, upgrade, "namespace", "sh") == ["shop"]
        assert await completed(client, upgrade, "environment") == ["prod"]
        assert await completed(client, upgrade, "version", "1") == []
        assert await completed(client, upgrade, "no_such") == []
        assert await completed(client, page, "page", "troubl") == ["troubleshooting"]
        made = structure(await call(client, "scale_postgres_cluster", name="orders-db", instances=5))
        assert await completed(client, change, "change", made["change"][:4]) == [made["change"]]
        assert await completed(client, change, "page") == []
        assert await completed(client, page, "change") == []
        assert await completed(client, page, "{page}") == []
