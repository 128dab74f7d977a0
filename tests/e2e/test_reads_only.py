"""What the server asks of the Kubernetes API in git delivery: reads, exactly those that rbac/read-only.yaml grants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitops_mcp.domain.kinds import CLUSTER, CNPG_KINDS
from gitops_mcp.domain.objects import Object
from gitops_mcp.sandbox.api import WriteOptions
from gitops_mcp.sandbox.run import World, start_sandbox
from tests.calls import Subject, every_dry_run, every_read, every_write
from tests.e2e.team import ROOT, Assistant, Look, Team, assistant, look, orders, text
from tests.fakes.rbac import Triple, granted

READ_ONLY = (ROOT / "rbac/read-only.yaml").read_text()
OBSERVE = "".join((ROOT / f"rbac/{name}.yaml").read_text() for name in ("logs", "metrics"))
"""What the tools that look into running instances need."""


ENGINES = {
    *(("argoproj.io", plural, "get") for plural in ("applications", "applicationsets", "appprojects")),
    ("kustomize.toolkit.fluxcd.io", "kustomizations", "get"),
    ("helm.toolkit.fluxcd.io", "helmreleases", "get"),
    *(("source.toolkit.fluxcd.io", plural, "get") for plural in ("buckets", "gitrepositories", "ocirepositories")),
}
"""What is asked for where something names an engine object (tests/workflows/reading/test_change_engines.py)."""
NEW_NAMESPACE = ("", "namespaces", "get")
"""For a new Cluster in a namespace that Git does not know (tests/workflows/writing/test_clusters_namespace.py)."""

GROWN_VOLUME = ("storage.k8s.io", "storageclasses", "get")
"""For a volume that is to grow (tests/e2e/test_update_cluster.py)."""

SCHEMAS = ("apiextensions.k8s.io", "customresourcedefinitions", "get")
"""Of rbac/read-schemas.yaml: what judges a change asks for them, where they may be read."""

REVIEWS = ("selfsubjectaccessreviews", "selfsubjectreviews")


@dataclass(frozen=True)
class Desk:
    world: World
    team: Team
    ask: Assistant

    def asked(self, after: int) -> frozenset[Triple]:
        """What the API was asked for after so many requests: group, resource and verb."""
        return frozenset(
            (one["group"], "/".join(filter(None, (one["resource"], one["subresource"]))), one["verb"])
            for one in self.world.asked()[after:]
            if one["resource"]
        )


@contextmanager
def desk(place: Path, rules: list[Object] | None = None) -> Iterator[Desk]:
    with start_sandbox(place / "world", step=0.02, poll=0.02, rules=rules) as world:
        team = Team.on(place / "team", world.remote)
        team.commit(
            {"clusters/prod/shop/everything.yaml": yaml.safe_dump_all(one_of_each())},
            branch="gitops-mcp/one-of-each",
            message="Declare one object of each kind",
        )
        with assistant(team, kubeconfig=world.kubeconfig) as ask:
            yield Desk(world, team, ask)


def one_of_each() -> list[Object]:
    """One object of every kind of CloudNativePG, so that get_change looks for each of them."""
    return [
        {
            "apiVersion": resource.api_version,
            "kind": resource.kind,
            "metadata": {"name": "one", **({"namespace": "shop"} if resource.namespaced else {})},
        }
        for resource in CNPG_KINDS
    ]


def read_everything(here: Desk, subject: Subject) -> list[dict[str, Any]]:
    """The answers of every tool that reads, with the namespace said and left out; of changes the one with all kinds."""
    of_all_kinds = replace(subject, change="one-of-each")
    calls = [*every_read(of_all_kinds), *every_read(replace(of_all_kinds, namespace=""))]
    return [here.ask.answer(tool.name, **said) for tool, said in calls]


@pytest.fixture(scope="module")
def free(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """May do everything."""
    with desk(tmp_path_factory.mktemp("free")) as made:
        yield made


@pytest.fixture(scope="module")
def subject(free: Desk) -> Subject:
    return orders(free.team, free.ask.answer)


def repository(here: Desk) -> tuple[dict[str, str], Look]:
    """All branches of the remote, and all that is the user's in the checkout."""
    return here.team.branches(), look(here.team.checkout)


def not_read(here: Desk) -> list[Object]:
    """What the API was asked for that is neither a read nor a question about one's own rights."""
    return [
        one
        for one in here.world.asked()
        if not (one["method"] == "GET" and (not one["resource"] or one["verb"] in {"get", "list"}))
        and not (one["method"] == "POST" and one["resource"] in REVIEWS)
    ]


@pytest.mark.thorough
def test_nothing_is_asked_for_twice_in_one_call(free: Desk, subject: Subject) -> None:
    of_git_alone = set()
    for tool, said in every_read(subject):
        before = len(free.world.asked())
        free.ask.answer(tool.name, **said)
        asked = Counter(
            (one["verb"], one["path"])
            for one in free.world.asked()[before:]
            if not one["query"].get("continue") and one["resource"] not in REVIEWS  # what of, the body says
        )
        assert [(key, times) for key, times in asked.items() if times > 1] == [], tool.name
        of_git_alone |= set() if asked else {tool.name}
    assert of_git_alone == {"list_changes", "get_history"}


def test_exactly_what_is_granted_is_read_and_the_repository_stays_as_it_was(free: Desk, subject: Subject) -> None:
    before, number = repository(free), len(free.world.asked())
    read_everything(free, subject)
    used = {triple for triple in free.asked(number) if triple[1] not in REVIEWS}
    rights = granted(READ_ONLY) | granted(OBSERVE)
    assert sorted(rights - used - ENGINES - {NEW_NAMESPACE, GROWN_VOLUME}) == [], "granted and never used"
    assert sorted(used - rights - {SCHEMAS}) == [], "used and not granted"
    assert repository(free) == before
    assert not_read(free) == []


def test_a_dry_run_only_reads_and_leaves_the_repository_as_it_was(free: Desk, subject: Subject) -> None:
    before = repository(free)
    for tool, said in every_dry_run(subject):
        assert free.ask.answer(tool.name, **said)["outcome"] in {"dry_run", "unchanged"}
    assert repository(free) == before
    assert not_read(free) == []


@pytest.mark.thorough
def test_a_write_only_reads_of_the_api(tmp_path: Path) -> None:
    with desk(tmp_path) as here:
        subject = orders(here.team, here.ask.answer)
        here.world.store.merge(
            CLUSTER, "shop", "orders-db", {"spec": {"logLevel": "debug"}}, how=WriteOptions(manager="k9s")
        )
        for tool, said in every_write(subject):
            nothing = tool.name in {"refresh_change", "migrate_postgres_backups"}
            done = {"committed", "discarded", "not_opened", *(("unchanged",) if nothing else ())}
            assert here.ask.answer(tool.name, **said)["outcome"] in done, tool.name
        further = {**subject.on, "change": "call-1", "role_name": "reader"}
        here.ask.answer("create_postgres_role", **further)
        here.ask.answer("update_postgres_role", **further, createdb=True)
        here.ask.answer("discard_change", change="call-1", confirm_deletion=True)
        assert not_read(here) == []


def unseen(answer: dict[str, Any]) -> set[str]:
    """What an answer says it does not know."""
    return {one["message"] for one in answer.get("warnings", ())}


UNREAD = {"live-unavailable", "unreadable", "schema-unavailable", "not-installed"}
"""What writing tools warn of where they could not look."""


@pytest.mark.thorough
def test_what_is_granted_is_enough(tmp_path: Path) -> None:
    with desk(tmp_path, rules=list(yaml.safe_load_all(READ_ONLY + OBSERVE))) as here:
        subject = orders(here.team, here.ask.answer)
        answers = read_everything(here, subject)
        assert {text for answer in answers if "unchecked" not in answer for text in unseen(answer)} == set()
        judged = [one["unchecked"] for one in answers if "unchecked" in one]
        assert {one["id"] for notices in judged for one in notices} == {"no-cel"}
        answers = [here.ask.answer(tool.name, **said) for tool, said in every_dry_run(subject)]
        assert {one["id"] for answer in answers for one in answer["warnings"]} & UNREAD == set()
        # The rules of a CRD that its OpenAPI leaves out are asked for where that may be read: rbac/read-schemas.yaml.
        others = [one for one in here.world.asked() if one["resource"] != "customresourcedefinitions"]
        assert {one["status"] for one in others} <= {200, 201, 404}


@pytest.mark.thorough
def test_what_may_not_be_read_is_named_and_the_rest_answers(tmp_path: Path) -> None:
    with desk(tmp_path) as here:
        whole = here.ask.answer("get_cluster_status", cluster_name="orders-db", detail_level="detailed")
        assert unseen(whole) == set()
        for number, (group, plural, part) in enumerate(
            (("", "pods", None), ("", "events", "events"), ("postgresql.cnpg.io", "databases", "databases")), start=1
        ):
            here.world.api.deny("list", group, plural)
            shown = here.ask.call("get_cluster_status", cluster_name="orders-db", detail_level="detailed")
            status = shown.structured_content
            assert status is not None
            assert len(status["warnings"]) == number
            [named] = [one for one in status["warnings"] if one["message"].startswith(f"{plural} are missing here: ")]
            assert f'apiGroups: ["{group}"], resources: [{plural}], verbs: [list]' in named["message"]
            assert named["message"] in text(shown)
            if part:
                assert whole[part]
                assert status[part] == []
            for kept in ("phase", "healthy", "services", "volumes", "certificates"):
                assert status[kept] == whole[kept]
            assert status["git"]["commit"] == whole["git"]["commit"]
            assert [one["type"] for one in status["conditions"]] == [one["type"] for one in whole["conditions"]]
            assert [one["name"] for one in status["instances"]] == [one["name"] for one in whole["instances"]]


@pytest.mark.thorough
def test_without_the_right_to_read_roles_the_listing_has_what_git_says(tmp_path: Path) -> None:
    with desk(tmp_path) as here:
        for kind, tool in (("databaseroles", "list_postgres_roles"), ("databases", "list_postgres_databases")):
            here.world.api.deny("list", "postgresql.cnpg.io", kind)
            listed = here.ask.answer(tool, cluster_name="orders-db")
            rule = f'apiGroups: ["postgresql.cnpg.io"], resources: [{kind}], verbs: [list]'
            assert any(rule in message for message in unseen(listed)), unseen(listed)
            assert listed["items"]


def test_where_nothing_may_be_read_git_answers_and_the_missing_rule_is_told(tmp_path: Path) -> None:
    rule = '- {apiGroups: ["postgresql.cnpg.io"], resources: [clusters], verbs: ['
    with desk(tmp_path, rules=[]) as here:
        listed = here.ask.answer("list_postgres_clusters")
        assert [(one["name"], one["live"]) for one in listed["items"]] == [
            ("invoices-db", "unavailable"),
            ("orders-db", "unavailable"),
        ]
        status = here.ask.answer("get_cluster_status", name="orders-db")
        assert (status["live"], status["git"]["declared"]) == (
            "unavailable",
            "clusters/prod/shop/orders-db/cluster.yaml:2",
        )
        for answer in (listed, status):
            assert any(rule in message for message in unseen(answer)), unseen(answer)
        told = here.ask.refusal("get_cluster_status", name="ledger-db")
        assert told.startswith("Refused: ")
        assert rule in told
        with assistant(here.team, cwd=tmp_path, kubeconfig=here.world.kubeconfig) as alone:
            told = alone.refusal("list_postgres_clusters")
        assert told.startswith("Refused: ")
        assert rule in told
