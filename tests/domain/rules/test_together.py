from __future__ import annotations

import re

import pytest

from gitops_mcp.domain.cnpg.releases import Release
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.rules import Seen, Severity
from tests.domain.rules.examples import (
    IMAGE,
    Accepted,
    Refused,
    cluster,
    findings_against,
    findings_at_field,
    parameters,
)

CATALOG: Object = {"apiGroup": "postgresql.cnpg.io", "kind": "ClusterImageCatalog", "name": "newer", "major": 17}

RESTARTED = "kubectl.kubernetes.io/restartedAt"

RESIZED = cluster(storage={"size": "20Gi"}, resources={"requests": {"cpu": 1}})

SWITCHED: Object = {"imageName": f"{IMAGE}:17.5", "primaryUpdateMethod": "switchover"}

VERDICTS: tuple[tuple[Release | None, Severity], ...] = (
    ((1, 25, 4), "error"),
    ((1, 27, 4), "error"),
    (None, "warning"),
)

ACCEPTED = [
    pytest.param(
        Accepted(
            "image-and-parameters",
            Seen(
                parameters(spec={"imageName": f"{IMAGE}:17.5", "primaryUpdateMethod": "restart"}, work_mem="8MB"),
                parameters(work_mem="4MB"),
                operator=(1, 28, 0),
            ),
        ),
        id="an image and parameters, by restart",
    ),
    pytest.param(
        Accepted(
            "image-and-parameters",
            Seen(
                parameters(spec={"imageName": f"{IMAGE}:17.5", "primaryUpdateMethod": "switchover"}, work_mem="8MB"),
                parameters(spec={"primaryUpdateMethod": "switchover"}, work_mem="8MB"),
                parameters(spec={"primaryUpdateMethod": "switchover"}, work_mem="8MB", wal_level="logical"),
            ),
        ),
        id="an image alone, where live parameters differ",
    ),
    pytest.param(
        Accepted("resize-alone", Seen(cluster(storage={"size": "20Gi"}, enablePDB=False), cluster())),
        id="a resize and what restarts nothing",
    ),
    pytest.param(
        Accepted("resize-alone", Seen(cluster(resources={"requests": {"cpu": 1}}), cluster())), id="resources alone"
    ),
]

REFUSED = [
    pytest.param(
        Refused(
            "image-and-parameters",
            Seen(
                parameters(
                    spec={"imageName": None, "imageCatalogRef": CATALOG, "primaryUpdateMethod": "switchover"},
                    work_mem="8MB",
                ),
                parameters(spec={"primaryUpdateMethod": "switchover"}, work_mem="4MB"),
            ),
            "spec.imageCatalogRef",
            "work_mem",
        ),
        id="a catalog in the place of an image, and parameters",
    ),
    pytest.param(
        Refused(
            "image-and-parameters",
            Seen(parameters(spec=SWITCHED, work_mem="8MB"), parameters(work_mem="4MB")),
            "spec.imageName",
            "work_mem.*the parameters in one change, and the image in the next",
        ),
        id="an image and a parameter, by switchover",
    ),
    pytest.param(
        Refused(
            "image-and-parameters",
            Seen(
                parameters(spec=SWITCHED, work_mem="8MB"),
                parameters(work_mem="8MB"),
                parameters(work_mem="4MB", wal_level="logical"),
            ),
            "spec.imageName",
            ".work_mem.",
        ),
        id="a parameter that is not live yet",
    ),
    pytest.param(
        Refused(
            "image-and-parameters",
            Seen(parameters(spec=SWITCHED), parameters(jit="off"), parameters(jit="off")),
            "spec.imageName",
            ".jit.",
        ),
        id="a parameter that goes",
    ),
    pytest.param(
        Refused(
            "resize-alone",
            Seen(RESIZED, cluster()),
            "spec",
            "spec.storage grows together with spec.resources.*unknown version",
        ),
        id="a resize and resources, operator unknown",
    ),
    pytest.param(
        Refused(
            "resize-alone", Seen(RESIZED, cluster(), operator=(1, 29, 0)), "spec", "operator 1.29.0 may wait for ever"
        ),
        id="a resize and resources, operator 1.29",
    ),
    pytest.param(
        Refused(
            "resize-alone",
            Seen(
                cluster(storage={"size": "20Gi"}, imageName=None, imageCatalogRef=CATALOG),
                cluster(imageName=None, imageCatalogRef={**CATALOG, "name": "older"}),
            ),
            "spec",
            "spec.storage grows together with spec.imageCatalogRef",
        ),
        id="a resize and another catalog",
    ),
    pytest.param(
        Refused(
            "resize-alone",
            Seen(cluster({RESTARTED: "2026-11-01T00:00:00Z"}, storage={"size": "20Gi"}), cluster()),
            "spec",
            "grows together with metadata.annotations kubectl.kubernetes.io/restartedAt",
        ),
        id="a resize and a restart",
    ),
    *(
        pytest.param(
            Refused("resize-alone", Seen(RESIZED, cluster(), operator=release), "spec", "easier to follow", "warning"),
            id=f"a resize and resources, operator {release}",
        )
        for release in ((1, 28, 3), (1, 28, 4), (1, 29, 1), (1, 29, 2), (1, 30, 0), (1, 31, 0))
    ),
    *(
        pytest.param(
            Refused("resize-alone", Seen(RESIZED, cluster(), operator=release), "spec", "gitops-mcp refuses that"),
            id=f"a resize and resources, operator {release}",
        )
        for release in ((1, 27, 4), (1, 28, 2))
    ),
    *(
        pytest.param(
            Refused(
                "image-and-parameters",
                Seen(
                    parameters(spec={"imageName": f"{IMAGE}:17.5", **method}, work_mem="8MB"),
                    parameters(work_mem="4MB"),
                    operator=operator,
                ),
                "spec.imageName",
                r"\(work_mem\), which operators before 1\.28\.0 exclude: the parameters in one change",
                severity,
            ),
            id=f"an image and a parameter by {method}, operator {operator}",
        )
        for method in ({}, {"primaryUpdateMethod": "restart"})
        for operator, severity in VERDICTS
    ),
]


@pytest.mark.parametrize("example", ACCEPTED)
def test_changes_that_go_together_are_not_found_fault_with(example: Accepted) -> None:
    assert findings_against(example) == []


@pytest.mark.parametrize("example", REFUSED)
def test_changes_that_do_not_go_together_are_found_at_its_field_with_what_would_work(example: Refused) -> None:
    (finding,) = findings_at_field(example)
    assert finding.severity == example.severity
    assert re.search(example.says, finding.message)
