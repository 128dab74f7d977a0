from __future__ import annotations

import dataclasses
import json

from hypothesis import given
from hypothesis import strategies as st

from gitops_mcp.domain.cnpg.status.health import judge_health
from gitops_mcp.domain.cnpg.status.problems import problems
from gitops_mcp.domain.cnpg.status.report import Related, read_status
from gitops_mcp.domain.cnpg.status.summary import Summary
from gitops_mcp.domain.objects import Object
from tests.fakes.mutations import mutations
from tests.fakes.recorded import SOON


def some(*kinds: str) -> st.SearchStrategy[tuple[Object, ...]]:
    return st.lists(mutations(*kinds), max_size=3).map(tuple)


CLUSTERS = mutations("cluster")
RELATED = st.builds(
    Related,
    pods=some("pod"),
    claims=some("claim"),
    events=some("events"),
    databases=some("database"),
    roles=some("databaserole"),
    poolers=some("pooler"),
    backups=some("backup", "backups"),
    scheduled_backups=some("scheduledbackup", "scheduledbackups-after-a-run"),
)


@given(CLUSTERS, RELATED)
def test_values_of_the_wrong_types_break_no_status(cluster: Object, related: Related) -> None:
    seen = read_status(cluster, related, now=SOON)
    assert all(one.what and one.action for one in problems(seen))
    assert len(dataclasses.fields(seen)) > 20
    for name in (key for key, value in vars(Summary).items() if isinstance(value, property)):
        getattr(Summary(cluster, SOON), name)


@given(mutations("cluster", "database", "databaserole", "backups", "scheduledbackup", "pooler", "publication"))
def test_values_of_the_wrong_types_break_no_judgement(live: Object) -> None:
    well, why = judge_health(live, now=SOON)
    assert well in {True, False, None}
    assert isinstance(json.dumps(why), str)
