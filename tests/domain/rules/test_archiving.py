from __future__ import annotations

import re

import pytest

from gitops_mcp.domain.rules import Seen
from tests.domain.rules.examples import PLUGIN, STORE, Accepted, Refused, cluster, findings_against, findings_at_field

MOVED = {**PLUGIN, "parameters": {"barmanObjectName": "store", "serverName": "orders-2"}}
NAMED = {**PLUGIN, "parameters": {"barmanObjectName": "store"}}
SAME = {**PLUGIN, "parameters": {"barmanObjectName": "store", "serverName": "orders"}}
IN_TREE = {"barmanObjectStore": {**STORE["barmanObjectStore"], "serverName": "orders-2"}}
OTHER = {"name": "audit.example.com"}

ACCEPTED = [
    pytest.param(
        Accepted("archiving-ends", Seen(cluster(plugins=[PLUGIN]), cluster(backup=STORE))),
        id="a plugin in the place of in-tree Barman",
    ),
    pytest.param(Accepted("archiving-ends", Seen(cluster(), cluster())), id="no archiver before"),
    *(
        pytest.param(Accepted("archive-moves", Seen(cluster(plugins=[new]), cluster(plugins=[old]))), id=what)
        for what, new, old in (
            ("the name that an archive has by default", SAME, NAMED),
            ("another setting of the plugin", {**NAMED, "enabled": True}, NAMED),
        )
    ),
    pytest.param(
        Accepted("archive-moves", Seen(cluster(plugins=[NAMED]), cluster(backup=STORE))), id="backups that migrate"
    ),
    pytest.param(Accepted("archive-moves", Seen(cluster(plugins=[NAMED]), cluster())), id="the first archive"),
    pytest.param(Accepted("unknown-plugin", Seen(cluster(plugins=[PLUGIN]))), id="the plugin of Barman"),
    pytest.param(
        Accepted("unknown-plugin", Seen(cluster(plugins=[OTHER]), neighbours=(cluster(name="b", plugins=[OTHER]),))),
        id="a plugin of another Cluster",
    ),
    pytest.param(
        Accepted(
            "unknown-plugin", Seen(cluster(plugins=[OTHER]), live={**cluster(), "status": {"pluginStatus": [OTHER]}})
        ),
        id="a plugin that is loaded",
    ),
]

REFUSED = [
    *(
        pytest.param(Refused("archiving-ends", Seen(new, old), field, "nothing does", "warning"), id=what)
        for what, new, old, field in (
            ("a plugin that goes", cluster(), cluster(plugins=[PLUGIN]), "spec.plugins"),
            (
                "a plugin that is switched off",
                cluster(plugins=[{**PLUGIN, "enabled": False}]),
                cluster(plugins=[PLUGIN]),
                "spec.plugins",
            ),
            ("in-tree Barman that goes", cluster(), cluster(backup=STORE), "spec.backup"),
        )
    ),
    *(
        pytest.param(
            Refused("archive-moves", Seen(new, old), field, "another archive .* without a base backup", "warning"),
            id=what,
        )
        for what, new, old, field in (
            ("another serverName", cluster(plugins=[MOVED]), cluster(plugins=[NAMED]), "spec.plugins"),
            ("an in-tree one", cluster(backup=IN_TREE), cluster(backup=STORE), "spec.backup.barmanObjectStore"),
        )
    ),
    pytest.param(
        Refused(
            "unknown-plugin",
            Seen(cluster(plugins=[OTHER]), cluster()),
            "spec.plugins",
            "no other Cluster here uses 'audit.example.com': where it is not installed the operator does nothing",
            "warning",
        ),
        id="a plugin that nobody else has",
    ),
]


@pytest.mark.parametrize("example", ACCEPTED)
def test_an_archive_that_stays_is_not_found_fault_with(example: Accepted) -> None:
    assert findings_against(example) == []


@pytest.mark.parametrize("example", REFUSED)
def test_an_archive_that_ends_or_moves_is_told(example: Refused) -> None:
    (finding,) = findings_at_field(example)
    assert finding.severity == example.severity
    assert re.search(example.says, finding.message)
