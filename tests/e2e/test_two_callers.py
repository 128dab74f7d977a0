"""Two callers of one server who have disjoint namespaces: neither sees or touches what is the other's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from mcp import MCPError
from mcp.types import (
    CallToolResult,
    PromptReference,
    ReadResourceResult,
    ResourceTemplateReference,
    TextResourceContents,
)

from gitops_mcp import tools
from gitops_mcp.catalog.resources import RESOURCES, Resource
from gitops_mcp.domain.kinds import CNPG_KINDS
from gitops_mcp.sandbox.run import World, start_sandbox
from gitops_mcp.tools.registry import Tool
from tests.calls import Subject, calls_of
from tests.e2e.signed_in import HttpSite, http_site, machine
from tests.e2e.team import CLERK, Assistant, Team, text

SHOP, BANK = "orders", "zebra"
"""What all that is one's own is called by, and nothing of the other's."""
INSIDE = "quagga"
"""Stands in the fields of what is the bank's alone, and in no name that anybody could ask for."""
CONFIG = (
    "tokens:\n"
    + machine("clerk", "shop")
    + machine("teller", "bank")
    + machine("owner", "all")
    + machine("looker", "shop", scopes="[read]")
    + "groups:\n  shop: {scopes: [apply], namespaces: [shop]}\n  bank: {scopes: [apply], namespaces: [zebra-bank]}\n"
    + "  all: {scopes: [apply]}\n"
)
LEDGER = f"""\
apiVersion: v1
kind: Namespace
metadata: {{name: zebra-bank}}
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: zebra-db
  namespace: zebra-bank
  annotations: {{contact: {INSIDE}@example.com}}
spec:
  instances: 3
  imageName: registry.example.com/postgresql:18.4-standard-trixie
  storage: {{size: 11Gi}}
  postgresql: {{parameters: {{application_name: {INSIDE}}}}}
{CLERK.strip(chr(10)).replace("clerk #", "zebra_clerk #")}
---
apiVersion: postgresql.cnpg.io/v1
kind: Database
metadata: {{name: zebra-db-books, namespace: zebra-bank, labels: {{of: {INSIDE}}}}}
spec: {{cluster: {{name: zebra-db}}, name: zebra_books, owner: zebra_app}}
"""


@dataclass(frozen=True)
class House:
    world: World
    team: Team
    site: HttpSite
    shop: Subject
    bank: Subject
    clerk: Assistant
    teller: Assistant
    owner: Assistant
    """May do everything."""

    def versions(self) -> list[tuple[str, str, str]]:
        """Of all objects that are the bank's."""
        found = (one["metadata"] for kind in CNPG_KINDS for one in self.world.store.list(kind))
        return [(one["name"], one["uid"], str(one["generation"])) for one in found if BANK in one["name"]]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("two-callers")
    with start_sandbox(folder / "world", step=0.02, poll=0.02) as world:
        team = Team.on(folder / "team", world.remote)
        _fill(team)
        with (
            http_site(team, CONFIG, world.kubeconfig) as site,
            site.assistant("clerk") as clerk,
            site.assistant("teller") as teller,
            site.assistant("owner") as owner,
        ):
            yield House(world, team, site, *_begun(team, owner), clerk, teller, owner)


def _fill(team: Team) -> None:
    """The bank's cluster beside the shop's, in the list of files that both have."""
    path = "clusters/prod/shop/orders-db/cluster.yaml"
    listed = team.file("main", "clusters/prod/kustomization.yaml")
    own = team.file("main", path)
    assert listed is not None
    assert own is not None
    team.commit(
        {
            path: own + CLERK.encode(),
            "clusters/prod/zebra-bank/zebra-db/cluster.yaml": LEDGER,
            "clusters/prod/zebra-bank/kustomization.yaml": "resources: [zebra-db/cluster.yaml]\n",
            "clusters/prod/kustomization.yaml": listed + b"  - zebra-bank\n",
        },
        message="Declare the ledger of the zebra bank",
    )


def _begun(team: Team, owner: Assistant) -> tuple[Subject, Subject]:
    """What each is about: a change that is merged, and an open one; and a change of the owner's about both."""
    for cluster in ("orders-db", "zebra-db"):
        merged = owner.answer("update_postgres_cluster", cluster_name=cluster, parameters={"work_mem": "9MB"})
        team.merge(merged["branch"])
        assert owner.answer("get_change", change=merged["change"], wait_for="healthy", timeout=30)["state"] == "healthy"
        owner.answer("scale_postgres_cluster", cluster_name=cluster, instances=4, change="both-at-once")
    made = [owner.answer("scale_postgres_cluster", cluster_name=one, instances=5) for one in ("orders-db", "zebra-db")]
    shop, bank = (one["change"] for one in made)
    secret = "orders-db-app"
    return (
        Subject("orders-db", "orders_app", "clerk", "reporting", secret, shop, namespace="shop"),
        Subject("zebra-db", "zebra_app", "zebra_clerk", "zebra_books", "zebra-db-app", bank, namespace="zebra-bank"),
    )


def said(result: CallToolResult, arguments: Mapping[str, Any]) -> str:
    """The whole answer, without the words of the question."""
    answer = text(result) + json.dumps(result.structured_content)
    for word in sorted(filter(lambda one: isinstance(one, str), arguments.values()), key=len, reverse=True):
        answer = answer.replace(word, "")
    return answer


def calls(tool: Tool, here: Subject) -> list[dict[str, Any]]:
    """With a namespace, and without."""
    dry = {"dry_run": True} if tool.writes and tool.toolset != "direct" else {}
    return [{**one, **dry} for where in (here, replace(here, namespace="")) for one in calls_of(tool, where)]


FIRST = {
    *("list_postgres_clusters", "get_cluster_status", "list_changes", "get_change", "review_change", "get_drift"),
    *("get_history", "create_postgres_cluster", "update_postgres_object", "refresh_change", "discard_change"),
}
"""What is tried where not everything is: the rest is read, planned and delivered by the same functions."""
EVERY = [pytest.param(one, id=one.name, marks=[] if one.name in FIRST else pytest.mark.thorough) for one in tools.ALL]


@pytest.mark.parametrize("tool", EVERY)
def test_each_has_what_is_their_own_and_nothing_of_the_others(house: House, tool: Tool) -> None:
    for arguments in calls(tool, house.shop):
        answer = house.clerk.call(tool.name, **arguments)
        if "namespace" in arguments:  # left out, it is the only one that the clerk has
            assert answer.is_error == house.owner.call(tool.name, **arguments).is_error, said(answer, {})
        assert BANK not in said(answer, {}), arguments
        assert INSIDE not in said(answer, {}), arguments
        assert "invoices-db" not in said(answer, {}), arguments
    for arguments in calls(tool, house.bank):
        assert SHOP not in said(house.teller.call(tool.name, **arguments), {}), arguments


@pytest.mark.parametrize("tool", EVERY)
def test_what_is_the_others_is_neither_told_nor_touched_where_it_is_asked_for(house: House, tool: Tool) -> None:
    before, live = house.team.branches(), house.versions()
    for arguments in calls(tool, house.bank):
        if not {house.bank.cluster, house.bank.change}.isdisjoint(map(str, arguments.values())):
            asked = {name: value for name, value in arguments.items() if name != "dry_run"}
            result = house.clerk.call(tool.name, **asked)
            assert result.is_error, asked
            assert BANK not in said(result, asked), asked
            assert INSIDE not in said(result, asked), asked
    assert house.team.branches() == before
    assert house.versions() == live


def warned(answer: Mapping[str, Any], name: str) -> list[str]:
    return [one["message"] for one in answer["warnings"] if one["id"] == name]


def test_changes_outside_are_counted_and_not_shown(house: House) -> None:
    own = house.clerk.answer("list_changes", state="all")
    every = house.owner.answer("list_changes", state="all")
    names = {one["change"] for one in every["items"]}
    assert house.shop.change in {one["change"] for one in own["items"]}
    assert {one["change"] for one in own["items"]} == {
        one for one in names if BANK not in one and one != "both-at-once"
    }
    told = f"{len(names) - len(own['items'])} changes of the repository lie outside of what you may see, and are not counted"
    assert warned(own, "outside") == [told]
    assert warned(every, "outside") == []


def test_objects_outside_are_counted_where_lists_leave_them_out(house: House) -> None:
    told = ["3 objects that Git declares there lie outside of what you may see, and are not counted"]
    for tool in ("list_postgres_clusters", "get_drift"):
        assert warned(house.clerk.answer(tool), "outside") == told
        assert warned(house.owner.answer(tool), "outside") == []
    own = house.clerk.answer("list_postgres_clusters")
    assert (own["total"], {one["namespace"] for one in own["items"]}) == (len(own["items"]), {"shop"})


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("get_change", {}),
        ("discard_change", {"confirm_deletion": True}),
        ("refresh_change", {}),
        ("undo_change", {"confirm_deletion": True}),
        ("open_pull_request", {}),
        ("repeat_change", {"confirm_deletion": True}),
        ("scale_postgres_cluster", {"cluster_name": "orders-db", "instances": 6}),
    ],
)
def test_a_change_that_reaches_into_both_is_neithers(house: House, tool: str, arguments: dict[str, Any]) -> None:
    before = house.team.branches()
    for ask in (house.clerk, house.teller):
        given = (
            {**arguments, "cluster_name": "zebra-db"}
            if ask is house.teller and "cluster_name" in arguments
            else arguments
        )
        assert "touches objects that lie outside of what you may see or change" in ask.refusal(
            tool, change="both-at-once", **given
        )
    assert "lie outside of what you may see" in house.clerk.refusal("review_change", ref="gitops-mcp/both-at-once")
    assert house.team.branches() == before
    assert house.owner.answer("get_change", change="both-at-once")["change"] == "both-at-once"


def test_whether_an_engine_applies_the_repository_is_told_and_what_it_is_to_who_may_see_all(house: House) -> None:
    told = [
        [one["found"] for one in asks.answer("check_setup")["items"] if one["check"] in {"engine", "sync", "branch"}]
        for asks in (house.clerk, house.owner)
    ]
    assert told == [
        ["something in the cluster applies this repository; what does is told to who may see all of it"],
        ["Application argocd/gitops of 1 object"],
    ]


def read(asks: Assistant, uri: str) -> str:
    found = asks.portal.call(asks.client.read_resource, uri)
    assert isinstance(found, ReadResourceResult)
    (contents,) = found.contents
    assert isinstance(contents, TextResourceContents)
    return contents.text


def completed(asks: Assistant, name: str) -> list[str]:
    prompt, change = (
        PromptReference(type="ref/prompt", name="plan_upgrade"),
        ResourceTemplateReference(type="ref/resource", uri="gitops-mcp://changes/{change}"),
    )
    asked = {"name": name, "value": ""}
    return asks.portal.call(asks.client.complete, change if name == "change" else prompt, asked).completion.values


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda one: one.name)
def test_each_resource_has_what_is_their_own_and_nothing_of_the_others(house: House, resource: Resource) -> None:
    filled = resource.uri.replace("{change}", house.shop.change).replace("{page}", "changes")
    told = read(house.clerk, filled)
    assert told
    assert BANK not in told
    assert INSIDE not in told
    if resource.name == "change":
        with pytest.raises(MCPError) as refused:
            read(house.clerk, resource.uri.replace("{change}", house.bank.change))
        assert BANK not in str(refused.value).replace(house.bank.change, "")


def test_completions_name_what_is_their_own(house: House) -> None:
    assert (completed(house.clerk, "cluster_name"), completed(house.clerk, "namespace")) == (["orders-db"], ["shop"])
    assert (completed(house.teller, "cluster_name"), completed(house.teller, "namespace")) == (
        ["zebra-db"],
        ["zebra-bank"],
    )
    own, others = completed(house.clerk, "change"), completed(house.teller, "change")
    assert house.shop.change in own
    assert house.bank.change in others
    assert set(own).isdisjoint(others)


def test_who_may_only_read_is_offered_prompts_that_change_nothing(house: House) -> None:
    with house.site.assistant("looker") as looker:
        offered = looker.portal.call(looker.client.list_prompts)
    assert [one.name for one in offered.prompts] == ["review_health"]


def test_who_may_only_read_is_offered_no_more_and_told_what_it_takes(house: House) -> None:
    with house.site.assistant("looker", "legacy") as looker:
        offered = looker.portal.call(looker.client.list_tools)
        assert {one.name for one in offered.tools} == {one.name for one in tools.ALL if not one.writes}
        told = looker.refusal("scale_postgres_cluster", cluster_name="orders-db", instances=7)
    assert told == ("Refused: it takes the scope propose, and the token of looker has read: sign in for that scope")


def test_a_cursor_goes_on_for_who_got_it(house: House) -> None:
    page = house.owner.answer("list_changes", state="all", limit=1)
    assert len(house.owner.answer("list_changes", state="all", limit=1, cursor=page["cursor"])["items"]) == 1
    for cursor in (page["cursor"], page["cursor"].rpartition(".")[0]):
        told = house.clerk.refusal("list_changes", state="all", limit=1, cursor=cursor)
        assert told == "InvalidRequest: cursor: it is not one that you were given; leave it out to start again"


def test_who_asked_stands_in_the_commit_and_in_the_audit_log_and_is_told_to_who_touches_it(house: House) -> None:
    asked = {"cluster_name": "orders-db", "parameters": {"max_connections": "150"}, "change": "more-connections"}
    done = house.clerk.answer("update_postgres_cluster", **asked, confirm_outage=True)
    message = house.team.git(house.team.remote, "log", "-1", "--format=%B", done["branch"])
    assert "\nGitops-Mcp-Requester: clerk through mcp " in message
    lines = (house.team.folder / "audit").read_text().splitlines()
    audited = [json.loads(line) for line in lines if '"more-connections"' in line]
    assert audited[-1]["requester"].startswith("clerk through mcp ")
    told = "change 'more-connections' was asked for by clerk, as its commits say: tell them"
    body = house.clerk.answer("open_pull_request", change="more-connections", dry_run=True)["body"]
    assert "(asked for by clerk)" in body
    assert told in house.owner.refusal("discard_change", change="more-connections")
    more = {"cluster_name": "orders-db", "instances": 5, "change": "more-connections", "dry_run": True}
    assert warned(house.owner.answer("scale_postgres_cluster", **more), "anothers-change") == [told]
    assert warned(house.clerk.answer("scale_postgres_cluster", **more), "anothers-change") == []
    assert warned(house.owner.answer("refresh_change", change="more-connections", dry_run=True), "anothers-change") == [
        told
    ]
    gone = house.owner.answer("discard_change", change="more-connections", confirm_deletion=True)
    assert warned(gone, "anothers-change") == [told]
