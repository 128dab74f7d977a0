from __future__ import annotations

import pytest

from gitops_mcp.domain.impact.assessment import assess_impact
from gitops_mcp.domain.impact.level import Level
from gitops_mcp.domain.objects import Object
from tests.domain.impact.objects import D, N, O, assert_impact, database, kept


@pytest.mark.parametrize(
    ("before", "after", "level", "says"),
    [
        pytest.param(None, database(), N, "database shop is made", id="a new Database"),
        pytest.param(database(), database(owner="b"), N, "database shop is changed in place", id="an owner"),
        pytest.param(database(), database(encoding="LATIN1"), N, "one that exists keeps its own", id="an encoding"),
        pytest.param(database(), database(ensure="absent"), D, "drops database shop with its data", id="absent"),
        pytest.param(
            database(databaseReclaimPolicy="delete"), None, D, "drops database shop", id="deleted, policy delete"
        ),
        pytest.param(database(), None, N, "stays in PostgreSQL", id="deleted, policy retain"),
        pytest.param(
            database(schemas=[{"name": "a"}]),
            database(schemas=[{"name": "a", "ensure": "absent"}]),
            D,
            "spec.schemas[a]: is dropped from database shop",
            id="a schema goes",
        ),
        pytest.param(
            database(extensions=[{"name": "a", "ensure": "absent"}]),
            database(extensions=[{"name": "a", "ensure": "absent"}], owner="b"),
            N,
            "database shop is changed in place",
            id="an extension was gone before",
        ),
        pytest.param(
            None,
            database(extensions=[{"name": "a", "ensure": "absent"}]),
            D,
            "spec.extensions[a]: is dropped",
            id="an extension of a database that is taken over",
        ),
        pytest.param(
            database(ensure="absent"), database(ensure="absent", owner="b"), N, "", id="absent before: nothing is left"
        ),
        pytest.param(database(), database(allowConnections=False), O, "nobody but a superuser", id="no connections"),
        pytest.param(database(), database(connectionLimit=0), O, "spec.connectionLimit: nobody", id="a limit of none"),
        pytest.param(database(), database(connectionLimit=9), N, "is changed in place", id="another limit"),
        pytest.param(database(), database(tablespace="hot"), O, "all data of database shop is moved", id="moved"),
        pytest.param(
            kept(database(databaseReclaimPolicy="delete")), None, N, "database shop stays", id="not to be pruned"
        ),
    ],
)
def test_the_impact_of_a_change_to_a_database(
    before: Object | None, after: Object | None, level: Level, says: str
) -> None:
    assert_impact(before, after, level, says)


@pytest.mark.parametrize(
    ("before", "live", "level"),
    [
        pytest.param(
            database(databaseReclaimPolicy=["delete"]), database(), N, id="a database, a policy of another shape"
        ),
        pytest.param(database(), database(databaseReclaimPolicy="delete"), D, id="a database, live policy delete"),
        pytest.param(database(databaseReclaimPolicy="delete"), kept(database()), N, id="a database that is kept"),
    ],
)
def test_a_database_that_goes_is_told_by_what_is_live_too(before: Object, live: Object, level: Level) -> None:
    assert assess_impact(before, None, live=live).level is level


def test_labels_of_a_database_do_nothing_to_it() -> None:
    labelled = {**database(), "metadata": {"name": "orders", "labels": {"team": "shop"}}}
    assert_impact(database(), labelled, N, "")


def test_what_the_other_engine_reads_keeps_no_database() -> None:
    going = kept(database(databaseReclaimPolicy="delete"))
    levels = [assess_impact(going, None, engine=one).level for one in (None, "flux", "argocd")]
    assert sorted(map(str, levels)) == sorted(map(str, [N, N, D]))
