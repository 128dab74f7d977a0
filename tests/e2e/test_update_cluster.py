"""Day-2 changes of a cluster from the request to what runs, and what is refused on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.domain import kinds
from gitops_mcp.template import plain_files
from tests.e2e.team import Shop, assistant, configuration, ids, look, shop, until

TOOL = "update_postgres_cluster"
ORDERS = "clusters/prod/shop/orders-db/cluster.yaml"
TOGETHER = {"storage_size": "40Gi", "resources": {"limits": {"cpu": "2"}}}
INVOICES = "clusters/prod/billing/invoices-db/cluster.yaml"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The invoices are updated by switchovers."""
    text = plain_files()[INVOICES].decode() + "  primaryUpdateMethod: switchover\n"
    files = {".gitops-mcp.yaml": configuration(), INVOICES: text}
    with shop(tmp_path_factory.mktemp("update"), files) as made:
        for namespace, name in (("shop", "orders-db"), ("billing", "invoices-db")):

            def runs(namespace: str = namespace, name: str = name) -> bool:
                live = made.live(kinds.CLUSTER, name, namespace=namespace)
                return bool(live and live.get("status", {}).get("phase") == "Cluster in healthy state")

            until(made.world, runs)
        before = look(made.team.checkout)
        yield made
        assert look(made.team.checkout) == before


def lines(done: dict[str, Any]) -> list[str]:
    """The lines of the diff that come or go."""
    return [one for one in done["diff"].splitlines() if one[:1] in "+-" and one[:3] not in {"---", "+++"}]


def committed(here: Shop, path: str = ORDERS, **asked: Any) -> dict[str, Any]:
    """The answer to a request that changed one file, which is what the branch holds."""
    done = here.proposed(TOOL, **{"name": "orders-db", **asked})
    assert [one["path"] for one in done["files"]] == [path]
    added, removed = (sum(one[0] == sign for one in lines(done)) for sign in "+-")
    assert here.team.changed(f"{done['commit']}~", done["commit"]) == [f"{added} {removed} {path}"]
    return done


def test_a_resize_is_one_line_that_arrives_at_the_live_cluster(here: Shop) -> None:
    done = committed(here, INVOICES, name="invoices-db", storage_size="8Gi", reason="a year more of invoices")
    assert done["change"] == "update-storage-billing-invoices-db"
    assert lines(done) == ["-    size: 5Gi", "+    size: 8Gi"]
    assert done["about"][0] == "spec.storage.size: 5Gi -> 8Gi"
    assert done["impact"]["level"] == "none"
    (told,) = [one["message"] for one in done["warnings"] if one["id"] == "volume-expansion"]
    assert told == (
        "spec.storage 5Gi -> 8Gi: StorageClass standard allows expansion, so the volumes grow while in use; they cannot "
        "shrink again"
    )
    message = here.team.git(here.team.remote, "log", "-1", "--format=%B", done["commit"])
    assert "spec.storage.size: 5Gi -> 8Gi" in message
    assert "a year more of invoices" in message
    assert "Gitops-Mcp-Impact: none" in message
    here.merged(done)
    live = here.live(kinds.CLUSTER, "invoices-db", namespace="billing")
    assert live is not None
    assert live["spec"]["storage"]["size"] == "8Gi"
    again = here.ask.answer(TOOL, name="invoices-db", storage_size="8Gi")
    assert (again["outcome"], again["files"]) == ("unchanged", [])
    refused = here.refused(TOOL, name="invoices-db", storage_size="5Gi")
    assert "5Gi is less than 8Gi, and volumes do not shrink: at least 8Gi" in refused


def test_a_parameter_is_reloaded_and_another_restarts(here: Shop) -> None:
    done = committed(here, parameters={"work_mem": "8MB", "log_min_duration_statement": None})
    assert sorted(lines(done)) == ["+      work_mem: 8MB", "-      log_min_duration_statement: 500ms"]
    assert done["impact"]["level"] == "reload"
    done = committed(here, parameters={"max_connections": "300"})
    assert done["change"] == "update-parameters-shop-orders-db-2", "what is about something else is another change"
    assert lines(done) == [
        '-      max_connections: "200" # a change restarts every instance',
        '+      max_connections: "300" # a change restarts every instance',
    ]
    assert done["impact"]["level"] == "rolling_restart"


def test_a_minor_image_keeps_its_repository_and_restarts_in_turn(here: Shop) -> None:
    done = committed(here, postgres_version="18.5-standard-trixie")
    assert lines(done) == [
        "-  imageName: ghcr.io/cloudnative-pg/postgresql:18.4-standard-trixie",
        "+  imageName: ghcr.io/cloudnative-pg/postgresql:18.5-standard-trixie",
    ]
    assert done["impact"]["level"] == "rolling_restart"
    assert done["change"] == "update-image-shop-orders-db"


def test_a_restart_is_a_point_in_time_in_git(here: Shop) -> None:
    start = datetime.now(UTC) - timedelta(seconds=1)
    done = committed(here, restart=True)
    [line] = lines(done)
    key, _, stamp = line.removeprefix("+").strip().partition(": ")
    assert key == "kubectl.kubernetes.io/restartedAt"
    assert start <= datetime.fromisoformat(stamp.strip('"')) <= datetime.now(UTC)
    assert done["impact"]["level"] == "rolling_restart"
    done = committed(here, reload=True)
    assert lines(done)[0].startswith("+    cnpg.io/reloadedAt: ")
    assert done["impact"]["level"] == "reload"


def test_hibernation_takes_a_persons_word_and_stops_the_pods(here: Shop) -> None:
    asked = {"name": "invoices-db", "hibernation": "on"}
    told = here.refused(TOOL, **asked)
    assert told.startswith(
        "Refused: the database of Cluster billing/invoices-db stops: hibernation stops every pod: nobody can connect"
    )
    assert "repeat this with confirm_outage=true" in told
    shown = here.ask.answer(TOOL, **asked, dry_run=True)
    assert (shown["outcome"], shown["impact"]["level"]) == ("dry_run", "outage")
    assert ids(shown) >= {"outage", "needs-confirmation"}
    done = committed(here, INVOICES, **asked, confirm_outage=True)
    assert lines(done) == ['+    cnpg.io/hibernation: "on"']
    assert 'hibernation="off" starts it again' in " ".join(done["next"])
    here.team.merge(done["branch"])

    def hibernates() -> bool:
        live = here.live(kinds.CLUSTER, "invoices-db", namespace="billing")
        return bool(live and live["metadata"]["annotations"].get("cnpg.io/hibernation") == "on")

    until(here.world, hibernates)
    off = committed(here, INVOICES, name="invoices-db", hibernation="off")
    assert lines(off) == ['-    cnpg.io/hibernation: "on"', '+    cnpg.io/hibernation: "off"']
    assert off["impact"]["level"] == "none"


def test_a_major_upgrade_takes_a_persons_word(here: Shop) -> None:
    told = here.refused(TOOL, cluster_name="invoices-db", postgres_version="18")
    assert "repeat this with confirm_outage=true" in told
    for word in ("confirm_outage", "confirm_deletion"):  # the second until the next major version
        done = here.ask.answer(
            TOOL, cluster_name="invoices-db", postgres_version="18", change=f"by-{word[8:]}", **{word: True}
        )
        assert done["outcome"] == "committed"
        here.ask.answer("discard_change", change=done["change"], confirm_deletion=True)
    assert "PostgreSQL 17 -> 18 is a major upgrade: the whole cluster is down" in told
    shown = here.ask.answer(TOOL, name="invoices-db", postgres_version="18", dry_run=True)
    assert lines(shown)[1] == "+  imageName: ghcr.io/cloudnative-pg/postgresql:18.4-standard-trixie"
    assert shown["impact"]["level"] == "outage"


def test_several_settings_are_one_change_and_a_dry_run_writes_nothing(here: Shop) -> None:
    branches = here.team.branches()
    shown = here.ask.answer(
        TOOL,
        name="orders-db",
        resources={"requests": {"memory": "8Gi"}, "limits": {"memory": "8Gi"}},
        parameters={"shared_buffers": "2GB"},
        maintenance_window={"in_progress": True, "reuse_pvc": False},
        dry_run=True,
    )
    assert (shown["outcome"], shown["change"]) == ("dry_run", "update-shop-orders-db")
    assert sorted(lines(shown)) == [
        "+      memory: 8Gi",
        "+      memory: 8Gi",
        "+      shared_buffers: 2GB # a quarter of the memory below",
        "+    inProgress: true",
        "+    reusePVC: false",
        "+  nodeMaintenanceWindow:",
        "-      memory: 4Gi",
        "-      memory: 4Gi",
        "-      shared_buffers: 1GB # a quarter of the memory below",
    ]
    assert here.team.branches() == branches


@pytest.mark.parametrize(
    "asked",
    [
        {"storage_size": "20480Mi"},
        {"parameters": {"shared_buffers": "1GB", "jit": None}},
        {"resources": {"requests": {"cpu": "1000m"}}},
        {"hibernation": "off"},
        {"postgres_version": "18"},
    ],
    ids=str,
)
def test_what_is_so_already_is_unchanged(here: Shop, asked: dict[str, Any]) -> None:
    branches = here.team.branches()
    done = here.ask.answer(TOOL, name="orders-db", **asked)
    assert (done["outcome"], done["summary"]) == ("unchanged", f"{ORDERS}:2 says so already: {next(iter(asked))}")
    assert here.team.branches() == branches


@pytest.mark.parametrize(
    ("name", "asked", "said"),
    [
        pytest.param("orders-db", {}, "InvalidRequest: name at least one argument to update", id="nothing"),
        pytest.param(
            "orders-db",
            {"storage_size": "10Gi"},
            "less than 20Gi, and volumes do not shrink: at least 20Gi",
            id="shrink",
        ),
        pytest.param(
            "orders-db",
            {"postgres_version": "17.6", "confirm_deletion": True},
            "goes from PostgreSQL 18 to 17, which no data directory does",
            id="an older major",
        ),
        pytest.param(
            "orders-db", {"parameters": {"listen_addresses": "*"}}, "listen_addresses may not be set", id="fixed"
        ),
        pytest.param(
            "orders-db",
            {"parameters": {"shared_buffers": "8GB"}},
            "more than the memory request",
            id="more buffers than memory",
        ),
        pytest.param(
            "invoices-db",
            {"postgres_version": "17.11-standard-trixie", "parameters": {"work_mem": "8MB"}},
            "the parameters in one change, and the image in the next once that is applied",
            id="image and parameters by switchover",
        ),
        pytest.param("orders-db", {"instances": 5}, "there is no argument 'instances'", id="another tool's"),
        pytest.param(
            "orders-db",
            {"annotations": {"cnpg.io/validation": "disabled"}},
            "there is no argument 'annotations'",
            id="an annotation",
        ),
        pytest.param("orders-db", {"hibernation": "maybe"}, "input should be 'on' or 'off'", id="no choice"),
        pytest.param("nobody-db", {"restart": True}, "Git declares no Cluster 'nobody-db'", id="unknown"),
    ],
)
def test_what_would_not_be_accepted_is_refused_with_what_would_work(
    here: Shop, name: str, asked: dict[str, Any], said: str
) -> None:
    assert said in here.refused(TOOL, name=name, **asked)


def test_git_is_enough_where_the_api_is_away(here: Shop, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    here.team.git(tmp_path, "clone", "--quiet", str(here.team.remote), str(checkout))
    with assistant(here.team, repo=checkout) as alone:
        shown = alone.answer(TOOL, name="orders-db", storage_size="40Gi", dry_run=True)
        told = alone.refusal(TOOL, name="orders-db", **TOGETHER)
    assert lines(shown) == ["-    size: 20Gi # can grow, never shrink", "+    size: 40Gi # can grow, never shrink"]
    assert "live-unavailable" in ids(shown)
    assert (
        "spec.storage grows together with spec.resources, which makes the pods anew: the operator, of unknown" in told
    )
    assert "Resize in one change" in told


def test_a_resize_together_with_new_pods_is_told_where_the_operator_can_do_it(here: Shop) -> None:
    shown = here.ask.answer(TOOL, name="orders-db", **TOGETHER, dry_run=True)
    assert "resize-alone" in ids(shown)
    assert not any("may wait for ever" in one for one in shown["impact"]["reasons"])
