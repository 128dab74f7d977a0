from __future__ import annotations

import re

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.rules import Seen
from tests.domain.rules.examples import Accepted, Refused, cluster, findings_against, findings_at_field, scheduled

PINGER = "alpha.cnpg.io/livenessPinger"
SYNC, FLUX = "argocd.argoproj.io/sync-options", "kustomize.toolkit.fluxcd.io/prune"
PROTECTED = {SYNC: "Prune=confirm,Delete=confirm", FLUX: "disabled"}
LIVE = {**cluster(), "status": {"instanceNames": ["orders-1", "orders-2"]}}
QUORUM = "alpha.cnpg.io/failoverQuorum"


def synchronous_with(annotations: Object) -> Object:
    return cluster(annotations, postgresql={"synchronous": {"method": "any", "number": 1}})


ACCEPTED = [
    *(
        pytest.param(Accepted("fenced-names", Seen(cluster({"cnpg.io/fencedInstances": one}), live=LIVE)), id=one)
        for one in ('["orders-1"]', '["*"]')
    ),
    pytest.param(
        Accepted("fenced-names", Seen(cluster({"cnpg.io/fencedInstances": '["x"]'}))), id="where nobody knows them"
    ),
    *(
        pytest.param(Accepted("protection-gone", Seen(cluster(new), cluster(old))), id=what)
        for what, new, old in (
            ("a protection that is added", PROTECTED, {}),
            ("one for another", {SYNC: "Prune=false"}, {SYNC: "Prune=confirm"}),
            ("one of the deletion of the Application alone", {}, {SYNC: "Delete=false"}),
        )
    ),
    pytest.param(
        Accepted("validation-annotation", Seen(cluster({"cnpg.io/validation": "enabled"}))), id="validation on"
    ),
    pytest.param(
        Accepted("dangerous-annotations", Seen(cluster({"cnpg.io/validation": "enabled", "example.org/team": "shop"}))),
        id="validation on, and an annotation of somebody else",
    ),
    pytest.param(Accepted("annotation-values", Seen(cluster({"cnpg.io/hibernation": "on"}))), id="hibernation"),
    pytest.param(
        Accepted("fenced-instances", Seen(cluster({"cnpg.io/fencedInstances": '["orders-1"]'}))), id="one fenced"
    ),
    *(
        pytest.param(
            Accepted("failover-quorum-annotation", Seen(synchronous_with({QUORUM: value}))), id=f"a quorum: {value}"
        )
        for value in ("true", "False", "1")
    ),
    pytest.param(
        Accepted("failover-quorum-annotation", Seen(cluster({QUORUM: ""}), operator=(1, 27, 4))),
        id="an empty quorum, of 1.27",
    ),
    *(
        pytest.param(Accepted("liveness-pinger", Seen(cluster({PINGER: value}))), id=f"a pinger: {value}")
        for value in (
            '{"enabled": false}',
            '{"Enabled": true, "requestTimeout": 500, "other": []}',
            '{"enabled": null, "enabled": true, "enabled": false}',
        )
    ),
]

REFUSED = [
    pytest.param(
        Refused(
            "fenced-names",
            Seen(cluster({"cnpg.io/fencedInstances": '["orders-9"]'}), live=LIVE),
            "metadata.annotations.cnpg.io/fencedInstances",
            "no instance of it is named 'orders-9', so nothing is fenced by that",
            "warning",
        ),
        id="an instance that is not there",
    ),
    *(
        pytest.param(
            Refused(
                "protection-gone",
                Seen(cluster(new), cluster(PROTECTED)),
                f"metadata.annotations.{field}",
                "applies it, the Cluster and its data go as soon as its manifest is gone",
                "warning",
            ),
            id=what,
        )
        for what, new, field in (
            ("the protection of Flux goes", {SYNC: "Prune=confirm"}, FLUX),
            ("that of Argo CD is replaced", {SYNC: "Replace=true", FLUX: "disabled"}, SYNC),
        )
    ),
    pytest.param(
        Refused(
            "validation-annotation",
            Seen(cluster({"cnpg.io/validation": "off"})),
            "metadata.annotations.cnpg.io/validation",
            "'off' has no effect",
            "warning",
        ),
        id="validation by another word",
    ),
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
            "'on' or 'off' in quotes",
        ),
        id="hibernation as YAML writes a boolean",
    ),
    *(
        pytest.param(
            Refused(
                "fenced-instances",
                Seen(cluster({"cnpg.io/fencedInstances": text})),
                "metadata.annotations.cnpg.io/fencedInstances",
                "not a JSON list",
            ),
            id=f"fenced: {text}",
        )
        for text in ("orders-1", '{"a": 1}', "[1]", "[" * 100_000)
    ),
    *(
        pytest.param(
            Refused("failover-quorum-annotation", seen, f"metadata.annotations.{QUORUM}", says), id=f"a quorum: {says}"
        )
        for seen, says in (
            (Seen(synchronous_with({QUORUM: "yes"})), "'yes' is not a boolean"),
            (Seen(synchronous_with({QUORUM: ""}), operator=(1, 28, 0)), "'' is not a boolean"),
            (Seen(cluster({QUORUM: "true"})), "needs spec.postgresql.synchronous"),
        )
    ),
    *(
        pytest.param(
            Refused("liveness-pinger", Seen(cluster({PINGER: text})), f"metadata.annotations.{PINGER}", "must be JSON"),
            id=f"a pinger: {text}",
        )
        for text in (
            "{}",
            "null",
            "true",
            '{"enabled": "true"}',
            '{"enabled": "true", "enabled": true}',
            '{"enabled": true, "Enabled": null}',
            '{"enabled": true, "requestTimeout": "x", "requestTimeout": 5}',
            '{"enabled": true, "reque\u017ftTimeout": "x"}',
            '{"requestTimeout": 500}',
            '{"enabled": true, "requestTimeout": "500"}',
            '{"enabled": true, "connectionTimeout": 1.5}',
            '{"enabled": true, "requestTimeout": 1.0}',
            '{"enabled": true, "requestTimeout": 1e3}',
            '{"enabled": true, "requestTimeout": 9999999999999999999999}',
        )
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
