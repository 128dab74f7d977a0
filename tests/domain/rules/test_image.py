from __future__ import annotations

import re

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.rules import Seen
from tests.domain.rules.examples import (
    IMAGE,
    Accepted,
    Refused,
    catalog,
    cluster,
    findings_against,
    findings_at_field,
    listed,
)

DIGEST = "sha256:" + "0" * 64


def running(value: Object, major: int = 17) -> Object:
    return {**value, "status": {"pgDataImageInfo": {"majorVersion": major}}}


BOTH: Object = {**listed(), "spec": {**listed()["spec"], "imageName": f"{IMAGE}:17.4"}}

ACCEPTED = [
    pytest.param(
        Accepted("known-catalog", Seen(listed(17), neighbours=(catalog(17),))), id="a catalog that is declared"
    ),
    pytest.param(Accepted("known-catalog", Seen(listed(17, name="far"))), id="one of which nothing is known"),
    pytest.param(
        Accepted("known-catalog", Seen(listed(17, name="far"), listed(17, name="far"), neighbours=(catalog(17),))),
        id="one that was named before",
    ),
    pytest.param(Accepted("image-that-stays", Seen(listed(), declared=listed())), id="a catalog alone"),
    pytest.param(Accepted("catalog-major", Seen(listed(13))), id="the oldest major of a catalog"),
    pytest.param(
        Accepted("image-name", Seen(cluster(imageName=f"registry.example:5000/{IMAGE}:18.4-system-trixie"))),
        id="a registry with a port, and a tag",
    ),
    pytest.param(Accepted("image-name", Seen(cluster(imageName=f"{IMAGE}:18@{DIGEST}"))), id="a tag and a digest"),
    pytest.param(
        Accepted("major-change", Seen(cluster(imageName=f"{IMAGE}:18.1"), cluster(), operator=(1, 30, 0))),
        id="an upgrade",
    ),
    pytest.param(
        Accepted(
            "major-change",
            Seen(cluster(), cluster(imageName=f"{IMAGE}:18.1"), running(cluster(imageName=f"{IMAGE}:18.1"), 17)),
        ),
        id="back from an upgrade that failed",
    ),
    pytest.param(
        Accepted("major-change", Seen(cluster(imageName=f"{IMAGE}:18.1"), cluster())),
        id="an upgrade by any supported operator",
    ),
    pytest.param(
        Accepted("image-in-catalog", Seen(listed(17), neighbours=(catalog(16, 17),))), id="a major that the catalog has"
    ),
]

REFUSED = [
    pytest.param(
        Refused(
            "image-in-catalog",
            Seen(listed(17), neighbours=(catalog(images=[{"major": 17, "image": f"{IMAGE}:18.1"}]),)),
            "spec.imageCatalogRef.major",
            "the image of ImageCatalog team for PostgreSQL 17 is of 18 by its tag",
        ),
        id="a catalog whose image is of another major",
    ),
    pytest.param(
        Refused(
            "known-catalog",
            Seen(listed(17, name="tea"), neighbours=(catalog(17),)),
            "spec.imageCatalogRef.name",
            "no ImageCatalog 'tea' is declared, and without one no image is found; there are: team",
            "warning",
        ),
        id="a catalog that is declared nowhere, beside one that is",
    ),
    pytest.param(
        Refused("image-that-stays", Seen(BOTH, declared=listed()), "spec", f"State imageName '{IMAGE}:17.4' in one"),
        id="a catalog where the API has an image that Git never stated",
    ),
    pytest.param(
        Refused("catalog-major", Seen(listed(12)), "spec.imageCatalogRef.major", "13 or newer"),
        id="a major that is too old, of a catalog",
    ),
    *(
        pytest.param(
            Refused("image-name", Seen(cluster(imageName=image)), "spec.imageName", says), id=f"the image {image}"
        )
        for image, says in (
            (IMAGE, "no tag"),
            (f"registry:5000/{IMAGE}", "no tag"),
            (f"{IMAGE}:latest", "no tag with a version"),
            (f"{IMAGE}@{DIGEST}", "digest alone"),
            (f"{IMAGE}:trixie", "'trixie' does not start with a version"),
            (f"{IMAGE}:12.3", "13 or newer"),
            (f"{IMAGE}:18.", "'18.' does not start with a version"),
            (f"{IMAGE}:18..4", "does not start with a version"),
            (f"{IMAGE}:18.x", "does not start with a version"),
            (f"{IMAGE}:2026.06.09", "not a version of PostgreSQL.*the API would take it"),
        )
    ),
    pytest.param(
        Refused(
            "major-change", Seen(cluster(imageName=f"{IMAGE}:16.9"), cluster()), "spec.imageName", "17 to 16.*keep 17"
        ),
        id="a downgrade",
    ),
    pytest.param(
        Refused("major-change", Seen(listed(16), cluster()), "spec.imageCatalogRef.major", "17 to 16"),
        id="a downgrade to a catalog's major",
    ),
    pytest.param(
        Refused(
            "major-change",
            Seen(cluster(imageName=f"{IMAGE}:17.5"), cluster(), running(cluster(), 18)),
            "spec.imageName",
            "18 to 17",
        ),
        id="older than the data directory",
    ),
    pytest.param(
        Refused(
            "major-change",
            Seen(cluster(imageName=f"{IMAGE}:15.1"), cluster(imageName=f"{IMAGE}:14.1")),
            "spec.imageName",
            "16 or newer",
        ),
        id="an upgrade to 15",
    ),
    pytest.param(
        Refused(
            "major-change",
            Seen(cluster(imageName=f"{IMAGE}:18.1"), cluster(), operator=(1, 25, 4)),
            "spec.imageName",
            r"1\.25\.4 does not do: operator 1\.26\.0 or newer",
        ),
        id="an operator that does not upgrade",
    ),
    pytest.param(
        Refused(
            "major-change", Seen(listed(18), listed(17), operator=(1, 25, 0)), "spec.imageCatalogRef.major", "1.26"
        ),
        id="a catalog's major, with an operator that does not upgrade",
    ),
    pytest.param(
        Refused(
            "major-change",
            Seen(cluster(imageName=f"{IMAGE}:16.9"), cluster(), cluster(), (1, 30, 0)),
            "spec.imageName",
            "keep 17.*gitops-mcp refuses that",
        ),
        id="a downgrade before anything says which major the data has",
    ),
    pytest.param(
        Refused(
            "image-in-catalog",
            Seen(listed(18), neighbours=(catalog(16, 17),)),
            "spec.imageCatalogRef.major",
            "ImageCatalog team has no image of PostgreSQL 18; there are: 16, 17",
        ),
        id="a major that the catalog lacks",
    ),
]


@pytest.mark.parametrize("example", ACCEPTED)
def test_a_good_image_is_not_found_fault_with(example: Accepted) -> None:
    assert findings_against(example) == []


@pytest.mark.parametrize("example", REFUSED)
def test_a_bad_image_is_found_at_its_field_with_what_would_work(example: Refused) -> None:
    (finding,) = findings_at_field(example)
    assert finding.severity == example.severity
    assert re.search(example.says, finding.message)
