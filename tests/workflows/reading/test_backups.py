"""What list_postgres_backups answers of objects that a real operator wrote, and of what Git says beside them."""

from __future__ import annotations

import pytest

from gitops_mcp.answers.backups import BackupList
from gitops_mcp.domain.objects import Object
from gitops_mcp.errors import NotFound
from gitops_mcp.workflows.reading.backups import list_backups
from tests.fakes import cnpg
from tests.fakes.api import Answer, status
from tests.fakes.recorded import recorded, recorded_list
from tests.workflows.conftest import FORBIDDEN, Api, Team, cluster, listed

STORES = "/apis/barmancloud.cnpg.io/v1/namespaces/bank/objectstores?limit=500"
PODS = "/api/v1/namespaces/bank/pods?limit=500&labelSelector=cnpg.io%2Fcluster%3Dledger"
NOT_SERVED = status(404, "NotFound", "the server could not find the requested resource")


def schedule(name: str = "ledger-nightly", at: str = "0 0 2 * * *") -> str:
    return (
        f"apiVersion: postgresql.cnpg.io/v1\nkind: ScheduledBackup\nmetadata: {{name: {name}, namespace: bank}}\n"
        f'spec: {{cluster: {{name: ledger}}, schedule: "{at}"}}\n'
    )


def listing(team: Team, *, cursor: str | None = None, limit: int = 50) -> BackupList:
    return list_backups(team.app(), "ledger", namespace="bank", environment=None, limit=limit, cursor=cursor)


def serve(api: Api, live: Object, *, backups: Answer, schedules: Answer, stores: Answer = NOT_SERVED) -> None:
    api.cluster("bank", "ledger", Answer(200, live))
    api.objects("backups", backups, namespace="bank")
    api.objects("scheduledbackups", schedules, namespace="bank")
    api.answers[STORES] = stores
    api.answers[PODS] = listed()


@pytest.mark.parametrize(
    ("name", "restorable", "why", "findings"),
    [
        pytest.param(
            "cluster-after-backup", "yes", "its archive in object storage, since", {"in-tree-barman"}, id="in-tree"
        ),
        pytest.param(
            "cluster-archive-not-empty", "no", "it has no Backup", {"archiving-failing"}, id="archive not empty"
        ),
        pytest.param("cluster-healthy", "no", "nothing archives its WAL", {"no-archiver"}, id="without an archive"),
    ],
)
def test_the_verdict_comes_first_and_the_findings_say_why(
    team: Team, api: Api, name: str, restorable: str, why: str, findings: set[str]
) -> None:
    team.commit({"db.yaml": cluster("ledger", "bank")})
    serve(api, recorded(name), backups=listed(), schedules=listed())
    found = listing(team)
    assert found.verdict.restorable == restorable
    assert why in found.verdict.why
    assert findings <= {one.id for one in found.findings}
    assert found.markdown().startswith(f"restorable: {restorable}. ")


def test_a_cluster_whose_plugin_archives_can_be_restored_until_now(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster("ledger", "bank")})
    store = cnpg.object_store()
    store["spec"] = {"retentionPolicy": "30d", "configuration": {"destinationPath": "s3://vault"}}
    serve(
        api,
        cnpg.healthy_cluster(),
        backups=listed(cnpg.backup()),
        schedules=listed(cnpg.scheduled_backup()),
        stores=listed(store),
    )
    found = listing(team)
    assert found.verdict.restorable == "yes"
    assert "ObjectStore vault (server ledger)" in found.verdict.why
    assert found.verdict.since is not None
    assert found.verdict.since.startswith("2026-08-02T00:04:00Z (")
    assert found.verdict.until is not None
    assert found.verdict.until.endswith(" (0s)")
    assert found.verdict.last_backup is not None
    assert found.verdict.last_backup.startswith("2026-09-01T00:04:00Z (")
    assert found.archiving.structured() == {
        "by": cnpg.PLUGIN,
        "store": "vault",
        "server": "ledger",
        "destination": "s3://vault",
        "retention": "30d",
        "state": "working",
    }
    assert [(one.name, one.state) for one in found.schedules] == [("ledger-nightly", "only_live")]
    assert [(one.name, one.phase) for one in found.items] == [("ledger-20260901000000", "completed")]


@pytest.mark.parametrize("conditions", [[], [cnpg.condition("ContinuousArchiving", "Unknown", "x")]])
def test_where_nothing_says_that_wal_is_archived_nothing_is_promised_after_the_last_backup(
    team: Team, api: Api, conditions: list[Object]
) -> None:
    team.commit({"db.yaml": cluster("ledger", "bank")})
    live = cnpg.healthy_cluster()
    live["status"]["conditions"] = conditions
    serve(api, live, backups=listed(cnpg.backup()), schedules=listed(), stores=listed(cnpg.object_store()))
    found = listing(team)
    assert found.verdict.restorable == "yes"
    assert found.verdict.until == found.verdict.last_backup
    assert "until its last backup at least: nothing says whether WAL is archived since" in found.verdict.why


def test_where_archiving_fails_nothing_is_promised_after_it_began(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster("ledger", "bank")})
    live = cnpg.healthy_cluster()
    failing = cnpg.condition("ContinuousArchiving", "False", "ContinuousArchivingFailing", since="2026-08-20T10:00:00Z")
    live["status"]["conditions"] = [failing]
    serve(api, live, backups=listed(), schedules=listed(), stores=listed(cnpg.object_store()))
    found = listing(team)
    assert found.verdict.until is not None
    assert found.verdict.until.startswith("2026-08-20T10:00:00Z (")
    assert "no WAL is archived since then" in found.verdict.why
    assert found.archiving.state == "failing"


def test_a_schedule_is_told_with_its_next_run_where_it_stands_and_who_proposes_it(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster("ledger", "bank"), "nightly.yaml": schedule()})
    branch = team.git("branch", "--show-current")
    team.git("checkout", "--quiet", "-b", "gitops-mcp/weekly")
    team.commit({"weekly.yaml": schedule("ledger-weekly", "0 0 3 * * 0")})
    team.git("checkout", "--quiet", branch)
    just_made = cnpg.scheduled_backup("0 0 2 * * *")
    just_made["status"] = {"lastCheckTime": "2026-09-01T12:00:00Z"}
    by_hand = cnpg.scheduled_backup("@daily")
    by_hand["metadata"]["name"] = "ledger-by-hand"
    by_hand["status"] = {"lastCheckTime": "2026-09-01T12:00:00Z"}
    serve(api, recorded("cluster-after-backup"), backups=listed(), schedules=listed(just_made, by_hand))
    rows = {one.name: one for one in listing(team).schedules}
    assert {name: one.state for name, one in rows.items()} == {
        "ledger-nightly": "live",
        "ledger-by-hand": "only_live",
        "ledger-weekly": "proposed",
    }
    assert (rows["ledger-nightly"].next or "").startswith("2026-09-02T02:00:00Z (")
    assert (rows["ledger-by-hand"].next or "").startswith("2026-09-02T00:00:00Z (")
    assert rows["ledger-nightly"].declared == "nightly.yaml:1"
    assert rows["ledger-weekly"].pending == ["weekly"]


def test_recorded_backups_are_told_newest_first_and_paged(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster("ledger", "bank")})
    every = recorded_list("backups")
    serve(api, recorded("cluster-after-backup"), backups=listed(*every), schedules=listed())
    first = listing(team, limit=2)
    assert first.total == len([one for one in every if one["spec"]["cluster"]["name"] == "ledger"])
    assert first.cursor is not None
    rest = listing(team, limit=50, cursor=first.cursor)
    names = [one.name for one in (*first.items, *rest.items)]
    assert len(names) == len(set(names)) == first.total


def test_what_may_not_be_read_leaves_the_verdict_open(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster("ledger", "bank")})
    serve(api, recorded("cluster-healthy"), backups=FORBIDDEN, schedules=listed())
    found = listing(team)
    assert found.verdict.restorable == "unknown"
    assert "backups are missing here" in found.verdict.why
    assert found.total is None


def test_pods_that_may_not_be_read_leave_the_verdict_as_it_is(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster("ledger", "bank")})
    serve(api, recorded("cluster-healthy"), backups=listed(), schedules=listed())
    api.answers[PODS] = FORBIDDEN
    found = listing(team)
    assert found.verdict.restorable == "no"
    assert any("pods are missing here" in one.message for one in found.warnings)


def test_backups_of_an_older_cluster_of_the_name_give_no_times(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster("ledger", "bank")})
    live, older = cnpg.healthy_cluster(), cnpg.backup()
    live["metadata"]["creationTimestamp"] = "2026-08-01T00:00:00Z"
    older["metadata"] = {**older["metadata"], "name": "ledger-of-old"}
    older["status"] = {**older["status"], "startedAt": "2025-01-01T00:00:00Z", "stoppedAt": "2025-01-01T00:04:00Z"}
    serve(api, live, backups=listed(cnpg.backup(), older), schedules=listed())
    found = listing(team)
    assert (found.verdict.since or "").startswith("2026-09-01T00:04:00Z (")


def test_without_the_api_it_says_what_git_declares(team: Team) -> None:
    team.commit({"db.yaml": cluster("ledger", "bank"), "nightly.yaml": schedule()})
    found = listing(team)
    assert found.verdict.restorable == "unknown"
    assert [(one.name, one.state) for one in found.schedules] == [("ledger-nightly", "unknown")]


def test_a_cluster_that_only_git_has_was_never_backed_up(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster("ledger", "bank")})
    api.cluster("bank", "ledger", status(404, "NotFound", 'clusters "ledger" not found', name="ledger"))
    found = listing(team)
    assert found.verdict.restorable == "no"
    assert found.verdict.why.startswith("Cluster bank/ledger is only in Git")


def test_an_unknown_cluster_is_told_with_near_names(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster("ledgers", "bank")})
    api.cluster("bank", "ledger", status(404, "NotFound", 'clusters "ledger" not found', name="ledger"))
    with pytest.raises(NotFound, match="ledgers"):
        listing(team)
