from __future__ import annotations

import re
from typing import Any

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.rules import Seen
from tests.domain.rules.examples import Accepted, Refused, cluster, findings_against, findings_at_field


def service(name: str | None, **spec: Any) -> Object:
    template = {"metadata": {"name": name} if name else {}, "spec": spec}
    return {"selectorType": "rw", "serviceTemplate": template}


ACCEPTED = [
    pytest.param(
        Accepted("default-services", Seen(cluster(managed={"services": {"disabledDefaultServices": ["r", "ro"]}}))),
        id="r and ro disabled",
    ),
    pytest.param(
        Accepted("additional-services", Seen(cluster(managed={"services": {"additional": [service("orders-lb")]}}))),
        id="one more Service",
    ),
]

REFUSED = [
    pytest.param(
        Refused(
            "default-services",
            Seen(cluster(managed={"services": {"disabledDefaultServices": ["ro", "rw"]}})),
            "spec.managed.services.disabledDefaultServices[1]",
            "cannot be disabled",
        ),
        id="rw disabled",
    ),
    *(
        pytest.param(
            Refused(
                "additional-services",
                Seen(cluster(managed={"services": {"additional": list(services)}})),
                f"spec.managed.services.additional[{len(services) - 1}].serviceTemplate.{field}",
                says,
            ),
            id=what,
        )
        for what, services, field, says in (
            ("a Service without a name", (service(None),), "metadata.name", "is needed"),
            (
                "the operator's own Service",
                (service("orders-rw"),),
                "metadata.name",
                "the operator's own Service.*'orders-lb'",
            ),
            ("a Service twice", (service("lb"), service("lb")), "metadata.name", "each name once"),
            ("a Service with a selector", (service("lb", selector={"a": "b"}),), "spec.selector", "leave it out"),
        )
    ),
]


@pytest.mark.parametrize("example", ACCEPTED)
def test_a_good_service_is_not_found_fault_with(example: Accepted) -> None:
    assert findings_against(example) == []


@pytest.mark.parametrize("example", REFUSED)
def test_a_bad_service_is_found_at_its_field_with_what_would_work(example: Refused) -> None:
    (finding,) = findings_at_field(example)
    assert finding.severity == example.severity
    assert re.search(example.says, finding.message)
