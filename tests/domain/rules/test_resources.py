from __future__ import annotations

import re

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.rules import Seen
from tests.domain.rules.examples import Accepted, Refused, cluster, findings_against, findings_at_field, parameters

PAGES: Object = {"memory": "1Gi", "hugepages-2Mi": "512Mi"}

ACCEPTED = [
    pytest.param(
        Accepted("huge-pages-limited", Seen(cluster(resources={"limits": PAGES}))), id="pages in the limits alone"
    ),
    *(
        pytest.param(Accepted("huge-pages-wanted", Seen(one)), id=what)
        for what, one in (
            ("huge pages where there are some", parameters(spec={"resources": {"requests": PAGES}}, huge_pages="on")),
            ("huge pages if there are any", parameters(huge_pages="try")),
        )
    ),
    pytest.param(
        Accepted("huge-pages", Seen(cluster(resources={"requests": PAGES, "limits": {"hugepages-2Mi": "0.5Gi"}}))),
        id="pages of one number, in two units",
    ),
    pytest.param(
        Accepted("huge-pages", Seen(cluster(resources={"requests": {"cpu": "1"}, "limits": {"hugepages-1Gi": "2Gi"}}))),
        id="pages in the limits alone, beside cpu",
    ),
    pytest.param(
        Accepted(
            "shared-buffers",
            Seen(parameters(spec={"resources": {"requests": {"memory": "1Gi"}}}, shared_buffers="256MB")),
        ),
        id="buffers below the memory request",
    ),
    pytest.param(
        Accepted(
            "shared-buffers",
            Seen(
                parameters(
                    spec={"resources": {"requests": {"memory": "1Gi", "hugepages-2Mi": "4Gi"}}}, shared_buffers="2GB"
                )
            ),
        ),
        id="buffers in huge pages",
    ),
    pytest.param(
        Accepted("resources", Seen(cluster(resources={"requests": {"memory": "1Gi"}, "limits": {"memory": "1024Mi"}}))),
        id="a request equal to the limit, in another unit",
    ),
]

REFUSED = [
    pytest.param(
        Refused(
            "huge-pages-limited",
            Seen(cluster(resources={"requests": PAGES, "limits": {"memory": "1Gi"}})),
            "spec.resources.requests.hugepages-2Mi",
            "Kubernetes makes no pod with huge pages: state it in limits.hugepages-2Mi too",
            "warning",
        ),
        id="pages that no limit states",
    ),
    pytest.param(
        Refused(
            "huge-pages-wanted",
            Seen(parameters(huge_pages="yes")),
            "spec.postgresql.parameters.huge_pages",
            "PostgreSQL does not start: 'try'",
            "warning",
        ),
        id="huge pages that nobody asks for",
    ),
    pytest.param(
        Refused(
            "huge-pages",
            Seen(cluster(resources={"requests": PAGES, "limits": {"hugepages-2Mi": "1Gi"}})),
            "spec.resources.requests.hugepages-2Mi",
            "512Mi must equal the limit 1Gi",
        ),
        id="pages of which more are allowed than asked for",
    ),
    *(
        pytest.param(
            Refused("huge-pages", Seen(cluster(resources=resources)), "spec.resources", "need cpu or memory"),
            id=f"pages alone: {resources}",
        )
        for resources in (
            {"requests": {"hugepages-2Mi": "64Mi"}, "limits": {"hugepages-2Mi": "64Mi"}},
            {"limits": {"hugepages-1Gi": "1Gi", "memory": "0"}},
        )
    ),
    pytest.param(
        Refused(
            "shared-buffers",
            Seen(parameters(spec={"resources": {"requests": {"memory": "1Gi"}}}, shared_buffers="2GB")),
            "spec.postgresql.parameters.shared_buffers",
            "2GB is more than the memory request 1Gi",
        ),
        id="buffers above the memory request",
    ),
    pytest.param(
        Refused(
            "shared-buffers",
            Seen(
                parameters(spec={"resources": {"requests": {"memory": "100Mi"}}}, shared_buffers="200MB"),
                parameters(spec={"resources": {"requests": {"memory": "1Gi"}}}, shared_buffers="200MB"),
            ),
            "spec.postgresql.parameters.shared_buffers",
            "raise spec.resources.requests.memory",
        ),
        id="a request lowered below the buffers",
    ),
    *(
        pytest.param(
            Refused(
                "resources",
                Seen(cluster(resources={"requests": {name: "2"}, "limits": {name: "1500m"}})),
                f"spec.resources.requests.{name}",
                "more than the limit 1500m",
            ),
            id=f"a request of {name} beyond the limit",
        )
        for name in ("cpu", "memory", "ephemeral-storage")
    ),
]


@pytest.mark.parametrize("example", ACCEPTED)
def test_good_resources_are_not_found_fault_with(example: Accepted) -> None:
    assert findings_against(example) == []


@pytest.mark.parametrize("example", REFUSED)
def test_a_bad_request_is_found_at_its_field_with_what_would_work(example: Refused) -> None:
    (finding,) = findings_at_field(example)
    assert finding.severity == example.severity
    assert re.search(example.says, finding.message)
