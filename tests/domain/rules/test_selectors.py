from __future__ import annotations

import re
from typing import Any

import pytest

from gitops_mcp.domain.cnpg.releases import Release
from gitops_mcp.domain.rules import Seen
from tests.domain.rules.examples import NEWEST, Accepted, Refused, cluster, findings_against, findings_at_field


def selecting(**selector: Any) -> Seen:
    return Seen(cluster(podSelectorRefs=[{"name": "api", "selector": selector}]))


def expression(key: str, operator: str, *values: str) -> Seen:
    made = {"key": key, "operator": operator, **({"values": list(values)} if values else {})}
    return selecting(matchExpressions=[made])


def records(*given: str, operator: Release | None = NEWEST) -> Seen:
    selector = {"name": "api", "selector": {"matchLabels": {"app": "api"}}}
    return Seen(cluster(podSelectorRefs=[selector], postgresql={"pg_hba": list(given)}), operator=operator)


ACCEPTED = [
    *(
        pytest.param(Accepted("pg-hba", records(one)), id=one)
        for one in (
            "local all all peer map=x",
            "host all all 10.0.0.0/8 scram-sha-256 # office",
            "hostssl a, b +staff 10.0.0.0 255.0.0.0 cert clientcert=verify-full",
            'hostnossl "my db" all ::1 ffff:: reject',
            "host all all .example.com ldap ldapserver=l",
            "include_dir /x",
        )
    ),
    pytest.param(
        Accepted("pod-selectors", selecting(matchLabels={"example.com/app": "api", "empty": ""})), id="labels"
    ),
    *(
        pytest.param(Accepted("pod-selectors", expression("app", *rest)), id=f"the expression {rest}")
        for rest in (("In", "api", ""), ("NotIn", "a"), ("Exists",), ("DoesNotExist",))
    ),
    pytest.param(
        Accepted("pod-selector-uses", records("host all all ${podselector:api} md5", "# $podselector:api and {a:b}")),
        id="one selector in a record",
    ),
    pytest.param(
        Accepted(
            "pod-selector-uses",
            Seen(cluster(postgresql={"pg_hba": ["host all all ${service:api} md5"]}), operator=(1, 28, 4)),
        ),
        id="a text to an older operator",
    ),
    pytest.param(
        Accepted(
            "pg-hba",
            Seen(
                cluster(
                    podSelectorRefs=[{"name": "api", "selector": {"matchLabels": {"app": "api"}}}],
                    postgresql={
                        "pg_hba": [
                            "# people",
                            "hostssl all all ${podselector:api} scram-sha-256",
                            "",
                            "local all all peer",
                        ]
                    },
                )
            ),
        ),
        id="a comment, a selector of pods, and an empty record",
    ),
    pytest.param(
        Accepted("pg-hba-trust", Seen(cluster(postgresql={"pg_hba": ["host all all all md5 # no trust"]}))),
        id="trust in a comment",
    ),
    pytest.param(
        Accepted(
            "tolerations",
            Seen(
                cluster(
                    affinity={
                        "tolerations": [
                            {"operator": "Exists"},
                            {"key": "db", "value": "yes", "effect": "NoExecute", "tolerationSeconds": 30},
                        ]
                    }
                )
            ),
        ),
        id="every taint, and one for 30 seconds",
    ),
]

REFUSED = [
    *(
        pytest.param(Refused("pg-hba", records(one), "spec.postgresql.pg_hba[0]", says), id=one)
        for one, says in (
            ("hostssl all all 10.0.0.0/8", "is not a whole record: hostssl DATABASE USER ADDRESS METHOD"),
            ("local all md5", "is not a whole record: local DATABASE USER METHOD"),
            ("host all all all scram-sha-265", "'scram-sha-265' is not a method; there are: scram-sha-256"),
            ("host all all 10.0.0.0 255.0.0.0", "'255.0.0.0' is not a method; there are: "),
        )
    ),
    *(
        pytest.param(
            Refused("pod-selectors", seen, f"spec.podSelectorRefs[0].selector.{field}", says), id=f"{field}: {says}"
        )
        for seen, field, says in (
            (selecting(matchLabels={"app": "a b"}), "matchLabels.app", "not a value of a label"),
            (selecting(matchLabels={"a b": "x"}), "matchLabels.a b", "not a key of a label"),
            (expression("app", "exists"), "matchExpressions[0].operator", "'exists' does not exist; there are: Exists"),
            (expression("app", "In"), "matchExpressions[0].values", "are needed with operator 'In'"),
            (expression("app", "Exists", "x"), "matchExpressions[0].values", "leave them out"),
            (expression("-x", "Exists"), "matchExpressions[0].key", "not a key of a label"),
            (expression("app", "In", "-x"), "matchExpressions[0].values", "'-x' is not a value of a label"),
        )
    ),
    *(
        pytest.param(
            Refused("pod-selector-uses", records("", record), "spec.postgresql.pg_hba[1]", says),
            id=f"the record {record}",
        )
        for record, says in (
            ("host all all ${podselector:web} md5", "named 'web'; there are: api"),
            ("host all all ${podselector:api} ${podselector:api} md5", "more than one"),
            ("host all all ${service:x} md5", r"'\$\{service:…\}' does not exist"),
            ("host ${PodSelector:api} all all md5", "does not exist"),
            ("# host all all ${podselector:web} md5", "named 'web'"),
        )
    ),
    pytest.param(
        Refused(
            "pg-hba", records("host all all ${podselector:} md5"), "spec.postgresql.pg_hba[0]", "the API would take it"
        ),
        id="a selector without a name",
    ),
    pytest.param(
        Refused(
            "pod-selector-uses",
            Seen(cluster(postgresql={"pg_hba": ["host all all ${podselector:api} md5"]})),
            "spec.postgresql.pg_hba[0]",
            "named 'api'; there are none .*since 1.29.0",
            "warning",
        ),
        id="a selector of no pods, of an unknown operator",
    ),
    pytest.param(
        Refused(
            "pg-hba",
            Seen(cluster(postgresql={"pg_hba": ["hosts all all all md5"]})),
            "spec.postgresql.pg_hba[0]",
            "'hosts' starts",
        ),
        id="a record of no known type",
    ),
    pytest.param(
        Refused(
            "pg-hba-trust",
            Seen(cluster(postgresql={"pg_hba": ["", "host all all all trust"]})),
            "spec.postgresql.pg_hba[1]",
            "without a password",
            "warning",
        ),
        id="trust",
    ),
    *(
        pytest.param(
            Refused(
                "tolerations",
                Seen(cluster(affinity={"tolerations": [toleration]})),
                f"spec.affinity.tolerations[0].{field}",
                says,
            ),
            id=f"a toleration: {what}",
        )
        for what, toleration, field, says in (
            ("an operator that does not exist", {"key": "a", "operator": "In"}, "operator", "'In' does not exist"),
            ("a value without a key", {"value": "x"}, "operator", "without a key"),
            ("a value of Exists", {"key": "a", "operator": "Exists", "value": "x"}, "value", "leave it out"),
            ("a key with a space", {"key": "a b", "operator": "Exists"}, "key", "not a key of a label"),
            ("a key of 64 letters", {"key": "a" * 64, "operator": "Exists"}, "key", "not a key of a label"),
            ("a value with a space", {"key": "a", "value": "a b"}, "value", "not a value of a label"),
            (
                "an effect that does not exist",
                {"key": "a", "effect": "Never"},
                "effect",
                "NoSchedule, PreferNoSchedule, NoExecute",
            ),
            (
                "seconds of another effect than NoExecute",
                {"key": "a", "effect": "NoSchedule", "tolerationSeconds": 3},
                "effect",
                "must be 'NoExecute'",
            ),
        )
    ),
]


@pytest.mark.parametrize("example", ACCEPTED)
def test_good_selectors_are_not_found_fault_with(example: Accepted) -> None:
    assert findings_against(example) == []


@pytest.mark.parametrize("example", REFUSED)
def test_a_bad_selector_is_found_at_its_field_with_what_would_work(example: Refused) -> None:
    (finding,) = findings_at_field(example)
    assert finding.severity == example.severity
    assert re.search(example.says, finding.message)
