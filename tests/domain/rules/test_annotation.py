from __future__ import annotations

import re

import pytest

from gitops_mcp.domain.rules import Seen
from tests.domain.rules.examples import Accepted, Refused, cluster, findings_against, findings_at_field, scheduled

ACCEPTED = [
    pytest.param(
        Accepted("dangerous-annotations", Seen(cluster({"cnpg.io/validation": "enabled", "example.org/team": "shop"}))),
        id="validation on, and an annotation of somebody else",
    ),
    pytest.param(
        Accepted(
            "annotation-values", Seen(cluster({"cnpg.io/hibernation": "on", "cnpg.io/fencedInstances": '["orders-1"]'}))
        ),
        id="hibernation, and one instance fenced",
    ),
]

REFUSED = [
    *(
        pytest.param(
            Refused("dangerous-annotations", Seen(cluster({name: value})), f"metadata.annotations.{name}", says),
            id=f"{name}: {value}",
        )
        for name, value, says in (
            ("cnpg.io/validation", "disabled", "accepts anything.*leave it out"),
            ("cnpg.io/reconciliationLoop", "disabled", "no failover"),
            ("cnpg.io/reconcilePodSpec", "disabled", "never arrive"),
            ("cnpg.io/podPatch", "[]", "past every rule"),
            ("cnpg.io/skipEmptyWalArchiveCheck", "enabled", "one archive"),
            ("cnpg.io/skipWalArchiving", "enabled", "no WAL"),
            ("alpha.cnpg.io/unrecoverable", "true", "destroys an instance"),
        )
    ),
    pytest.param(
        Refused(
            "dangerous-annotations",
            Seen(cluster({"cnpg.io/validation": "disabled"}), cluster({"cnpg.io/validation": "enabled"})),
            "metadata.annotations.cnpg.io/validation",
            "accepts anything",
        ),
        id="validation that is switched off",
    ),
    pytest.param(
        Refused(
            "dangerous-annotations",
            Seen(scheduled({"cnpg.io/validation": "disabled"})),
            "metadata.annotations.cnpg.io/validation",
            "accepts anything",
        ),
        id="validation of a ScheduledBackup",
    ),
    pytest.param(
        Refused(
            "annotation-values",
            Seen(cluster({"cnpg.io/hibernation": "true"})),
            "metadata.annotations.cnpg.io/hibernation",
            "'on' or 'off', quoted",
        ),
        id="hibernation as YAML writes a boolean",
    ),
    *(
        pytest.param(
            Refused(
                "annotation-values",
                Seen(cluster({"cnpg.io/fencedInstances": text})),
                "metadata.annotations.cnpg.io/fencedInstances",
                "no JSON list",
            ),
            id=f"fenced: {text}",
        )
        for text in ("orders-1", '{"a": 1}', "[1]")
    ),
]


@pytest.mark.parametrize("example", ACCEPTED)
def test_good_annotations_are_not_found_fault_with(example: Accepted) -> None:
    assert findings_against(example) == []


@pytest.mark.parametrize("example", REFUSED)
def test_a_bad_annotation_is_found_at_its_field_with_what_would_work(example: Refused) -> None:
    (finding,) = findings_at_field(example)
    assert finding.severity == example.severity
    assert re.search(example.says, finding.message)
